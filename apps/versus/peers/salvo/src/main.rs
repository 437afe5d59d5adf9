//! salvo: one worker thread. Its acceptor has no switch for `TCP_NODELAY`.

use futures_util::stream::unfold;
use salvo::conn::TcpListener;
use salvo::prelude::{Json, Listener, Request, Response, Router, Server, StaticDir, handler};
use salvo::sse::{SseEvent, SseKeepAlive};
use std::convert::Infallible;
use std::sync::LazyLock;
use tokio::runtime::Builder;
use tokio::sync::broadcast;
use versus_contract::{FILLER, HELLO, MESSAGE, Message, QUEUE, Setting, post_line};

static PUBLISHER: LazyLock<broadcast::Sender<String>> =
    LazyLock::new(|| broadcast::Sender::new(QUEUE));

fn main() {
    let setting = Setting::read();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let acceptor = TcpListener::new(setting.addr).bind().await;
        Server::new(acceptor).serve(router(&setting)).await;
    });
}

fn router(setting: &Setting) -> Router {
    let filled = |router: Router, path: String| router.push(Router::with_path(path).get(filler));
    let router = setting.fillers_before().fold(Router::new(), filled);
    let files = StaticDir::new([&setting.files]);
    let router = router
        .push(Router::with_path("plaintext").get(plaintext))
        .push(Router::with_path("json").get(json))
        .push(Router::with_path("users/{user}/posts/{post}").get(user_post))
        .push(Router::with_path("echo").post(echo))
        .push(Router::with_path("events").get(events))
        .push(Router::with_path("publish").post(publish))
        .push(Router::with_path("static/{*path}").get(files));
    setting.fillers_after().fold(router, filled)
}

#[handler]
async fn plaintext() -> &'static str {
    HELLO
}

#[handler]
async fn filler() -> &'static str {
    FILLER
}

#[handler]
async fn json() -> Json<Message> {
    Json(MESSAGE)
}

#[handler]
async fn user_post(request: &mut Request) -> Option<String> {
    Some(post_line(request.param("user")?, request.param("post")?))
}

#[handler]
async fn echo(request: &mut Request, response: &mut Response) {
    if let Ok(body) = request.payload().await {
        let _ = response.write_body(body.clone());
    }
}

#[handler]
async fn events(response: &mut Response) {
    let received = unfold(PUBLISHER.subscribe(), async |mut receiver| {
        let text = receiver.recv().await.ok()?;
        Some((Ok::<_, Infallible>(SseEvent::default().text(text)), receiver))
    });
    SseKeepAlive::new(received).stream(response);
}

#[handler]
async fn publish(request: &mut Request) {
    if let Ok(body) = request.payload().await {
        let _ = PUBLISHER.send(String::from_utf8_lossy(body).into_owned());
    }
}
