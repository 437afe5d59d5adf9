//! In which order streams are woken that are sent to at once.

use crate::run;
use landspout_web::sse::{EncodedEvent, Event, EventStream, SseConfig};
use landspout_web::{Body, Request};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::yield_now;

/// Streams that wait for an event, and how often they were woken.
struct Streams {
    events: Vec<EventStream>,
    bodies: Vec<Body>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Streams {
    fn open(count: usize) -> Streams {
        // No timer, which the end of a runtime would wake.
        let config = SseConfig::default().keep_alive(Duration::ZERO);
        let open = |_| {
            let (events, response) = EventStream::open_with(&Request::get("/"), &config);
            (events, response.into_body())
        };
        let (events, bodies) = (0..count).map(open).unzip();
        let mut streams = Streams { events, bodies, woken: Arc::default() };
        let opened = streams.read();
        assert!(opened.iter().all(|text| text == "retry: 3000\n\n"));
        streams
    }

    /// What each of them has, all of which then wait for more.
    fn read(&mut self) -> Vec<String> {
        let waker = Waker::from(Arc::clone(&self.woken));
        let cx = &mut Context::from_waker(&waker);
        let read = |body: &mut Body| {
            let mut text = String::new();
            while let Poll::Ready(piece) = pin!(body.chunk()).poll(cx) {
                let piece = piece.unwrap().unwrap();
                text.push_str(std::str::from_utf8(&piece).unwrap());
            }
            text
        };
        self.bodies.iter_mut().map(read).collect()
    }

    fn send(&self, event: &EncodedEvent) {
        self.events.iter().for_each(|events| events.try_send_encoded(event.clone()).unwrap());
    }

    fn woken(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }
}

/// Until all tasks that are ready have run once. tokio's `yield_now` waits until it has looked for
/// what has arrived, which is not after every turn.
async fn turn() {
    let mut is_over = false;
    poll_fn(|cx| match std::mem::replace(&mut is_over, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

fn event(text: &str) -> EncodedEvent {
    Event::new(text).encode().unwrap()
}

#[test]
fn a_few_streams_are_woken_at_once() {
    run(async {
        let mut streams = Streams::open(32);
        streams.send(&event("x"));
        assert_eq!(streams.woken(), 32);
        assert_eq!(streams.read(), vec!["data: x\n\n"; 32]);
    });
}

#[test]
fn many_streams_are_woken_in_waves_with_other_tasks_between() {
    let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
    let task = runtime.spawn_local(async {
        let streams = Streams::open(100);
        streams.send(&event("x"));
        let mut woken = vec![streams.woken()];
        while streams.woken() < 100 {
            turn().await;
            woken.push(streams.woken());
        }
        woken
    });
    assert_eq!(runtime.block_on(task).unwrap(), [32, 64, 96, 100]);
}

#[test]
fn what_is_sent_while_a_stream_waits_for_its_turn_leaves_with_it() {
    run(async {
        let mut streams = Streams::open(40);
        streams.send(&event("1"));
        streams.send(&event("2"));
        while streams.woken() < 40 {
            yield_now().await;
        }
        // Not woken twice.
        yield_now().await;
        assert_eq!(streams.woken(), 40);
        assert_eq!(streams.read(), vec!["data: 1\n\ndata: 2\n\n"; 40]);
    });
}

#[test]
fn after_a_wave_streams_are_woken_at_once_again() {
    run(async {
        let mut streams = Streams::open(40);
        streams.send(&event("x"));
        while streams.woken() < 40 {
            yield_now().await;
        }
        yield_now().await;
        streams.read();
        streams.events[39].try_send_encoded(event("y")).unwrap();
        assert_eq!(streams.woken(), 41);
    });
}

#[test]
fn single_events_go_on_for_ever() {
    run(async {
        let mut streams = Streams::open(1);
        for sent in 1..=1000 {
            streams.send(&event("x"));
            while streams.woken() < sent {
                yield_now().await;
            }
            assert_eq!(streams.read(), ["data: x\n\n"]);
        }
    });
}

#[test]
fn a_runtime_that_ends_leaves_nobody_waiting() {
    let streams = run(async {
        let streams = Streams::open(100);
        streams.send(&event("x"));
        streams
    });
    assert_eq!(streams.woken(), 100);
    // Nor does the thread that it ran on.
    let mut others = run(async { Streams::open(10) });
    others.send(&event("x"));
    assert_eq!(others.woken(), 10);
    assert_eq!(others.read(), vec!["data: x\n\n"; 10]);
}

#[test]
fn without_a_runtime_all_are_woken_at_once() {
    let streams = run(async { Streams::open(100) });
    let streams = std::thread::spawn(move || {
        streams.send(&event("x"));
        streams
    });
    assert_eq!(streams.join().unwrap().woken(), 100);
}
