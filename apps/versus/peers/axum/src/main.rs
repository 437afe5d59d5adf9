//! axum: the application's router made into a service once, on one worker thread.
//!
//! `into_make_service` spares a copy of the table of routes for each connection.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router, body::Bytes};
use futures_util::stream::{Stream, unfold};
use std::convert::Infallible;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::broadcast;
use tower_http::services::ServeDir;
use versus_contract::{FILLER, HELLO, MESSAGE, Message, QUEUE, Setting, post_line};

fn main() {
    let setting = Setting::read();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(setting.loops).enable_all().build().expect("a runtime");
    runtime.block_on(serve(&setting));
}

async fn serve(setting: &Setting) {
    let router = router(setting);
    let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router.into_make_service()).await.expect("serving does not end");
}

fn router(setting: &Setting) -> Router {
    let filled = |router: Router<Publisher>, path: String| router.route(&path, get(filler));
    let router = setting.fillers_before().fold(Router::new(), filled);
    let router = router
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/users/{user}/posts/{post}", get(user_post))
        .route("/echo", post(echo))
        .route("/events", get(events))
        .route("/publish", post(publish))
        .nest_service("/static", ServeDir::new(&setting.files));
    setting.fillers_after().fold(router, filled).with_state(broadcast::Sender::new(QUEUE))
}

async fn plaintext() -> &'static str {
    HELLO
}

async fn filler() -> &'static str {
    FILLER
}

async fn json() -> Json<Message> {
    Json(MESSAGE)
}

async fn user_post(Path((user, post)): Path<(u32, u32)>) -> String {
    post_line(user, post)
}

async fn echo(body: Bytes) -> Bytes {
    body
}

type Publisher = broadcast::Sender<String>;

async fn events(State(publisher): State<Publisher>) -> impl IntoResponse {
    Sse::new(received(publisher.subscribe())).keep_alive(KeepAlive::default())
}

fn received(
    receiver: broadcast::Receiver<String>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(receiver, async |mut receiver| {
        let text = receiver.recv().await.ok()?;
        Some((Ok(Event::default().data(text)), receiver))
    })
}

async fn publish(State(publisher): State<Publisher>, text: String) {
    let _ = publisher.send(text);
}
