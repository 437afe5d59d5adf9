//! ntex: one worker on tokio, connections kept alive for longer than a measurement.

use ntex::SharedCfg;
use ntex::http::HttpServiceConfig;
use ntex::time::Seconds;
use ntex::util::Bytes;
use ntex::web::types::Path;
use ntex::web::{App, HttpResponse, HttpServer, get, post, resource};
use std::io;
use versus_contract::{FILLER, HELLO, MESSAGE, Setting, post_line};

#[ntex::main]
async fn main() -> io::Result<()> {
    let setting = Setting::read();
    let addr = setting.addr;
    let server = HttpServer::new(async move || {
        let mut app = App::new();
        for path in setting.fillers_before() {
            app = app.service(resource(path).route(get().to(filler)));
        }
        app = app
            .service(resource("/plaintext").route(get().to(plaintext)))
            .service(resource("/json").route(get().to(json)))
            .service(resource("/users/{user}/posts/{post}").route(get().to(user_post)))
            .service(resource("/echo").route(post().to(echo)))
            .service(ntex_files::Files::new("/static", &setting.files));
        for path in setting.fillers_after() {
            app = app.service(resource(path).route(get().to(filler)));
        }
        app
    });
    let http = HttpServiceConfig::new().set_keepalive(Seconds(600));
    server.workers(1).config(SharedCfg::new("http").add(http)).bind(addr)?.run().await
}

async fn plaintext() -> &'static str {
    HELLO
}

async fn filler() -> &'static str {
    FILLER
}

async fn json() -> HttpResponse {
    HttpResponse::Ok().json(&MESSAGE)
}

async fn user_post(path: Path<(u32, u32)>) -> String {
    let (user, post) = path.into_inner();
    post_line(user, post)
}

async fn echo(body: Bytes) -> Bytes {
    body
}
