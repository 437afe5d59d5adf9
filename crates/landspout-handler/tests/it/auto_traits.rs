//! Values may cross threads; handlers need not.

use landspout_handler::{Body, BodyWriter, Connection, Error, Request, Response, State, Upgraded};
use landspout_handler::{Handler, Json, Upgrade};
use std::rc::Rc;

fn send<T: Send>() {}
fn sync<T: Sync>() {}

#[test]
fn values_are_send() {
    send::<Request>();
    send::<Response>();
    send::<Body>();
    send::<BodyWriter>();
    send::<Error>();
    send::<Upgrade>();
    send::<Upgraded>();
}

#[test]
fn what_requests_share_is_sync() {
    sync::<Connection>();
    sync::<State>();
    sync::<Error>();
}

#[tokio::test(flavor = "local")]
async fn a_handler_may_hold_an_rc_across_an_await() {
    let count = Rc::new(7);
    let handler = move |_: Request| {
        let count = Rc::clone(&count);
        async move {
            tokio::task::yield_now().await;
            Json(*count)
        }
    };
    let response = handler.handle(Request::get("/")).await;
    assert_eq!(response.into_body().text().await.unwrap(), "7");
}
