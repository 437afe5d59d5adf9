//! How events are written.

use landspout_web::sse::{Event, EventError};
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert_eq, proptest};
use std::time::Duration;

#[track_caller]
fn check(event: Event, expected: &str) {
    assert_eq!(event.encode().unwrap().as_str(), expected);
}

#[test]
fn each_line_of_the_data_has_its_field() {
    check(Event::new("one"), "data: one\n\n");
    check(Event::new(""), "data: \n\n");
    check(Event::new("one\ntwo"), "data: one\ndata: two\n\n");
    check(Event::new("one\r\ntwo\rthree"), "data: one\ndata: two\ndata: three\n\n");
    check(Event::new("one\n"), "data: one\ndata: \n\n");
    check(Event::new("\r\n\r\n"), "data: \ndata: \ndata: \n\n");
    check(Event::new("\n\r"), "data: \ndata: \ndata: \n\n");
    check(Event::new(" indented: yes"), "data:  indented: yes\n\n");
}

#[test]
fn the_other_fields_come_first() {
    let event = Event::new("x").retry(Duration::from_millis(1500)).event("news").id("7");
    check(event, "id: 7\nevent: news\nretry: 1500\ndata: x\n\n");
    check(Event::json(&[1, 2]).unwrap(), "data: [1,2]\n\n");
}

#[test]
fn a_field_that_would_begin_another_is_refused() {
    for bad in ["a\nb", "a\rb", "\n", "a\r\ndata: forged"] {
        let id = Event::new("x").id(bad).encode();
        assert_eq!(id.as_ref().map_err(EventError::field), Err("id"), "{bad:?}");
        let event = Event::new("x").event(bad).encode();
        assert_eq!(event.as_ref().map_err(EventError::field), Err("event"), "{bad:?}");
    }
    // A client ignores an id with a NUL, and would come back with the one before.
    assert!(Event::new("x").id("a\0b").encode().is_err());
}

/// What a client understands: `event`, `data` and the last `id` of each event.
fn parse(stream: &str) -> Vec<(String, String, String)> {
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut id) = (Vec::new(), String::new());
    let (mut name, mut data) = (String::new(), String::new());
    for line in stream.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                if let Some(data) = data.strip_suffix('\n') {
                    events.push((name.clone(), data.to_owned(), id.clone()));
                }
                name.clear();
                data.clear();
            }
            "event" => name = value.to_owned(),
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => id = value.to_owned(),
            _ => {}
        }
    }
    events
}

fn one_line() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace(['\r', '\n', '\0'], ""))
}

fn text() -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["\r", "\n", "\r\n", " ", ":", "data: x", "id: 9", "\0", "é", ""]);
    let pieces = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    (pieces, any::<String>()).prop_map(|(pieces, any)| pieces + &any)
}

proptest! {
    #[test]
    fn whatever_is_sent_is_understood(
        sent in prop::collection::vec((one_line(), text(), one_line()), 1..4)
    ) {
        let mut stream = String::new();
        let mut expected = Vec::new();
        for (name, data, id) in sent {
            let event = Event::new(&*data).event(&*name).id(&*id);
            stream.push_str(event.encode().unwrap().as_str());
            expected.push((name, data.replace("\r\n", "\n").replace('\r', "\n"), id));
        }
        prop_assert_eq!(parse(&stream), expected);
    }
}
