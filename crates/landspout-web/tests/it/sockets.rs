//! Open WebSockets, over a connection in memory.

use bytes::Bytes;
use http::HeaderName;
use landspout_handler::Upgrade;
use landspout_web::websocket::{Config, Message, Sender, Socket, Upgraded, WebSocketHandler};
use landspout_web::websocket::{class, websocket};
use landspout_web::{Application, Handler, Request};
use landspout_websocket::{Agreement, Role, WebSocket};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};

const MINUTE: Duration = Duration::from_secs(60);

/// A client of the application's WebSocket.
async fn connect(application: &Application) -> WebSocket<DuplexStream> {
    let headers = [
        ("host", "example.com"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut request = headers.into_iter().fold(Request::get("/"), |request, (name, value)| {
        request.with_header(HeaderName::from_static(name), value.parse().unwrap())
    });
    let (fulfil, upgrade) = Upgrade::channel();
    request.set_upgrade(upgrade);
    assert_eq!(application.handle(request).await.status(), 101);
    let (near, far) = tokio::io::duplex(1024);
    fulfil.send(Upgraded::new(near, Bytes::new()));
    let config = Config::default().ping_interval(Duration::ZERO);
    WebSocket::new(far, Agreement::plain(Role::Client), &config)
}

/// Sends two messages that are read together, and says when each answer came.
async fn times_of_two_answers(application: Application) -> [Duration; 2] {
    let mut client = connect(&application).await;
    // Until the handler waits for messages: only then it is known to be the one that receives.
    sleep(Duration::from_secs(1)).await;
    for text in ["one", "two"] {
        client.send(text).await.unwrap();
    }
    let begin = Instant::now();
    let mut times = [Duration::ZERO; 2];
    for (time, text) in times.iter_mut().zip(["one", "two"]) {
        assert_eq!(client.receive().await.unwrap(), Some(Message::from(text)));
        *time = begin.elapsed();
    }
    times
}

async fn slow(_: Request, socket: &mut Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        socket.send(message).await.unwrap();
        sleep(MINUTE).await;
    }
}

struct Slow;

impl WebSocketHandler for Slow {
    async fn on_message(&mut self, message: Message, sender: &Sender<Upgraded>) {
        sender.send(message).await.unwrap();
        sleep(MINUTE).await;
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn what_a_handler_sends_leaves_when_it_waits_for_something_else() {
    let plain = Application::new().route("/", websocket(slow));
    assert_eq!(times_of_two_answers(plain).await, [Duration::ZERO, MINUTE]);
    let classes = Application::new().route("/", class(|| Slow));
    assert_eq!(times_of_two_answers(classes).await, [Duration::ZERO, MINUTE]);
}
