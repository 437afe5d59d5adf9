//! hyper alone, tuned: the floor that a framework on hyper stands on.
//!
//! `TCP_NODELAY`, `pipeline_flush` and `half_close`, which spares a read buffer for each request;
//! matchit as the router; no deadline and no limit but hyper's own. The runtime is the program's.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use matchit::Router;
use std::convert::Infallible;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use versus_contract::{FILLER, HELLO, MESSAGE, Setting, post_line};

/// A runtime that begins tasks on its own thread.
pub trait Spawn {
    /// Begins a task.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

#[derive(Debug, Clone, Copy)]
enum Route {
    Plaintext,
    Json,
    Post,
    Echo,
    Filler,
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

/// Accepts connections for ever. Each is served by a task of its own.
///
/// # Panics
/// When the port is taken.
pub async fn serve(setting: &Setting, runtime: &impl Spawn) {
    let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
    let router = Rc::new(router(setting));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        runtime.spawn(connection(stream, Rc::clone(&router)));
    }
}

async fn connection(stream: TcpStream, router: Rc<Router<Route>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&router, request));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.pipeline_flush(true).half_close(true);
    // A client that leaves in the middle is no news.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    router: &Router<Route>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Ok(found) = router.at(request.uri().path()) else {
        return Ok(status(StatusCode::NOT_FOUND));
    };
    let is_get = request.method() == Method::GET;
    Ok(match found.value {
        Route::Plaintext if is_get => text(Bytes::from_static(HELLO.as_bytes())),
        Route::Json if is_get => json(),
        Route::Filler if is_get => text(Bytes::from_static(FILLER.as_bytes())),
        Route::Post if is_get => {
            let number = |name| found.params.get(name).and_then(|value| value.parse().ok());
            match number("user").zip(number("post")) {
                Some((user, post)) => text(post_line(user, post).into()),
                None => status(StatusCode::BAD_REQUEST),
            }
        }
        Route::Echo if request.method() == Method::POST => {
            match request.into_body().collect().await {
                Ok(body) => Response::new(Full::new(body.to_bytes())),
                Err(_) => status(StatusCode::BAD_REQUEST),
            }
        }
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    })
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn typed(content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn text(body: Bytes) -> Response<Full<Bytes>> {
    typed("text/plain; charset=utf-8", body)
}

fn json() -> Response<Full<Bytes>> {
    match serde_json::to_vec(&MESSAGE) {
        Ok(body) => typed("application/json", body.into()),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
