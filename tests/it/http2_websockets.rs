//! WebSockets over streams of HTTP/2 (RFC 8441), through server and application, with another
//! project's HTTP/2 at the other end: in clear text and over TLS.

use bytes::Bytes;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Request, StatusCode};
use landspout::Server;
use landspout::client::websocket::{CloseCode, CloseFrame, Config, DeflateConfig, Message};
use landspout::client::{self, Client, HttpVersion, RequestOptions};
use landspout::event_loop::{EventLoop, spawn};
use landspout::server::{DrainReport, Listen, ServerHandle, TlsConfig};
use landspout::web::Application;
use landspout::web::websocket::{Sender, Socket, Upgraded, WebSocketHandler, class, websocket};
use landspout::websocket::{Opening, WebSocket};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// The certificate of the test's server, for `localhost`.
struct Certificate {
    folder: tempfile::TempDir,
    roots: RootCertStore,
}

impl Certificate {
    fn new() -> Certificate {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        Certificate { folder, roots }
    }

    fn listen(&self) -> Listen {
        let file = |name| self.folder.path().join(name);
        let address: Listen = "127.0.0.1:0".parse().unwrap();
        address.tls(TlsConfig::new(file("cert.pem"), file("key.pem")))
    }

    /// Connects as a browser does: what is spoken is agreed on in the TLS handshake.
    async fn connect(&self, addr: SocketAddr) -> Http2 {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(addr).await.unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Http2::over(stream, format!("https://localhost:{}", addr.port())).await
    }
}

/// A connection of HTTP/2 that allows extended CONNECT.
struct Http2 {
    client: SendRequest<Bytes>,
    base: String,
    ending: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    async fn over<Io>(io: Io, base: String) -> Http2
    where
        Io: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let (client, connection) = h2::client::handshake(io).await.unwrap();
        let ending = tokio::task::spawn_local(connection);
        let mut http2 = Http2 { client, base, ending };
        // The settings that allow it have come with the first answer at the latest.
        assert_eq!(http2.status("/none").await, 404);
        assert!(http2.client.is_extended_connect_protocol_enabled());
        http2
    }

    async fn clear_text(addr: SocketAddr) -> Http2 {
        Http2::over(TcpStream::connect(addr).await.unwrap(), format!("http://{addr}")).await
    }

    async fn status(&mut self, path: &str) -> StatusCode {
        let request = Request::get(format!("{}{path}", self.base)).body(()).unwrap();
        self.client.send_request(request, true).unwrap().0.await.unwrap().status()
    }

    /// Asks for a WebSocket, as a page of `origin` does.
    async fn connect(
        &mut self,
        path: &str,
        origin: &str,
        config: &Config,
    ) -> Result<WebSocket<DuplexStream>, StatusCode> {
        let opening = Opening::over_connect(config);
        let mut request = Request::connect(format!("{}{path}", self.base))
            .header("origin", origin)
            .extension(Protocol::from_static("websocket"))
            .body(())
            .unwrap();
        request.headers_mut().extend(opening.headers());
        let (answer, sending) = self.client.send_request(request, false).unwrap();
        let (head, receiving) = answer.await.unwrap().into_parts();
        if head.status != 200 {
            return Err(head.status);
        }
        for name in ["connection", "upgrade", "sec-websocket-accept", "content-length"] {
            assert!(!head.headers.contains_key(name), "{name}");
        }
        let agreement = opening.finish(head.status, &head.headers).unwrap();
        Ok(WebSocket::new(tunnel(sending, receiving), agreement, config))
    }

    /// As [`connect`](Http2::connect), as a page of the same host.
    async fn open(&mut self, path: &str, config: &Config) -> WebSocket<DuplexStream> {
        let origin = self.base.clone();
        self.connect(path, &origin, config).await.unwrap()
    }
}

/// The two directions of a stream of HTTP/2 as one of bytes.
fn tunnel(mut sending: SendStream<Bytes>, mut receiving: RecvStream) -> DuplexStream {
    let (near, far) = duplex(64 * 1024);
    let (mut outward, mut inward) = tokio::io::split(far);
    drop(spawn(async move {
        let mut buf = vec![0; 16 * 1024];
        loop {
            let len = outward.read(&mut buf).await.unwrap_or(0);
            let mut left = Bytes::copy_from_slice(&buf[..len]);
            while !left.is_empty() {
                sending.reserve_capacity(left.len());
                let room = std::future::poll_fn(|cx| sending.poll_capacity(cx)).await;
                let Some(Ok(room)) = room else { return };
                let piece = left.split_to(room.min(left.len()));
                sending.send_data(piece, false).unwrap();
            }
            if len == 0 {
                let _ = sending.send_data(Bytes::new(), true);
                return;
            }
        }
    }));
    drop(spawn(async move {
        while let Some(Ok(piece)) = receiving.data().await {
            receiving.flow_control().release_capacity(piece.len()).unwrap();
            if inward.write_all(&piece).await.is_err() {
                return;
            }
        }
        let _ = inward.shutdown().await;
    }));
    near
}

async fn echo(_: landspout::Request, socket: &mut Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        if message.as_text() == Some("enough") {
            return;
        }
        socket.send(message).await.unwrap();
    }
}

/// Says hello, and lets the pages of a friend in.
struct Friendly;

impl WebSocketHandler for Friendly {
    fn check_origin(&self, origin: &str) -> bool {
        origin == "https://friend.example"
    }

    fn select_subprotocol(&self, offered: &[String]) -> Option<String> {
        offered.last().cloned()
    }

    async fn open(&mut self, request: landspout::Request, sender: &Sender<Upgraded>) {
        assert_eq!(request.version(), http::Version::HTTP_2);
        sender.send("welcome").await.unwrap();
    }

    async fn on_message(&mut self, message: Message, sender: &Sender<Upgraded>) {
        sender.send(message).await.unwrap();
    }
}

struct Site {
    handle: ServerHandle,
    serving: JoinHandle<DrainReport>,
    http2: Http2,
    /// The certificate, as PEM.
    pem: String,
}

/// Runs the test on a loop that serves an application: with a connection in clear text, whose
/// client knew that HTTP/2 is spoken, and with one over TLS.
fn on_both(test: impl AsyncFn(Site)) {
    let certificate = Certificate::new();
    EventLoop::new().unwrap().run_until(async {
        for is_encrypted in [false, true] {
            let clear = || "127.0.0.1:0".parse().unwrap();
            let listen = if is_encrypted { certificate.listen() } else { clear() };
            let server = Server::bind(listen).unwrap();
            let (addr, handle) = (server.local_addr(), server.handle());
            let config = Config::default().deflate(DeflateConfig::default());
            let application = Application::new()
                .route("/echo", websocket(echo).config(config))
                .route("/friend", class(|| Friendly));
            let serving = tokio::task::spawn_local(server.serve(application));
            let http2 = match is_encrypted {
                true => certificate.connect(addr).await,
                false => Http2::clear_text(addr).await,
            };
            let pem = std::fs::read_to_string(certificate.folder.path().join("cert.pem")).unwrap();
            test(Site { handle, serving, http2, pem }).await;
        }
    });
}

async fn check_echo(socket: &mut WebSocket<DuplexStream>, text: impl Into<Message>) {
    let text = text.into();
    socket.send(text.clone()).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(text));
}

#[test]
fn messages_go_and_come_until_one_side_closes() {
    on_both(async |mut site| {
        let mut socket = site.http2.open("/echo", &Config::default()).await;
        for text in ["one", "", "three"] {
            check_echo(&mut socket, text).await;
        }
        socket.close(CloseCode::NORMAL, "done").await.unwrap();

        let mut socket = site.http2.open("/echo", &Config::default()).await;
        socket.send("enough").await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), None);
        assert_eq!(socket.close_frame().map(CloseFrame::code), Some(CloseCode::NORMAL));
        // The connection goes on without them.
        assert_eq!(site.http2.status("/none").await, 404);
    });
}

/// Larger than what flow control lets through at once, in both directions.
#[test]
fn large_messages_wait_for_room() {
    on_both(async |mut site| {
        let config = Config::default().deflate(DeflateConfig::default());
        for config in [Config::default(), config] {
            let mut socket = site.http2.open("/echo", &config).await;
            let noise: Vec<u8> = (0..800_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
            check_echo(&mut socket, noise).await;
            check_echo(&mut socket, "to and fro ".repeat(20_000)).await;
        }
    });
}

#[test]
fn many_share_a_connection_and_none_hears_another() {
    on_both(async |mut site| {
        let mut sockets = Vec::new();
        for _ in 0..50 {
            sockets.push(site.http2.open("/echo", &Config::default()).await);
        }
        for (number, socket) in sockets.iter_mut().enumerate() {
            socket.send(format!("message {number}")).await.unwrap();
        }
        for (number, socket) in sockets.iter_mut().enumerate().rev() {
            let heard = socket.receive().await.unwrap();
            assert_eq!(heard, Some(Message::from(format!("message {number}"))));
        }
    });
}

#[test]
fn pages_of_other_hosts_are_refused() {
    on_both(async |mut site| {
        let config = Config::default();
        for origin in ["https://elsewhere.example", "null"] {
            for path in ["/echo", "/friend"] {
                let refused = site.http2.connect(path, origin, &config).await;
                assert_eq!(refused.unwrap_err(), StatusCode::FORBIDDEN);
            }
        }
        let welcome = site.http2.connect("/friend", "https://friend.example", &config).await;
        assert_eq!(welcome.unwrap().receive().await.unwrap(), Some(Message::from("welcome")));
    });
}

#[test]
fn a_class_chooses_its_subprotocol() {
    on_both(async |mut site| {
        let config = Config::default().subprotocol("chat.1").subprotocol("chat.2");
        let mut socket = site.http2.open("/friend", &config).await;
        assert_eq!(socket.subprotocol(), Some("chat.2"));
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from("welcome")));
        check_echo(&mut socket, "hello").await;
    });
}

#[test]
fn a_server_that_stops_tells_each_and_cuts_none_off() {
    on_both(async |mut site| {
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(site.http2.open("/echo", &Config::default()).await);
        }
        let mut gone = site.http2.open("/echo", &Config::default()).await;
        check_echo(&mut gone, "hello").await;
        drop(gone);
        site.handle.shutdown();
        for mut socket in sockets {
            assert_eq!(socket.receive().await.unwrap(), None);
            assert_eq!(socket.close_frame().map(CloseFrame::code), Some(CloseCode::GOING_AWAY));
        }
        drop(site.http2.client);
        assert_eq!(site.serving.await.unwrap().cut, 0);
        site.http2.ending.await.unwrap().unwrap();
    });
}

/// With this toolkit's client, which has nothing in common with the server but the codec.
#[test]
fn the_client_opens_them_beside_its_other_requests() {
    on_both(async |site| {
        let tls = client::TlsConfig::default().system_roots(false).extra_root(site.pem);
        let client = Client::with_config(client::ClientConfig::default().tls(tls));
        let options = RequestOptions::default().http_version(HttpVersion::Http2);
        let client = client.with_defaults(options);
        let url = |path| format!("{}{path}", site.http2.base);
        let config = Config::default().deflate(DeflateConfig::default());
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(client.websocket(url("/echo")).connect(&config).await.unwrap());
            assert_eq!(client.get(url("/none")).send().await.unwrap().status(), 404);
        }
        for socket in &mut sockets {
            let long = Message::from("to and fro ".repeat(50_000));
            socket.send(long.clone()).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(long));
        }
        let stats = client.pool_stats();
        assert_eq!((stats.in_use, stats.streams), (1, 3));
        sockets[0].close(CloseCode::NORMAL, "done").await.unwrap();
        drop(sockets);
        assert_eq!(client.pool_stats().streams, 0);
    });
}
