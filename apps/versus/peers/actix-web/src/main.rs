//! actix-web: one worker, connections kept alive for longer than a measurement.

use actix_web::web::{Bytes, Data, Json, Path, get, post};
use actix_web::{App, HttpResponse, HttpServer, Responder, rt};
use futures_util::stream::unfold;
use std::convert::Infallible;
use std::io;
use std::time::Duration;
use tokio::sync::broadcast;
use versus_contract::{FILLER, HELLO, MESSAGE, QUEUE, Setting, post_line};

fn main() -> io::Result<()> {
    let setting = Setting::read();
    let (addr, loops) = (setting.addr, setting.loops);
    let publisher: Data<Publisher> = Data::new(broadcast::Sender::new(QUEUE));
    let server = HttpServer::new(move || {
        let mut app = App::new().app_data(publisher.clone());
        for path in setting.fillers_before() {
            app = app.route(&path, get().to(filler));
        }
        app = app
            .route("/plaintext", get().to(plaintext))
            .route("/json", get().to(json))
            .route("/users/{user}/posts/{post}", get().to(user_post))
            .route("/echo", post().to(echo))
            .route("/events", get().to(events))
            .route("/publish", post().to(publish))
            .service(actix_files::Files::new("/static", &setting.files));
        for path in setting.fillers_after() {
            app = app.route(&path, get().to(filler));
        }
        app
    });
    let server = server.workers(loops).keep_alive(Duration::from_secs(600)).bind(addr)?;
    rt::System::new().block_on(server.run())
}

async fn plaintext() -> &'static str {
    HELLO
}

async fn filler() -> &'static str {
    FILLER
}

async fn json() -> impl Responder {
    Json(MESSAGE)
}

async fn user_post(path: Path<(u32, u32)>) -> String {
    let (user, post) = path.into_inner();
    post_line(user, post)
}

async fn echo(body: Bytes) -> Bytes {
    body
}

type Publisher = broadcast::Sender<Bytes>;

async fn events(publisher: Data<Publisher>) -> HttpResponse {
    let events = unfold(publisher.subscribe(), async |mut receiver| {
        let event = receiver.recv().await.ok()?;
        Some((Ok::<Bytes, Infallible>(event), receiver))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

async fn publish(publisher: Data<Publisher>, text: String) -> HttpResponse {
    let _ = publisher.send(format!("data: {text}\n\n").into());
    HttpResponse::Ok().finish()
}
