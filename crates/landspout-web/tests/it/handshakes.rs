//! WebSocket handshakes, as far as they need no connection.

use http::HeaderName;
use landspout_web::websocket::{Config, Message, Origins, Sender, Socket, Upgraded};
use landspout_web::websocket::{WebSocketHandler, class, websocket};
use landspout_web::{Application, Handler, Request};

async fn serve(_: Request, _: &mut Socket) {}

fn handshake() -> Request {
    let headers = [
        ("host", "example.com"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    headers.into_iter().fold(Request::get("/"), with)
}

fn with(request: Request, (name, value): (&'static str, &'static str)) -> Request {
    request.with_header(HeaderName::from_static(name), value.parse().unwrap())
}

async fn status(application: &Application, request: Request) -> u16 {
    application.handle(request).await.status().as_u16()
}

#[tokio::test(flavor = "local")]
async fn each_mistake_has_its_answer() {
    let application = Application::new().route("/", websocket(serve));
    let wrong = |change| with(handshake(), change);
    assert_eq!(status(&application, Request::get("/")).await, 426);
    assert_eq!(status(&application, Request::post("/")).await, 405);
    assert_eq!(status(&application, wrong(("sec-websocket-version", "8"))).await, 426);
    assert_eq!(status(&application, wrong(("sec-websocket-key", "short"))).await, 400);
    assert_eq!(status(&application, wrong(("upgrade", "h2c"))).await, 400);
    assert_eq!(status(&application, wrong(("origin", "https://elsewhere.example"))).await, 403);
    // All is well but for the connection, which is not there.
    assert_eq!(status(&application, handshake()).await, 400);
}

struct Deaf;

impl WebSocketHandler for Deaf {
    async fn on_message(&mut self, _: Message, _: &Sender<Upgraded>) {}
}

#[tokio::test(flavor = "local")]
async fn pages_of_other_hosts_come_in_by_config_alone() {
    let from_elsewhere = || with(handshake(), ("origin", "https://elsewhere.example"));
    let strict = Application::new().route("/", class(|| Deaf));
    assert_eq!(status(&strict, from_elsewhere()).await, 403);
    let open = class(|| Deaf).config(Config::default().origins(Origins::Any));
    assert_eq!(status(&Application::new().route("/", open), from_elsewhere()).await, 400);
}

#[tokio::test(flavor = "local")]
async fn an_origin_is_compared_with_the_host_that_a_trusted_proxy_names() {
    let application = Application::new().route("/", websocket(serve));
    let from = |host: Option<&str>| {
        let mut request = with(handshake(), ("origin", "https://outside.example"));
        let mut told = landspout_handler::Forwarded::default();
        told.host = host.map(Into::into);
        request.set_forwarded(told);
        request
    };
    assert_eq!(status(&application, from(None)).await, 403);
    assert_eq!(status(&application, from(Some("other.example"))).await, 403);
    // All is well but for the connection, which is not there.
    assert_eq!(status(&application, from(Some("outside.example"))).await, 400);
}
