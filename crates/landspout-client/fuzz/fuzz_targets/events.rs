//! Any bytes as a stream of events, in one piece and in many: no panic, the same events, and none
//! longer than it may be.
#![no_main]

use landspout_client::sse::{Event, EventSourceConfig};
use landspout_client::{BackoffConfig, Body, Client, Request, Response};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, LocalRuntime};

/// Bytes of an event.
const MAX_EVENT: usize = 1000;

thread_local! {
    static RUNTIME: LocalRuntime =
        Builder::new_current_thread().enable_all().build_local(Default::default()).unwrap();
}

/// What comes of a stream of these pieces, and at which id it ends; `None` if an event was too long.
async fn read(pieces: Vec<Vec<u8>>) -> (Vec<Event>, Option<String>) {
    let asked = Rc::new(Cell::new(false));
    let client = Client::over(move |_: Request| {
        let is_second = asked.replace(true);
        let pieces = pieces.clone();
        async move {
            if is_second {
                return Response::empty(204);
            }
            let (mut writer, body) = Body::writer();
            tokio::task::spawn_local(async move {
                for piece in pieces {
                    if writer.write(piece).await.is_err() {
                        return;
                    }
                }
                let _ = writer.finish().await;
            });
            let kind = http::HeaderValue::from_static("text/event-stream");
            Response::new(body).with_header(http::header::CONTENT_TYPE, kind)
        }
    });
    let backoff = BackoffConfig::default().first(Duration::ZERO).max(Duration::ZERO);
    let config = EventSourceConfig::default().max_event(MAX_EVENT).backoff(backoff);
    let mut source = client.get("/").events(config);
    let mut events = Vec::new();
    loop {
        match source.next().await {
            Ok(Some(event)) => {
                assert!(event.data.len() <= 3 * MAX_EVENT, "what is not UTF-8 grows threefold");
                events.push(event);
            }
            Ok(None) => return (events, Some(source.last_id().to_owned())),
            Err(_) => return (events, None),
        }
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    // The wait that the server asks for is kept, and none is to be waited for here.
    if bytes.windows(5).any(|window| window == b"retry") {
        return;
    }
    let whole = vec![bytes.to_vec()];
    let pieces = bytes.chunks(usize::from(size) + 1).map(<[u8]>::to_vec).collect();
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            assert_eq!(read(whole).await, read(pieces).await);
        });
    });
});
