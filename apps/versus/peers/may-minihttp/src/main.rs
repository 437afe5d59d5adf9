//! `may_minihttp`: coroutines and a parser of its own, without limits or deadlines; matchit routes.

use bytes::BufMut;
use matchit::Router;
use may_minihttp::{HttpService, HttpServiceFactory, Request, Response};
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use versus_contract::{FILLER, HELLO, MESSAGE, Setting, post_line};

#[derive(Debug, Clone, Copy)]
enum Route {
    Plaintext,
    Json,
    Post,
    Echo,
    Filler,
}

struct Application(Arc<Router<Route>>);

#[derive(Clone)]
struct Connection(Arc<Router<Route>>);

fn main() {
    let setting = Setting::read();
    may::config().set_workers(1).set_stack_size(0x2000).set_pool_capacity(10_000);
    let application = Application(Arc::new(router(&setting)));
    let server = application.start(setting.addr).expect("the port is free");
    server.join().expect("serving does not end");
}

fn router(setting: &Setting) -> Router<Route> {
    let mut router = Router::new();
    let measured = [
        ("/plaintext", Route::Plaintext),
        ("/json", Route::Json),
        ("/users/{user}/posts/{post}", Route::Post),
        ("/echo", Route::Echo),
    ];
    for (path, route) in measured {
        router.insert(path, route).expect("no two routes are the same");
    }
    for path in setting.fillers_before().chain(setting.fillers_after()) {
        router.insert(path, Route::Filler).expect("no two routes are the same");
    }
    router
}

impl HttpServiceFactory for Application {
    type Service = Connection;

    fn new_service(&self, _: usize) -> Connection {
        Connection(Arc::clone(&self.0))
    }
}

const TEXT: &str = "Content-Type: text/plain; charset=utf-8";

impl HttpService for Connection {
    fn call(
        &mut self,
        request: Request<'_, '_, '_>,
        response: &mut Response<'_>,
    ) -> io::Result<()> {
        let Ok(found) = self.0.at(request.path()) else {
            response.status_code(404, "Not Found");
            return Ok(());
        };
        match (*found.value, request.method()) {
            (Route::Plaintext, "GET") => response.header(TEXT).body(HELLO),
            (Route::Filler, "GET") => response.header(TEXT).body(FILLER),
            (Route::Json, "GET") => {
                response.header("Content-Type: application/json");
                serde_json::to_writer(response.body_mut().writer(), &MESSAGE)?;
            }
            (Route::Post, "GET") => {
                let number = |name| found.params.get(name).and_then(|value| value.parse().ok());
                match number("user").zip(number("post")) {
                    Some((user, post)) => {
                        response.header(TEXT).body_vec(post_line(user, post).into_bytes());
                    }
                    None => _ = response.status_code(400, "Bad Request"),
                }
            }
            (Route::Echo, "POST") => {
                let mut body = request.body();
                let read = body.fill_buf()?;
                response.body_mut().writer().write_all(read)?;
            }
            _ => _ = response.status_code(405, "Method Not Allowed"),
        }
        Ok(())
    }
}
