//! Clients that leave.

use crate::wire::{serve, within};
use landspout_server::{Handler, Request};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::oneshot;

/// A handler that never answers, and tells when it is dropped.
fn forever() -> (impl Handler + 'static, oneshot::Receiver<()>) {
    let (sender, dropped) = oneshot::channel::<()>();
    let sender = RefCell::new(Some(sender));
    let handler = move |_: Request| {
        let sender = sender.take();
        async move {
            std::future::pending::<()>().await;
            drop(sender);
        }
    };
    (handler, dropped)
}

#[tokio::test(flavor = "local")]
async fn a_handler_learns_that_its_client_has_left() {
    let (sender, left) = oneshot::channel();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let site = serve(move |request: Request| {
        let sender = sender.clone();
        async move {
            request.connection().closed().await;
            sender.take().unwrap().send(()).unwrap();
        }
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.finish().await;
    within(left).await.unwrap();
    assert!(client.head().await.starts_with("HTTP/1.1 204 "), "a half-closed client still reads");
}

#[tokio::test(flavor = "local")]
async fn a_handler_that_asked_for_it_is_dropped_when_its_client_leaves() {
    let (handler, dropped) = forever();
    let site = serve(handler.cancel_on_disconnect());
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    drop(client);
    assert!(within(dropped).await.is_err(), "its sender is dropped unused");
}

#[tokio::test(flavor = "local")]
async fn another_handler_runs_to_its_end() {
    let (sender, done) = oneshot::channel();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let site = serve(move |request: Request| {
        let sender = sender.clone();
        async move {
            request.connection().closed().await;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            sender.take().unwrap().send(()).unwrap();
        }
    });
    let mut client = site.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    drop(client);
    within(done).await.unwrap();
}
