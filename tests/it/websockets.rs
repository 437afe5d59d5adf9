//! WebSockets through server and application, with the codec's own client at the other end.

use landspout::client::BackoffConfig;
use landspout::client::websocket::{ConnectError, ReconnectConfig};
use landspout::event_loop::{EventLoop, spawn};
use landspout::server::ServerHandle;
use landspout::web::Application;
use landspout::web::websocket::{
    CloseCode, CloseFrame, Config, Message, Sender, Socket, Upgraded, WebSocketHandler, class,
    websocket,
};
use landspout::websocket::{DeflateConfig, WebSocket};
use landspout::{Client, Handler, Request, Server};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

async fn echo(_: Request, socket: &mut Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        if message.as_text() == Some("enough") {
            return;
        }
        assert_ne!(message.as_text(), Some("panic"), "on purpose");
        socket.send(message).await.unwrap();
    }
}

/// Serves an application on the current loop.
fn start(application: Application) -> (SocketAddr, ServerHandle) {
    application.check().unwrap();
    let server = Server::bind("127.0.0.1:0").unwrap();
    let (addr, handle) = (server.local_addr(), server.handle());
    drop(spawn(server.serve(application)));
    (addr, handle)
}

async fn connect(addr: SocketAddr, path: &str, config: &Config) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let uri = format!("ws://{addr}{path}").parse().unwrap();
    WebSocket::connect(stream, &uri, config).await.unwrap()
}

/// The code that the server closes with.
async fn close_code(socket: &mut WebSocket<TcpStream>) -> CloseCode {
    while let Ok(Some(_)) = socket.receive().await {}
    socket.close_frame().map(CloseFrame::code).unwrap()
}

fn run(test: impl Future<Output = ()>) {
    EventLoop::new().unwrap().run_until(test);
}

#[test]
fn a_plain_function_serves_a_connection_and_closes_it_in_order() {
    run(async {
        let (addr, _) = start(Application::new().route("/echo", websocket(echo)));
        let mut socket = connect(addr, "/echo", &Config::default()).await;
        for text in ["one", "two", "three"] {
            socket.send(text).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
        }
        socket.send("enough").await.unwrap();
        assert_eq!(close_code(&mut socket).await, CloseCode::NORMAL);
    });
}

#[test]
fn messages_are_compressed_where_both_sides_want_it() {
    run(async {
        let config = Config::default().deflate(DeflateConfig::default());
        let echo = websocket(echo).config(config.clone());
        let (addr, _) = start(Application::new().route("/echo", echo));
        let mut socket = connect(addr, "/echo", &config).await;
        let long = "to and fro ".repeat(1000);
        socket.send(long.clone()).await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from(long)));
    });
}

#[test]
fn a_panic_closes_its_connection_and_no_other() {
    run(async {
        let (addr, _) = start(Application::new().route("/echo", websocket(echo)));
        let mut other = connect(addr, "/echo", &Config::default()).await;
        let mut socket = connect(addr, "/echo", &Config::default()).await;
        socket.send("panic").await.unwrap();
        assert_eq!(close_code(&mut socket).await, CloseCode::INTERNAL_ERROR);
        other.send("still here").await.unwrap();
        assert_eq!(other.receive().await.unwrap(), Some(Message::from("still here")));
    });
}

#[test]
fn a_server_that_stops_says_that_it_goes_away() {
    run(async {
        let server = Server::bind("127.0.0.1:0").unwrap();
        let (addr, handle) = (server.local_addr(), server.handle());
        let serving = spawn(server.serve(Application::new().route("/echo", websocket(echo))));
        let mut socket = connect(addr, "/echo", &Config::default()).await;
        handle.shutdown();
        assert_eq!(close_code(&mut socket).await, CloseCode::GOING_AWAY);
        drop(socket);
        assert_eq!(serving.await.unwrap().cut, 0);
    });
}

#[test]
fn what_is_no_handshake_is_told_why() {
    run(async {
        let (addr, _) = start(Application::new().route("/echo", websocket(echo)));
        let client = Client::new();
        let url = format!("http://{addr}/echo");
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.status(), 426);
        assert_eq!(response.header("sec-websocket-version"), Some("13"));
        let response = client.post(&url).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.header("allow")), (405, Some("GET")));
    });
}

async fn handshake(addr: SocketAddr, origin: &str) -> u16 {
    let request = Client::new()
        .get(format!("http://{addr}/"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("origin", origin);
    request.send().await.unwrap().status().as_u16()
}

#[test]
fn pages_of_other_hosts_are_refused() {
    run(async {
        let (addr, _) = start(Application::new().route("/", websocket(echo)));
        assert_eq!(handshake(addr, "https://elsewhere.example").await, 403);
        assert_eq!(handshake(addr, &format!("http://{addr}")).await, 101);
    });
}

/// Notes what happens to it.
struct Noted(Rc<RefCell<Vec<String>>>);

impl Noted {
    fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }
}

impl WebSocketHandler for Noted {
    fn check_origin(&self, origin: &str) -> bool {
        origin == "https://friend.example"
    }

    fn select_subprotocol(&self, offered: &[String]) -> Option<String> {
        offered.iter().find(|name| *name == "chat.2").cloned()
    }

    async fn open(&mut self, request: Request, sender: &Sender<Upgraded>) {
        self.note(format!("open {}", request.uri().path()));
        sender.send("welcome").await.unwrap();
    }

    async fn on_message(&mut self, message: Message, sender: &Sender<Upgraded>) {
        self.note(format!("message {}", message.as_text().unwrap()));
        sender.send(message).await.unwrap();
    }

    async fn on_close(&mut self, frame: Option<CloseFrame>) {
        let code = frame.map(|frame| frame.code().get());
        self.note(format!("close {code:?}"));
    }
}

#[test]
fn a_class_has_a_method_for_each_event() {
    run(async {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let kept = Rc::clone(&notes);
        let (addr, handle) =
            start(Application::new().route("/room/{id}", class(move || Noted(Rc::clone(&kept)))));
        let config = Config::default().subprotocol("chat.1").subprotocol("chat.2");
        let mut socket = connect(addr, "/room/7", &config).await;
        assert_eq!(socket.subprotocol(), Some("chat.2"));
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from("welcome")));
        socket.send("hello").await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from("hello")));
        socket.close(CloseCode::NORMAL, "bye").await.unwrap();
        handle.shutdown();
        while notes.borrow().len() < 3 {
            landspout::event_loop::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(*notes.borrow(), ["open /room/7", "message hello", "close Some(1000)"]);
    });
}

#[test]
fn a_class_may_let_pages_of_other_hosts_in() {
    run(async {
        let (addr, _) = start(Application::new().route("/", class(|| Noted(Rc::default()))));
        assert_eq!(handshake(addr, "https://friend.example").await, 101);
        assert_eq!(handshake(addr, "https://stranger.example").await, 403);
    });
}

/// The client's WebSocket through server and application, over TCP and in memory.
#[test]
fn the_client_talks_to_an_application() {
    run(async {
        let config = Config::default().deflate(DeflateConfig::default());
        let application = || {
            let echo = websocket(echo).config(config.clone());
            Application::new().route("/echo", echo).route("/page", async |_: Request| "a page")
        };
        let (addr, _) = start(application());
        let over_tcp = (Client::new(), format!("ws://{addr}"));
        for (client, base) in [over_tcp, (Client::over(application()), String::new())] {
            let request = client.websocket(format!("{base}/echo"));
            let mut socket = request.connect(&config).await.unwrap();
            let long = "to and fro ".repeat(1000);
            socket.send(long.clone()).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(Message::from(long)));
            socket.send("enough").await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), None);
            assert_eq!(socket.close_frame().map(CloseFrame::code), Some(CloseCode::NORMAL));

            let request = client.websocket(format!("{base}/page"));
            let error = request.connect(&Config::default()).await.unwrap_err();
            let ConnectError::Refused(mut response) = error else { panic!("{error:?}") };
            assert_eq!(response.text().await.unwrap(), "a page");
        }
    });
}

/// A reverse proxy is a handler that hands requests to a client, WebSockets included.
#[test]
fn a_gateway_lets_websockets_through() {
    run(async {
        let (addr, _) = start(Application::new().route("/echo", websocket(echo)));
        let client = Client::new();
        let gateway = Application::new().route("/echo", move |mut request: Request| {
            let client = client.clone();
            async move {
                request.set_uri(format!("http://{addr}{}", request.uri()).parse().unwrap());
                client.handle(request).await
            }
        });
        let (front, _) = start(gateway);
        let mut socket = connect(front, "/echo", &Config::default()).await;
        for text in ["one", "two"] {
            socket.send(text).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
        }
        socket.send("enough").await.unwrap();
        assert_eq!(close_code(&mut socket).await, CloseCode::NORMAL);
    });
}

/// A server that stops says 1001; the client comes back when another one is there.
#[test]
fn a_client_comes_back_when_the_server_does() {
    // Where it can be, an address that nobody else has: the port has to be free for the second one.
    let address = if cfg!(target_os = "linux") { "127.8.6.4:0" } else { "127.0.0.1:0" };
    run(async {
        let room = || Application::new().route("/echo", websocket(echo));
        let server = Server::bind(address).unwrap();
        let (addr, handle) = (server.local_addr(), server.handle());
        drop(spawn(server.serve(room())));
        let backoff = BackoffConfig::default().first(Duration::from_millis(1));
        let mut socket = Client::new()
            .websocket(format!("ws://{addr}/echo"))
            .reconnect(Config::default(), ReconnectConfig::default().backoff(backoff))
            .on_open(|| vec!["hello".into()]);
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from("hello")));
        handle.shutdown();
        let again = async {
            loop {
                landspout::event_loop::sleep(Duration::from_millis(5)).await;
                if let Ok(server) = Server::bind(addr) {
                    drop(spawn(server.serve(room())));
                    return;
                }
            }
        };
        let ((), message) = tokio::join!(again, socket.receive());
        assert_eq!(message.unwrap(), Some(Message::from("hello")));
    });
}
