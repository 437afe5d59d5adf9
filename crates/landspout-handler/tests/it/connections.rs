//! What a handler learns of its connection.

use landspout_handler::{Connection, Handler, Request, Response};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

fn connection() -> Connection {
    Connection::new(Some("192.0.2.1:5000".parse().unwrap()), None, true)
}

/// Counts down when a handler's future is dropped or ends.
struct Running(Rc<Cell<bool>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

async fn wait_for_ever(running: Rc<Cell<bool>>) -> Response {
    running.set(true);
    let _running = Running(running);
    std::future::pending().await
}

#[test]
fn a_connection_tells_its_ends() {
    let connection = connection();
    assert_eq!(connection.remote_addr().unwrap().to_string(), "192.0.2.1:5000");
    assert_eq!(connection.local_addr(), None);
    assert!(connection.is_secure());
    assert!(!connection.is_closed() && !connection.is_draining());
}

#[tokio::test(flavor = "local")]
async fn waiting_ends_when_the_state_is_reached_before_or_after() {
    let connection = connection();
    let waiting = tokio::task::spawn_local({
        let connection = connection.clone();
        async move { tokio::join!(connection.closed(), connection.draining()) }
    });
    tokio::task::yield_now().await;
    connection.mark_draining();
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    connection.mark_closed();
    waiting.await.unwrap();
    connection.closed().await;
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_last_task_that_asked_is_woken_at_each_change() {
    let connection = connection();
    let (first, last) = (Arc::<Woken>::default(), Arc::<Woken>::default());
    connection.wake_at_change(&first.clone().into());
    connection.wake_at_change(&last.clone().into());
    connection.mark_draining();
    assert!(connection.is_draining());
    connection.mark_closed();
    assert_eq!(first.0.load(Ordering::Relaxed), 0);
    assert_eq!(last.0.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "local")]
async fn a_handler_that_asked_for_it_is_dropped_when_the_client_leaves() {
    let running = Rc::new(Cell::new(false));
    let flag = Rc::clone(&running);
    let handler = (move |_: Request| wait_for_ever(Rc::clone(&flag))).cancel_on_disconnect();
    let connection = connection();
    let mut request = Request::get("/");
    request.set_connection(connection.clone());
    let answer = tokio::task::spawn_local(async move { handler.handle(request).await });
    tokio::task::yield_now().await;
    assert!(running.get());
    connection.mark_closed();
    assert_eq!(answer.await.unwrap().status(), 499);
    assert!(!running.get());
}

#[tokio::test(flavor = "local")]
async fn any_other_handler_runs_to_its_end() {
    let connection = connection();
    let handler = |request: Request| async move {
        tokio::task::yield_now().await;
        assert!(request.connection().is_closed());
        "done all the same"
    };
    let mut request = Request::get("/");
    request.set_connection(connection.clone());
    connection.mark_closed();
    assert_eq!(handler.handle(request).await.status(), 200);
}
