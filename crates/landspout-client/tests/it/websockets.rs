//! WebSockets: what opens one, and what does not.

use crate::peer::Peer;
use crate::script::{Act, Server, write};
#[cfg(feature = "tls")]
use landspout_client::TlsConfig;
use landspout_client::websocket::{
    CloseCode, CloseFrame, Config, ConnectError, DeflateConfig, HandshakeError, Message,
    ReconnectConfig, Upgraded, WebSocket,
};
use landspout_client::{Client, ClientConfig, ProxyConfig, Request, Response};
use landspout_websocket::Offer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that sends every message back, to as many as come.
async fn echo(config: Config) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let config = config.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = WebSocket::accept(stream, &config).await else { return };
                while let Ok(Some(message)) = socket.receive().await {
                    socket.send(message).await.unwrap();
                }
            });
        }
    });
    addr
}

async fn connect(url: String) -> Result<WebSocket<Upgraded>, ConnectError> {
    Client::new().websocket(url).connect(&Config::default()).await
}

#[tokio::test]
async fn messages_go_and_come() {
    let addr = echo(Config::default()).await;
    for scheme in ["ws", "WS", "http"] {
        let mut socket = connect(format!("{scheme}://{addr}/chat?room=1")).await.unwrap();
        for text in ["one", "", "three"] {
            socket.send(text).await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
        }
        socket.close(CloseCode::NORMAL, "done").await.unwrap();
    }
}

#[tokio::test]
async fn subprotocols_and_compression_are_agreed_on() {
    let server = Config::default().subprotocol("v2").deflate(DeflateConfig::default());
    let addr = echo(server).await;
    let config =
        Config::default().subprotocol("v1").subprotocol("v2").deflate(DeflateConfig::default());
    let request = Client::new().websocket(format!("ws://{addr}/"));
    let mut socket = request.connect(&config).await.unwrap();
    assert_eq!(socket.subprotocol(), Some("v2"));
    let long = "to and fro ".repeat(10_000);
    socket.send(long.clone()).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(Message::from(long)));
}

/// Frames that a server sends at once come in one piece with its answer.
#[tokio::test]
async fn what_comes_with_the_answer_is_received() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let len = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..len]).into_owned();
        let mut headers = http::HeaderMap::new();
        for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let (get, version) = (http::Method::GET, http::Version::HTTP_11);
        let accepted = Offer::read(&get, version, &headers).unwrap().accept(&Config::default());
        let mut answer = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
        for (name, value) in &accepted.unwrap().headers {
            answer += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        // A text frame without a mask.
        answer += "\r\n";
        let answer = [answer.as_bytes(), b"\x81\x05hello"].concat();
        stream.write_all(&answer).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    });
    let mut socket = connect(format!("ws://{addr}/")).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(Message::from("hello")));
}

#[tokio::test]
async fn the_request_says_what_the_caller_wants_it_to_say() {
    let server = Server::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let request = Client::new().websocket(format!("ws://me:secret@{}/a?b=c", server.addr));
    let request = request.header("origin", "https://page.example").header("cookie", "a=b");
    request.connect(&Config::default()).await.unwrap_err();
    let seen = &server.requests()[0];
    for part in [
        "GET /a?b=c HTTP/1.1\r\n",
        "connection: Upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-version: 13\r\n",
        "sec-websocket-key: ",
        "authorization: Basic bWU6c2VjcmV0\r\n",
        "origin: https://page.example\r\n",
        "cookie: a=b\r\n",
    ] {
        assert!(seen.contains(part), "no {part} in {seen}");
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_with_its_body() {
    let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno badge\n";
    let server = Server::answering(answer).await;
    let error = connect(server.url("/")).await.unwrap_err();
    assert!(!error.may_pass());
    assert_eq!(error.to_string(), "the server opens no WebSocket, but answers 401 Unauthorized");
    let ConnectError::Refused(mut response) = error else { panic!("{error:?}") };
    assert_eq!(response.text().await.unwrap(), "no badge\n");
}

#[tokio::test]
async fn an_answer_that_opens_another_websocket_is_an_error() {
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
    for (more, expected) in [
        ("", HandshakeError::Accept),
        ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", HandshakeError::Accept),
    ] {
        let server = Server::play([vec![Act::Read, write(format!("{head}{more}\r\n")), Act::Hold]]);
        let error = connect(server.await.url("/")).await.unwrap_err();
        let ConnectError::Handshake(error) = error else { panic!("{error:?}") };
        assert_eq!(error.to_string(), expected.to_string());
    }
}

#[tokio::test]
async fn redirects_are_followed_where_that_is_asked_for_only() {
    let addr = echo(Config::default()).await;
    let away =
        format!("HTTP/1.1 307 Away\r\nLocation: http://{addr}/\r\nContent-Length: 0\r\n\r\n");
    let server = Server::play([vec![Act::Read, write(away)]]).await;
    let error = connect(server.url("/")).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Refused(response) if response.status() == 307));
    let request = Client::new().websocket(server.url("/")).max_redirects(1);
    let mut socket = request.connect(&Config::default()).await.unwrap();
    socket.send("here").await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(Message::from("here")));
}

#[tokio::test]
async fn a_handshake_has_a_deadline() {
    let server = Server::play([vec![Act::Read, Act::Hold]]).await;
    let config = Config::default().handshake_timeout(Duration::from_millis(20));
    let error = Client::new().websocket(server.url("/")).connect(&config).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Fetch(error) if error.is_timeout()), "{error:?}");
    assert!(error.may_pass());
    server.until(|server| server.open() == 0).await;
}

#[tokio::test(flavor = "local")]
async fn a_handler_in_memory_can_be_talked_to() {
    let client = Client::over(|mut request: Request| async move {
        let config = Config::default();
        let offer = Offer::read(request.method(), request.version(), request.headers());
        let accepted = offer.unwrap().accept(&config).unwrap();
        let upgrade = request.take_upgrade().unwrap();
        tokio::task::spawn_local(async move {
            let io = upgrade.await.unwrap();
            WebSocket::new(io, accepted.agreement, &config).send("welcome").await.unwrap();
        });
        let mut response = Response::empty(101);
        *response.headers_mut() = accepted.headers;
        response
    });
    let mut socket = client.websocket("/chat").connect(&Config::default()).await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some(Message::from("welcome")));
}

#[test]
fn they_can_go_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    let config = Config::default();
    let request = || Client::new().websocket("ws://localhost/");
    is_send(&request().connect(&config));
    let mut socket = request().reconnect(Config::default(), ReconnectConfig::default());
    is_send(&socket.sender());
    is_send(&socket);
    is_send(&socket.receive());
    fn of_open(socket: &mut WebSocket<Upgraded>) {
        is_send(socket);
        is_send(&socket.receive());
    }
    let _: fn(&mut WebSocket<Upgraded>) = of_open;
}

#[tokio::test]
async fn a_handshake_has_no_body_whatever_the_request_has() {
    let server = Server::answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await;
    let replay = landspout_client::Replay::new(|| "a body".into());
    let request = Client::new().websocket(server.url("/")).body("another").replay(replay);
    request.connect(&Config::default()).await.unwrap_err();
    assert!(server.requests()[0].ends_with("\r\n\r\n"), "{:?}", server.requests());
    assert!(!server.requests()[0].to_lowercase().contains("content-length"));
}

/// As [`echo`], for `localhost` over TLS and with a liking for HTTP/2; and its certificate as PEM.
#[cfg(feature = "tls")]
async fn echo_over_tls() -> (SocketAddr, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (mut tls, pem) = crate::tls::identity();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                let config = Config::default();
                let Ok(mut socket) = WebSocket::accept(stream, &config).await else { return };
                while let Ok(Some(message)) = socket.receive().await {
                    socket.send(message).await.unwrap();
                }
            });
        }
    });
    (addr, pem)
}

/// Sends messages of several sizes, and closes in order.
async fn check_echo(client: &Client, url: &str) {
    let mut socket = client.websocket(url).connect(&Config::default()).await.unwrap();
    for text in ["one".to_owned(), String::new(), "to and fro ".repeat(20_000)] {
        socket.send(text.clone()).await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some(Message::from(text)));
    }
    socket.close(CloseCode::NORMAL, "done").await.unwrap();
    assert_eq!(socket.close_frame().map(CloseFrame::code), Some(CloseCode::NORMAL));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn wss_is_https_and_speaks_http1_where_the_server_would_rather_speak_http2() {
    let (addr, pem) = echo_over_tls().await;
    let tls = TlsConfig::default().system_roots(false).extra_root(pem);
    let client = Client::with_config(ClientConfig::default().tls(tls));
    let url = format!("wss://localhost:{}/chat", addr.port());
    check_echo(&client, &url).await;
    let error = connect(url).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Fetch(error) if error.is_tls()), "{error:?}");
}

/// RFC 6455 §4.1: a proxy is asked for a tunnel, in clear text too.
#[tokio::test]
async fn tinyproxy_lets_websockets_through_in_a_tunnel() {
    let Some(proxy) = Peer::tinyproxy().await else { return };
    let through = |credentials| ProxyConfig::all(format!("http://{credentials}{}", proxy.addr));
    let config = ClientConfig::default().proxy(through("user:secret@"));
    let addr = echo(Config::default()).await;
    let url = format!("ws://{addr}/chat");
    check_echo(&Client::with_config(config.clone()), &url).await;
    #[cfg(feature = "tls")]
    {
        let (addr, pem) = echo_over_tls().await;
        let tls = TlsConfig::default().system_roots(false).extra_root(pem);
        let client = Client::with_config(config.tls(tls));
        check_echo(&client, &format!("wss://localhost:{}/chat", addr.port())).await;
    }
    let stranger = Client::with_config(ClientConfig::default().proxy(through("")));
    let error = stranger.websocket(url).connect(&Config::default()).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Fetch(error) if error.is_proxy_auth()), "{error:?}");
}
