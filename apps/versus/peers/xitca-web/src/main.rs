//! xitca-web: one worker thread, connections kept alive for longer than a measurement.

use std::io;
use std::time::Duration;
use versus_contract::{FILLER, HELLO, MESSAGE, Message, Setting, post_line};
use xitca_web::App;
use xitca_web::handler::handler_service;
use xitca_web::handler::json::Json;
use xitca_web::handler::params::Params;
use xitca_web::route::{get, post};
use xitca_web::service::file::ServeDir;

fn main() -> io::Result<()> {
    let setting = Setting::read();
    // It looks for the whole path of the request, `/static/…`, below its folder.
    let above = setting.files.parent().map(ToOwned::to_owned).unwrap_or_default();
    let mut app = App::new();
    for path in setting.fillers_before() {
        app = app.at(&path, get(handler_service(filler)));
    }
    app = app
        .at("/plaintext", get(handler_service(plaintext)))
        .at("/json", get(handler_service(json)))
        .at("/users/{user}/posts/{post}", get(handler_service(user_post)))
        .at("/echo", post(handler_service(echo)))
        .at("/static", ServeDir::new(above));
    for path in setting.fillers_after() {
        app = app.at(&path, get(handler_service(filler)));
    }
    app.serve()
        .worker_threads(setting.loops)
        .keep_alive_timeout(Duration::from_secs(600))
        .bind(setting.addr)?
        .run()
        .wait()
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

async fn user_post(Params((user, post)): Params<(u32, u32)>) -> String {
    post_line(user, post)
}

async fn echo(body: Vec<u8>) -> Vec<u8> {
    body
}
