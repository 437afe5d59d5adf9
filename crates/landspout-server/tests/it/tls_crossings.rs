//! TLS with everything that comes before, behind and beside it.

use crate::authority::{Authority, Peer};
#[cfg(feature = "http2")]
use crate::http2_wire::H2;
use crate::wire::{Client, Site, serve_on, within};
use landspout_server::{
    Error, Listen, ProxyConfig, Refusal, Request, Response, ServerConfig, TlsConfig,
};
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

fn listen(authority: &Authority) -> Listen {
    let tls = TlsConfig::default().certificates(vec![authority.issue(&["a.test"])]);
    "127.0.0.1:0".parse::<Listen>().unwrap().tls(tls)
}

async fn who(request: Request) -> String {
    let client = request.client_ip().map_or("?".to_owned(), |addr| addr.to_string());
    format!("{client} {} {:?}", request.scheme(), request.version())
}

async fn shake(peer: &Peer, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("a.test").unwrap();
    TlsConnector::from(peer.config()).connect(name, stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

#[tokio::test(flavor = "local", start_paused = true)]
async fn more_connections_than_keep_parsers_are_all_answered() {
    let authority = Authority::new();
    let site = serve_on(listen(&authority), ServerConfig::default(), who);
    let peer = authority.client();
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = peer.connect(site.addr, "a.test").await.unwrap();
        assert!(ask(&mut client, GET).await.starts_with("HTTP/1.1 200"));
        clients.push(client);
    }
    for client in &mut clients {
        assert!(ask(client, GET).await.contains("HTTP/1.1 200"));
    }
    // Two at a time, and then the end, which comes with them.
    for mut client in clients {
        client.write_all(GET.repeat(2).as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let mut rest = String::new();
        within(client.read_to_string(&mut rest)).await.unwrap();
        assert_eq!(rest.matches("HTTP/1.1 200").count(), 2, "{rest}");
    }
    assert_eq!(site.stop().await.cut, 0);
}

#[tokio::test(flavor = "local")]
async fn a_proxy_may_speak_before_the_handshake() {
    let authority = Authority::new();
    let proxies = ProxyConfig::default().trust("127.0.0.1".parse().unwrap());
    let config = ServerConfig::default().proxies(proxies).address_connections(1);
    let site = serve_on(listen(&authority).proxy_protocol(true), config, who);
    let shaken = async |preamble: &[u8]| {
        let mut stream = site.connect().await.stream;
        stream.write_all(preamble).await.unwrap();
        within(shake(&authority.client(), stream)).await
    };
    let first = b"PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n";
    let mut stream = shaken(first).await.unwrap();
    let close = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    assert!(shaken(first).await.is_err(), "one address, one connection");
    assert_eq!(site.refusals.count(Refusal::PerAddress), 1);
    stream.write_all(close.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("192.0.2.1 https HTTP/1.1"), "{answer}");

    assert!(shaken(b"").await.is_err(), "without a preamble");
    assert_eq!(site.refusals.count(Refusal::ProxyProtocol), 1);
    assert!(shaken(b"PROXY UNKNOWN\r\n").await.is_ok());
}

#[tokio::test(flavor = "local")]
async fn a_connection_too_many_is_closed_without_clear_text() {
    let authority = Authority::new();
    let site = serve_on(listen(&authority), ServerConfig::default().max_connections(1), who);
    // One that is still shaking hands counts.
    let first = site.connect().await;
    let mut second = site.connect().await;
    assert_eq!(second.rest().await, "");
    assert_eq!(site.refusals.count(Refusal::TooManyConnections), 1);
    drop(first);
    loop {
        if let Ok(mut stream) = authority.client().connect(site.addr, "a.test").await {
            assert!(ask(&mut stream, GET).await.starts_with("HTTP/1.1 200"));
            return;
        }
    }
}

#[tokio::test(flavor = "local")]
async fn an_early_413_reaches_a_client_that_still_sends() {
    let authority = Authority::new();
    let config = ServerConfig::default().body_bytes(10);
    let site = serve_on(listen(&authority), config, async |request: Request| {
        request.into_body().bytes().await.map(|_| "read").map_err(Error::from)
    });
    let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let sending = tokio::task::spawn_local(async move {
        let head = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4194304\r\n\r\n";
        let _ = writing.write_all(head.as_bytes()).await;
        let _ = writing.write_all(&vec![b'x'; 4 << 20]).await;
        writing
    });
    let mut answer = String::new();
    within(reading.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    within(sending).await.unwrap();
}

#[tokio::test(flavor = "local")]
async fn a_connection_may_be_upgraded() {
    let authority = Authority::new();
    let site =
        serve_on(listen(&authority), ServerConfig::default(), async |mut request: Request| {
            let upgrade = request.take_upgrade().unwrap();
            tokio::task::spawn_local(async move {
                let mut io = upgrade.await.unwrap();
                let mut said = [0; 5];
                io.read_exact(&mut said).await.unwrap();
                io.write_all(&said).await.unwrap();
                io.flush().await.unwrap();
                io.shutdown().await
            });
            Response::empty(101)
        });
    let mut stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    let ask_upgrade =
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello";
    assert!(ask(&mut stream, ask_upgrade).await.starts_with("HTTP/1.1 101"));
    let mut heard = String::new();
    within(stream.read_to_string(&mut heard)).await.unwrap();
    assert_eq!(heard, "hello");
}

#[tokio::test(flavor = "local")]
async fn a_client_that_takes_nothing_is_reset_and_one_that_is_slow_is_not() {
    const LARGE: usize = 16 << 20;
    let authority = Authority::new();
    let config = ServerConfig::default().write_timeout(Duration::from_secs(2)).write_rate(0);
    let site = serve_on(listen(&authority), config, async |_: Request| vec![b'x'; LARGE]);
    let mut slow = authority.client().connect(site.addr, "a.test").await.unwrap();
    let mut stuck = authority.client().connect(site.addr, "a.test").await.unwrap();
    stuck.write_all(GET.as_bytes()).await.unwrap();
    ask(&mut slow, GET).await;
    let (mut len, mut piece) = (0, vec![0; 4 << 20]);
    while len < LARGE {
        let end = piece.len().min(LARGE - len);
        within(slow.read_exact(&mut piece[..end])).await.unwrap();
        len += end;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    within(async {
        while site.refusals.count(Refusal::WriteTimeout) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(site.refusals.count(Refusal::WriteTimeout), 1);
    let mut answer = Vec::new();
    assert!(within(stuck.read_to_end(&mut answer)).await.is_err(), "{} bytes", answer.len());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_drain_ends_connections_and_handshakes() {
    let authority = Authority::new();
    let config = ServerConfig::default().drain_grace(Duration::from_millis(50));
    let site = serve_on(listen(&authority), config, who);
    let mut idle = authority.client().connect(site.addr, "a.test").await.unwrap();
    ask(&mut idle, GET).await;
    let _shaking = site.connect().await;
    let report = site.stop().await;
    assert_eq!((report.finished, report.cut), (2, 0));
}

#[cfg(feature = "http2")]
#[tokio::test(flavor = "local")]
async fn http_2_is_spoken_where_both_want_it() {
    let authority = Authority::new();
    let mut peer = authority.client();
    peer.protocols = &[b"h2", b"http/1.1"];
    for enabled in [true, false] {
        let limits = landspout_server::Http2Config::default().enabled(enabled);
        let config = ServerConfig::default().http2(limits);
        let own = landspout_server::Tls::new(listen(&authority).tls.unwrap()).unwrap();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = landspout_server::Listener::from(socket).tls(own);
        let server = landspout_server::Server::from_listeners([listener], config.clone(), 1);
        let server = server.unwrap().pop().unwrap();
        let made_by_hand = server.local_addr();
        tokio::task::spawn_local(server.serve(who));
        let site = serve_on(listen(&authority), config, who);
        for addr in [site.addr, made_by_hand] {
            let mut stream = peer.connect(addr, "a.test").await.unwrap();
            let agreed = stream.get_ref().1.alpn_protocol().unwrap().to_vec();
            assert_eq!(agreed == b"h2", enabled, "at {addr}");
            if enabled {
                let mut client = H2::over(stream, h2::client::Builder::new()).await;
                assert_eq!(client.get("https://a.test/").await.body, "127.0.0.1 https HTTP/2.0");
            } else {
                assert!(ask(&mut stream, GET).await.starts_with("HTTP/1.1 200"));
            }
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "local")]
async fn a_unix_socket_may_be_encrypted() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let tls = listen(&authority).tls.unwrap();
    let file = format!("unix:{}", path.display()).parse::<Listen>().unwrap().tls(tls);
    let site: Site = serve_on([file, "127.0.0.1:0".parse().unwrap()], ServerConfig::default(), who);
    let name = ServerName::try_from("a.test").unwrap();
    let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let connector = TlsConnector::from(authority.client().config());
    let mut stream = within(connector.connect(name, stream)).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("? https HTTP/1.1"), "{answer}");
    let _: Client = site.connect().await;
}
