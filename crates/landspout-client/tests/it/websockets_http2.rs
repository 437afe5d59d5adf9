//! WebSockets on streams of HTTP/2 (RFC 8441).

use crate::peer::{Peer, skipped};
use bytes::Bytes;
use h2::ext::Protocol;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{Method, Request, Response};
use landspout_client::websocket::{
    CloseCode, CloseFrame, Config, ConnectError, DeflateConfig, Message, Upgraded, WebSocket,
};
use landspout_client::{Client, ClientConfig, HttpVersion, ProxyConfig, RequestBuilder, TlsConfig};
use landspout_websocket::Offer;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server that sends back what WebSockets say, and answers other requests with "hello". The path
/// tells more: `/no` refuses, `/reset` breaks off when something comes, `/hold` does not answer.
struct Server {
    addr: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// In clear text, for those who know that HTTP/2 is spoken.
    async fn new(extends_connect: bool) -> Server {
        Server::start(None, extends_connect).await
    }

    /// Over TLS: the version is the first of these that the client speaks too.
    async fn over_tls(versions: &[&str], extends_connect: bool) -> (Server, TlsConfig) {
        let (mut tls, pem) = crate::tls::identity();
        tls.alpn_protocols = versions.iter().map(|version| version.as_bytes().to_vec()).collect();
        let server = Server::start(Some(Arc::new(tls).into()), extends_connect).await;
        (server, TlsConfig::default().system_roots(false).extra_root(pem))
    }

    async fn start(tls: Option<TlsAcceptor>, extends_connect: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Relaxed);
                let tls = tls.clone();
                tokio::spawn(async move {
                    let Some(tls) = tls else { return speak_http2(stream, extends_connect).await };
                    let Ok(stream) = tls.accept(stream).await else { return };
                    match stream.get_ref().1.alpn_protocol() {
                        Some(b"h2") => speak_http2(stream, extends_connect).await,
                        _ => echo(WebSocket::accept(stream, &config()).await.unwrap()).await,
                    }
                });
            }
        });
        Server { addr, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// The request for a WebSocket, over HTTP/2 if that is possible.
    fn request(&self, client: &Client, scheme: &str, path: &str) -> RequestBuilder {
        let url = format!("{scheme}://localhost:{}{path}", self.addr.port());
        client.websocket(url).http_version(HttpVersion::Http2)
    }
}

fn config() -> Config {
    Config::default().deflate(DeflateConfig::default()).subprotocol("chat")
}

async fn speak_http2(io: impl AsyncRead + AsyncWrite + Unpin + Send, extends_connect: bool) {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(3);
    if extends_connect {
        builder.enable_connect_protocol();
    }
    let mut connection = builder.handshake(io).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match request.uri().path() {
            "/hold" => drop(tokio::spawn(async move {
                let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
            })),
            "/no" => {
                let refusal = Response::builder().status(403).body(()).unwrap();
                let mut body = respond.send_response(refusal, false).unwrap();
                body.send_data("no badge".into(), true).unwrap();
            }
            _ if request.method() == Method::CONNECT => open(request, respond),
            _ => {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data("hello".into(), true).unwrap();
            }
        }
    }
}

/// Opens a WebSocket as the RFC's §5 wants it.
fn open(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let protocol = request.extensions().get::<Protocol>().expect("it is extended").as_str();
    for name in ["connection", "upgrade", "sec-websocket-key", "host"] {
        assert!(!request.headers().contains_key(name), "{name}");
    }
    let offer = Offer::read_connect(protocol, request.uri(), request.headers()).unwrap();
    let accepted = offer.accept(&config()).unwrap();
    let mut response = Response::new(());
    *response.headers_mut() = accepted.headers;
    let mut sending = respond.send_response(response, false).unwrap();
    if request.uri().path() == "/reset" {
        tokio::spawn(async move {
            request.into_body().data().await.unwrap().unwrap();
            sending.send_reset(Reason::INTERNAL_ERROR);
        });
        return;
    }
    let io = tunnel(sending, request.into_body());
    tokio::spawn(echo(WebSocket::new(io, accepted.agreement, &config())));
}

async fn echo<Io: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<Io>) {
    while let Ok(Some(message)) = socket.receive().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// The two directions of a stream as one of bytes.
fn tunnel(mut sending: SendStream<Bytes>, mut receiving: RecvStream) -> DuplexStream {
    let (near, far) = duplex(64 * 1024);
    let (mut outward, mut inward) = tokio::io::split(far);
    tokio::spawn(async move {
        let mut buf = vec![0; 16 * 1024];
        loop {
            let len = outward.read(&mut buf).await.unwrap_or(0);
            let mut left = Bytes::copy_from_slice(&buf[..len]);
            while !left.is_empty() {
                sending.reserve_capacity(left.len());
                let room = std::future::poll_fn(|cx| sending.poll_capacity(cx)).await;
                let Some(Ok(room)) = room else { return };
                if sending.send_data(left.split_to(room.min(left.len())), false).is_err() {
                    return;
                }
            }
            if len == 0 {
                let _ = sending.send_data(Bytes::new(), true);
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(Ok(piece)) = receiving.data().await {
            receiving.flow_control().release_capacity(piece.len()).unwrap();
            if inward.write_all(&piece).await.is_err() {
                return;
            }
        }
        let _ = inward.shutdown().await;
    });
    near
}

fn client(tls: TlsConfig) -> Client {
    Client::with_config(ClientConfig::default().tls(tls))
}

async fn connect(request: RequestBuilder) -> WebSocket<Upgraded> {
    request.connect(&config()).await.unwrap()
}

async fn check(socket: &mut WebSocket<Upgraded>) {
    for text in ["one".to_owned(), String::new(), "to and fro ".repeat(50_000)] {
        socket.send(text.clone()).await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
    }
}

/// In use, idle, streams.
#[track_caller]
fn assert_pool(client: &Client, expected: (usize, usize, usize)) {
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.idle, stats.streams), expected);
}

#[tokio::test]
async fn they_share_the_connection_of_other_requests() {
    let (server, tls) = Server::over_tls(&["h2", "http/1.1"], true).await;
    let client = client(tls);
    let get = || async {
        let url = format!("https://localhost:{}/", server.addr.port());
        client.get(url).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(get().await, "hello");
    let mut one = connect(server.request(&client, "wss", "/one")).await;
    let mut two = connect(server.request(&client, "wss", "/two")).await;
    assert_eq!(one.subprotocol(), Some("chat"));
    tokio::join!(check(&mut one), check(&mut two));
    assert_eq!(get().await, "hello");
    assert_pool(&client, (1, 0, 2));
    one.close(CloseCode::NORMAL, "done").await.unwrap();
    assert_eq!(one.close_frame().map(CloseFrame::code), Some(CloseCode::NORMAL));
    check(&mut two).await;
    drop((one, two));
    assert_pool(&client, (0, 1, 0));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn they_share_a_tunnel_too() {
    let Some(proxy) = Peer::tinyproxy().await else { return };
    let (server, tls) = Server::over_tls(&["h2", "http/1.1"], true).await;
    let through = ProxyConfig::all(format!("http://user:secret@{}", proxy.addr));
    let client = Client::with_config(ClientConfig::default().tls(tls).proxy(through));
    let url = format!("https://localhost:{}/", server.addr.port());
    let mut response = client.get(url).send().await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "hello");
    check(&mut connect(server.request(&client, "wss", "/")).await).await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_stream_counts_among_those_that_the_server_takes() {
    let server = Server::new(true).await;
    let client = Client::with_config(ClientConfig::default().max_connections_per_host(1));
    let request = |path| server.request(&client, "ws", path);
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(connect(request("/")).await);
    }
    let limit = Duration::from_millis(30);
    let late = request("/").options(|options| options.queue_timeout(limit));
    let error = late.connect(&config()).await.unwrap_err();
    let ConnectError::Fetch(error) = error else { panic!("{error:?}") };
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.phase(), landspout_client::Phase::Queue);
    sockets.pop();
    check(&mut connect(request("/")).await).await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_offer_it_is_spoken_to_over_http1() {
    for (versions, connections) in [(&["h2", "http/1.1"][..], 2), (&["http/1.1"], 1)] {
        let (server, tls) = Server::over_tls(versions, false).await;
        let client = client(tls);
        let mut socket = connect(server.request(&client, "wss", "/")).await;
        check(&mut socket).await;
        assert_eq!(server.connections(), connections, "{versions:?}");
        drop(socket);
    }
}

#[tokio::test]
async fn without_being_asked_for_it_is_not_done() {
    let (server, tls) = Server::over_tls(&["h2", "http/1.1"], true).await;
    let client = client(tls);
    let url = format!("https://localhost:{}/", server.addr.port());
    client.get(&url).send().await.unwrap().text().await.unwrap();
    check(&mut connect(client.websocket(url)).await).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_body() {
    let server = Server::new(true).await;
    let client = Client::new();
    let error = server.request(&client, "ws", "/no").connect(&config()).await.unwrap_err();
    let ConnectError::Refused(mut response) = error else { panic!("{error:?}") };
    assert_eq!((response.status().as_u16(), response.version()), (403, http::Version::HTTP_2));
    assert_eq!(response.text().await.unwrap(), "no badge");
    assert_pool(&client, (0, 1, 0));
}

#[tokio::test]
async fn a_stream_that_breaks_off_takes_no_other_along() {
    let server = Server::new(true).await;
    let client = Client::new();
    let mut other = connect(server.request(&client, "ws", "/")).await;
    let mut broken = connect(server.request(&client, "ws", "/reset")).await;
    broken.send("hello").await.unwrap();
    broken.receive().await.unwrap_err();
    drop(broken);
    check(&mut other).await;
    assert_pool(&client, (1, 0, 1));
}

#[tokio::test]
async fn the_handshake_has_a_deadline() {
    let config = config().handshake_timeout(Duration::from_millis(30));
    let client = Client::new();
    let server = Server::new(true).await;
    // One that does not answer, and one that does not even say what it can.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", mute.local_addr().unwrap());
    let mute = client.websocket(url).http_version(HttpVersion::Http2);
    for request in [server.request(&client, "ws", "/hold"), mute] {
        let error = request.connect(&config).await.unwrap_err();
        assert!(matches!(&error, ConnectError::Fetch(error) if error.is_timeout()), "{error:?}");
    }
    check(&mut connect(server.request(&client, "ws", "/")).await).await;
}

#[tokio::test]
async fn hypercorn_opens_them() {
    let python = std::env::var("HTTPBIN_PYTHON").unwrap_or("/usr/bin/python3".to_owned());
    let has_it = Command::new(&python).args(["-c", "import hypercorn"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        return skipped("hypercorn");
    }
    let program = "
async def app(scope, receive, send):
    if scope['type'] != 'websocket':
        return
    await receive()
    await send({'type': 'websocket.accept', 'subprotocol': 'v' + scope['http_version']})
    while True:
        event = await receive()
        if event['type'] == 'websocket.disconnect':
            return
        await send({'type': 'websocket.send', 'text': event['text']})
";
    let peer = Peer::start(&python, |command, addr, folder| {
        std::fs::write(folder.join("app.py"), program).unwrap();
        // Without workers it is one process, which ends with the test.
        command.args(["-m", "hypercorn", "app:app", "--workers", "0"]);
        command.args(["--bind", &addr.to_string()]);
        command.current_dir(folder);
    });
    let Some(peer) = peer.await else { return };
    let config = config().subprotocol("v2").subprotocol("v1.1");
    let client = Client::new();
    for (version, spoken) in [(HttpVersion::Http2, "v2"), (HttpVersion::Negotiate, "v1.1")] {
        let request = client.websocket(format!("ws://{}/", peer.addr)).http_version(version);
        let mut socket = request.connect(&config).await.unwrap();
        assert_eq!(socket.subprotocol(), Some(spoken));
        check(&mut socket).await;
        socket.close(CloseCode::NORMAL, "").await.unwrap();
    }
}
