//! Ways through proxies.

use crate::peer::Peer;
use crate::script::{Act, OK, Server, nobody, write};
use landspout_client::{Client, ClientConfig, FetchError, ProxyConfig};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn through(proxy: impl Into<String>) -> Client {
    Client::with_config(ClientConfig::default().proxy(ProxyConfig::all(proxy)))
}

async fn answering() -> Server {
    Server::play([vec![Act::Read, write(OK), Act::Read, write(OK), Act::Hold]]).await
}

async fn text(client: &Client, url: String) -> Result<String, FetchError> {
    client.get(url).send().await?.text().await
}

#[tokio::test]
async fn an_http_proxy_is_given_the_whole_url() {
    let proxy = answering().await;
    let client = through(format!("http://user:s%20t@{}", proxy.addr));
    let mut response = client.get("http://far.test/news?x=1").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    assert!(response.timings().proxy.is_some() && response.timings().dns.is_none());
    let request = &proxy.requests()[0];
    assert!(request.starts_with("GET http://far.test/news?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("host: far.test\r\n"), "{request}");
    assert!(request.contains("proxy-authorization: Basic dXNlcjpzIHQ=\r\n"), "{request}");
    // The connection to the proxy is used again for the same host.
    client.get("http://far.test/more").send().await.unwrap();
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_request_can_have_a_proxy_of_its_own() {
    let (proxy, server) = (answering().await, answering().await);
    let client = Client::new();
    let own = ProxyConfig::all(proxy.addr.to_string());
    client.get(server.url("/")).proxy(own.clone()).send().await.unwrap();
    client.get(server.url("/")).send().await.unwrap();
    assert_eq!((proxy.requests().len(), server.requests().len()), (1, 1));
    let except = own.except("127.0.0.0/8");
    client.get(server.url("/")).proxy(except).send().await.unwrap();
    assert_eq!((proxy.requests().len(), server.requests().len()), (1, 2));
    // Other options, other connections.
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_has_an_error_of_its_own() {
    let answer =
        "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
    for url in ["http://far.test/", "https://far.test/"] {
        let proxy = Server::answering(answer).await;
        let client = through(format!("http://user:secret@{}", proxy.addr));
        let error = client.get(url).send().await.unwrap_err();
        assert!(error.is_proxy() && error.is_proxy_auth(), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(client.pool_stats().in_use, 0);
    }
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_is_an_error() {
    for answer in ["HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-x\r\n", ""] {
        let proxy = Server::answering(answer).await;
        let client = through(format!("http://{}", proxy.addr));
        let error = client.get("https://far.test/").send().await.unwrap_err();
        assert!(error.is_proxy() && !error.is_proxy_auth() && !error.is_tls(), "{error:?}");
        let request = &proxy.requests()[0];
        assert!(request.starts_with("CONNECT far.test:443 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("host: far.test:443\r\n"), "{request}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_an_error_of_the_proxy() {
    let (addr, _nobody) = nobody();
    for scheme in ["http", "https", "socks5h", "socks4a"] {
        let client = through(format!("{scheme}://u:secret@{addr}"));
        let error = client.get("http://far.test/").send().await.unwrap_err();
        assert!(error.is_proxy() && !error.is_connect(), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    let error = through("gopher://x").get("http://far.test/").send().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
}

/// Reads what a SOCKS client sends, compares it, and answers; then relays nothing, but plays the
/// host itself.
async fn socks(steps: &'static [(&'static [u8], &'static [u8])]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (expected, answer) in steps {
            let mut bytes = vec![0; expected.len()];
            stream.read_exact(&mut bytes).await.unwrap();
            assert_eq!(bytes, *expected);
            stream.write_all(answer).await.unwrap();
        }
        let mut head = [0; 1024];
        let read = stream.read(&mut head).await.unwrap();
        if read > 0 {
            assert!(head.starts_with(b"GET / HTTP/1.1\r\n"));
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    });
    addr
}

#[tokio::test]
async fn socks_5_is_given_the_name_or_the_address() {
    let named = socks(&[
        (b"\x05\x01\0", b"\x05\0"),
        (b"\x05\x01\0\x03\x08far.test\0\x50", b"\x05\0\0\x03\x01x\0\0"),
    ]);
    let client = through(format!("socks5h://{}", named.await));
    assert_eq!(text(&client, "http://far.test/".into()).await.unwrap(), "hello");
    let addressed = socks(&[
        (b"\x05\x02\0\x02", b"\x05\x02"),
        (b"\x01\x04user\x04pass", b"\x01\0"),
        (b"\x05\x01\0\x01\x7f\x01\x02\x03\0\x51", b"\x05\0\0\x01\0\0\0\0\0\0"),
    ]);
    let client = through(format!("socks5://user:pass@{}", addressed.await));
    let request =
        client.get("http://far.test:81/").resolve("far.test", ["127.1.2.3:0".parse().unwrap()]);
    request.send().await.unwrap();
}

#[tokio::test]
async fn socks_4_is_given_the_name_or_the_address() {
    let named = socks(&[(b"\x04\x01\0\x50\0\0\0\x01me\0far.test\0", b"\0\x5a\0\0\0\0\0\0")]);
    let client = through(format!("socks4a://me@{}", named.await));
    assert_eq!(text(&client, "http://far.test/".into()).await.unwrap(), "hello");
    let addressed = socks(&[(b"\x04\x01\0\x50\x7f\x01\x02\x03\0", b"\0\x5a\0\0\0\0\0\0")]);
    let client = through(format!("socks4://{}", addressed.await));
    assert_eq!(text(&client, "http://127.1.2.3/".into()).await.unwrap(), "hello");
}

#[tokio::test]
async fn what_a_socks_proxy_refuses_has_its_name() {
    for (answer, reason) in [
        (b"\x05\x05\0\x01\0\0\0\0\0\0".as_slice(), "the host refused the connection (code 5)"),
        (b"\x05\x63\0\x01\0\0\0\0\0\0", "for a reason of its own (code 99)"),
        (b"\x04\0\0\x01\0\0\0\0\0\0", "does not speak this version of SOCKS"),
        (b"\x05\0\0\x07\0\0\0\0\0\0", "does not speak this version of SOCKS"),
        (b"\x05\0", "broke"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let playing = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 3]).await.unwrap();
            stream.write_all(b"\x05\0").await.unwrap();
            stream.read_exact(&mut [0; 15]).await.unwrap();
            stream.write_all(answer).await.unwrap();
        });
        let client = through(format!("socks5h://{addr}"));
        let error = client.get("http://far.test/").send().await.unwrap_err();
        playing.await.unwrap();
        assert!(error.is_proxy() && format!("{error:?}").contains(reason), "{error:?}");
    }
    let refuses = socks(&[(b"\x05\x02\0\x02", b"\x05\xff")]).await;
    let error = through(format!("socks5h://u:p@{refuses}")).get("http://far.test/").send().await;
    assert!(error.unwrap_err().is_proxy_auth());
}

#[tokio::test(start_paused = true)]
async fn a_slow_proxy_is_a_timeout_of_the_proxy() {
    let proxy = Server::play([vec![Act::Read, Act::Hold]]).await;
    let client = through(proxy.addr.to_string());
    let limit = std::time::Duration::from_millis(30);
    let request = client.get("https://far.test/").connect_timeout(limit);
    let (answer, ()) = tokio::join!(request.send(), proxy.has_read(1));
    let error = answer.unwrap_err();
    assert!(error.is_timeout() && error.is_proxy(), "{error:?}");
    assert_eq!(error.reason(), "timed out after 30ms while connecting through the proxy");
}

#[tokio::test]
async fn tinyproxy_passes_on_and_makes_tunnels() {
    let Some(proxy) = Peer::tinyproxy().await else { return };
    let server = answering().await;
    let client = through(format!("http://user:secret@{}", proxy.addr));
    assert_eq!(text(&client, server.url("/")).await.unwrap(), "hello");
    // A tunnel, though there is no TLS in it.
    let options = landspout_client::RequestOptions::default().tunnel(true);
    let mut response = client.get(server.url("/")).with_options(options).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    assert!(server.requests()[0].to_lowercase().contains("via: "), "{:?}", server.requests());
    assert!(!server.requests()[1].to_lowercase().contains("via: "));
    let client = through(proxy.addr.to_string());
    assert!(text(&client, server.url("/")).await.unwrap_err().is_proxy_auth());
    #[cfg(feature = "tls")]
    {
        let (addr, pem) = crate::tls::server().await;
        let tls = landspout_client::TlsConfig::default().system_roots(false).extra_root(pem);
        let proxy = ProxyConfig::all(format!("http://user:secret@{}", proxy.addr));
        let client = Client::with_config(ClientConfig::default().proxy(proxy).tls(tls));
        let url = format!("https://localhost:{}/", addr.port());
        assert_eq!(text(&client, url).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn microsocks_makes_connections() {
    let proxy = Peer::start("microsocks", |command, addr, _| {
        command.args(["-u", "user", "-P", "secret", "-i"]).arg(addr.ip().to_string());
        command.arg("-p").arg(addr.port().to_string());
    });
    let Some(proxy) = proxy.await else { return };
    let server = answering().await;
    let url = || format!("http://localhost:{}/", server.addr.port());
    for scheme in ["socks5", "socks5h"] {
        let client = through(format!("{scheme}://user:secret@{}", proxy.addr));
        assert_eq!(text(&client, url()).await.unwrap(), "hello");
        let client = through(format!("{scheme}://user:wrong@{}", proxy.addr));
        assert!(text(&client, url()).await.unwrap_err().is_proxy_auth());
    }
    let client = through(format!("socks5h://user:secret@{}", proxy.addr));
    let error = text(&client, "http://127.0.0.1:1/".into()).await.unwrap_err();
    assert!(error.is_proxy() && format!("{error:?}").contains("code 5"), "{error:?}");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn an_https_proxy_is_spoken_to_over_tls() {
    let (addr, pem) = crate::tls::server().await;
    let tls = landspout_client::TlsConfig::default().system_roots(false).extra_root(pem);
    let proxy = ProxyConfig::all(format!("https://localhost:{}", addr.port()));
    let client = Client::with_config(ClientConfig::default().proxy(proxy).tls(tls));
    assert_eq!(text(&client, "http://far.test/".into()).await.unwrap(), "hello");
}
