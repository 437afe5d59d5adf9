//! landspout: an application with its limits and deadlines as they are by default, on one loop.
//! Only more connections are let in, for the measurement of how cost grows with them.

use landspout::event_loop::WorkersConfig;
use landspout::server::ServerConfig;
use landspout::web::sse::{Event, EventStream, SseConfig};
use landspout::web::static_files::Directory;
use landspout::web::{Application, get, post};
use landspout::{Error, Json, Request, Response, Serve, ServeConfig, ServeError};
use std::cell::RefCell;
use versus_contract::{FILLER, HELLO, MESSAGE, Message, QUEUE, Setting, post_line};

fn main() -> Result<(), ServeError> {
    let setting = Setting::read();
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(setting.loops);
    config.server = ServerConfig::default().max_connections(100_000);
    let serve = Serve::bind_with(setting.addr, config)?;
    serve.run(move || application(&setting)).map(drop)
}

fn application(setting: &Setting) -> Application {
    let filled = |application: Application, path: String| application.route(&path, get(filler));
    let application = setting.fillers_before().fold(Application::new(), filled);
    let application = application
        .per_loop(Subscribers::default())
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/users/{user}/posts/{post}", get(user_post))
        .route("/echo", post(echo))
        .route("/events", get(events))
        .route("/publish", post(publish))
        .mount("/static", Directory::new(&setting.files));
    setting.fillers_after().fold(application, filled)
}

async fn plaintext(_: Request) -> &'static str {
    HELLO
}

async fn filler(_: Request) -> &'static str {
    FILLER
}

async fn json(_: Request) -> Json<Message> {
    Json(MESSAGE)
}

async fn user_post(request: Request) -> Result<String, Error> {
    let (user, post): (u32, u32) = request.path()?;
    Ok(post_line(user, post))
}

async fn echo(request: Request) -> Result<Response, Error> {
    Ok(Response::new(request.into_body().bytes().await?))
}

/// The open streams of events.
#[derive(Default)]
struct Subscribers(RefCell<Vec<EventStream>>);

async fn events(request: Request) -> Result<Response, Error> {
    let (stream, response) = EventStream::open_with(&request, &SseConfig::default().queue(QUEUE));
    request.per_loop::<Subscribers>()?.0.borrow_mut().push(stream);
    Ok(response)
}

async fn publish(mut request: Request) -> Result<(), Error> {
    let subscribers = request.per_loop::<Subscribers>()?;
    let event = Event::new(request.text().await?).encode().map_err(Error::internal)?;
    // Who has left, or does not keep up, is forgotten.
    subscribers.0.borrow_mut().retain(|stream| stream.try_send_encoded(event.clone()).is_ok());
    Ok(())
}
