//! From bytes to events, by the HTML standard's §9.2.6.

use super::Event;
use bytes::{Buf, Bytes};
use std::time::Duration;

/// What may stand once at the beginning of UTF-8, and means nothing.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a stream of events, wherever the pieces that it comes in begin and end.
#[derive(Debug)]
pub(crate) struct Parser {
    /// Bytes that the fields of an event may have together.
    max_event: usize,
    /// Whether no line has ended yet.
    is_first: bool,
    /// Whether the last line ended with CR, so that LF, if it comes now, belongs to it.
    after_return: bool,
    /// What has come of the current line. Of a comment only the colon is kept.
    line: Vec<u8>,
    data: String,
    event: String,
    /// The id of the events from here on.
    id: String,
    /// The id at the end of the last block of lines: what a client that comes back says.
    last_id: String,
    retry: Option<Duration>,
}

/// An event is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Parser {
    /// `last_id` is where an earlier stream stopped.
    pub(crate) fn new(max_event: usize, last_id: String) -> Parser {
        Parser {
            max_event,
            is_first: true,
            after_return: false,
            line: Vec::new(),
            data: String::new(),
            event: String::new(),
            id: last_id.clone(),
            last_id,
            retry: None,
        }
    }

    /// Begins another stream: what the last one left unfinished is forgotten, the id is not.
    pub(crate) fn restart(&mut self) {
        *self = Parser::new(self.max_event, std::mem::take(&mut self.last_id));
    }

    /// The id of the last event that was whole, or empty.
    pub(crate) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The server's wish for the wait before a broken stream is opened again, once after it came.
    pub(crate) fn take_retry(&mut self) -> Option<Duration> {
        self.retry.take()
    }

    /// Takes bytes from the front, until there is an event or no byte is left.
    pub(crate) fn parse(&mut self, bytes: &mut Bytes) -> Result<Option<Event>, TooLong> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes.advance(1);
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
                self.extend(bytes)?;
                bytes.clear();
                return Ok(None);
            };
            self.extend(&bytes[..end])?;
            self.after_return = bytes[end] == b'\r';
            bytes.advance(end + 1);
            if let Some(event) = self.end_line() {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn extend(&mut self, piece: &[u8]) -> Result<(), TooLong> {
        if self.line.first() == Some(&b':') {
            return Ok(());
        }
        if self.line.is_empty() && piece.first() == Some(&b':') {
            self.line.push(b':');
            return Ok(());
        }
        let known = self.data.len() + self.event.len() + self.line.len();
        if known + piece.len() > self.max_event {
            return Err(TooLong);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    fn end_line(&mut self) -> Option<Event> {
        let mut bytes = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_first) && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.is_empty() {
            return self.end_event();
        }
        // What is not UTF-8 becomes U+FFFD, as the standard wants. No character has a line's end in
        // it, so decoding line by line is decoding the whole.
        let line = String::from_utf8_lossy(&bytes);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        self.field(field, value);
        None
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            _ => {}
        }
    }

    fn end_event(&mut self) -> Option<Event> {
        self.last_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        if self.data.is_empty() {
            return None;
        }
        let mut data = std::mem::take(&mut self.data);
        data.pop();
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Event { event, data, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Parser, TooLong};
    use crate::sse::Event;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::time::Duration;

    /// All events of a stream that comes in these pieces.
    fn read(parser: &mut Parser, pieces: &[&[u8]]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for piece in pieces {
            let mut bytes = Bytes::copy_from_slice(piece);
            while !bytes.is_empty() {
                events.extend(parser.parse(&mut bytes)?);
            }
        }
        Ok(events)
    }

    fn parser() -> Parser {
        Parser::new(1000, String::new())
    }

    /// Asserts which events a text has, as name, data and id.
    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let events = read(&mut parser(), &[text.as_bytes()]).unwrap();
        let events: Vec<_> =
            events.iter().map(|event| (&*event.event, &*event.data, &*event.id)).collect();
        assert_eq!(events, expected);
    }

    #[test]
    fn the_examples_of_the_standard_are_read_as_it_says() {
        check("data: YHOO\ndata: +2\ndata: 10\n\n", &[("message", "YHOO\n+2\n10", "")]);
        check(
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third\n\n",
            &[
                ("message", "first event", "1"),
                ("message", "second event", ""),
                ("message", " third", ""),
            ],
        );
        check("data\n\ndata\ndata\n\ndata:", &[("message", "", ""), ("message", "\n", "")]);
        check("data:test\n\ndata: test\n\n", &[("message", "test", ""), ("message", "test", "")]);
    }

    #[test]
    fn lines_end_in_three_ways() {
        check("data: a\rdata: b\r\ndata: c\n\r\n", &[("message", "a\nb\nc", "")]);
        check("data: a\r\rdata: b\r\n\r\n", &[("message", "a", ""), ("message", "b", "")]);
    }

    #[test]
    fn fields_have_their_rules() {
        check("event: add\ndata: 1\n\ndata: 2\n\n", &[("add", "1", ""), ("message", "2", "")]);
        check("event: lost\n\ndata: x\n\n", &[("message", "x", "")]);
        check(
            "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
            &[("message", "a", "1"), ("message", "b", "1")],
        );
        check("DATA: x\nother: y\n data: z\ndata: a\n\n", &[("message", "a", "")]);
        check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[("message", "a", "")]);
        check("data: never ended\n", &[]);
    }

    #[test]
    fn retry_is_a_number_of_milliseconds() {
        for (value, expected) in
            [("2500", Some(2500)), ("2.5", None), ("-1", None), ("99999999999999999999", None)]
        {
            let mut parser = parser();
            read(&mut parser, &[format!("retry: {value}\n").as_bytes()]).unwrap();
            assert_eq!(parser.take_retry(), expected.map(Duration::from_millis), "{value}");
            assert_eq!(parser.take_retry(), None);
        }
    }

    #[test]
    fn the_id_to_come_back_with_is_that_of_the_last_whole_block() {
        let mut parser = parser();
        read(&mut parser, &[b"id: 1\n\nid: 2\ndata: x\n"]).unwrap();
        assert_eq!(parser.last_id(), "1");
        parser.restart();
        let events = read(&mut parser, &[b"data: y\n\n"]).unwrap();
        assert_eq!((&*events[0].data, &*events[0].id), ("y", "1"));
    }

    #[test]
    fn an_event_has_a_bound_and_a_comment_needs_none() {
        let long = "x".repeat(2000);
        for text in [format!("data: {long}"), format!("data: {long}\n"), "data: 1\n".repeat(1000)] {
            assert_eq!(read(&mut parser(), &[text.as_bytes()]), Err(TooLong));
        }
        check(&format!(":{long}\ndata: a\n\n"), &[("message", "a", "")]);
        check(&"data: a\n\n".repeat(3), &[("message", "a", ""); 3]);
    }

    /// The standard's algorithm over a whole text.
    fn model(text: &str) -> Vec<Event> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.pop();
        let (mut events, mut name, mut data, mut id) = (vec![], "", String::new(), "");
        for line in lines {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                _ if line.is_empty() => {
                    if let Some(data) = data.strip_suffix('\n') {
                        let event = if name.is_empty() { "message" } else { name }.to_owned();
                        events.push(Event { event, data: data.to_owned(), id: id.to_owned() });
                    }
                    (name, data) = ("", String::new());
                }
                "event" => name = value,
                "data" => data = data + value + "\n",
                "id" if !value.contains('\0') => id = value,
                _ => {}
            }
        }
        events
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("data"),
            Just("event"),
            Just("id"),
            Just("retry"),
            Just(":"),
            Just(": "),
            Just("\n"),
            Just("\r"),
            Just("\r\n"),
            Just("\n\n"),
            Just("\0"),
            Just("\u{feff}"),
            Just("é"),
            Just("7"),
            Just("data: a\n"),
            Just("id: b\r"),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_events_of_the_standard(
            text in text(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.insert(0, 0);
            cuts.push(text.len());
            let pieces: Vec<_> =
                cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&mut parser(), &pieces), Ok(model(&text)));
        }

        #[test]
        fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut parser = Parser::new(50, String::new());
            let _ = read(&mut parser, &[&bytes]);
        }
    }
}
