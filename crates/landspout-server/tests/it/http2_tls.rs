//! HTTP/2 through TLS, chosen by ALPN.

use crate::authority::{Authority, Peer};
use crate::http2_wire::{H2, PREFACE, read};
use crate::wire::{Site, serve_on, within};
use bytes::Bytes;
use http::{Request, Version};
use landspout_server::{Error, Http2Config, Listen, Refusal, ServerConfig, TlsConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type Asked = landspout_server::Request;

const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const OLD: &[&[u8]] = &[b"http/1.1"];

async fn tell(request: Asked) -> Result<String, Error> {
    let (version, scheme) = (request.version(), request.scheme());
    let body = request.into_body().bytes().await?;
    Ok(format!("{version:?} {scheme} {}", body.len()))
}

fn serve(authority: &Authority, config: ServerConfig) -> Site {
    let tls = TlsConfig::default().certificates(vec![authority.issue(&["a.test"])]);
    serve_on(Listen::new("127.0.0.1:0".parse().unwrap()).tls(tls), config, tell)
}

fn offering(authority: &Authority, protocols: &'static [&'static [u8]]) -> Peer {
    let mut peer = authority.client();
    peer.protocols = protocols;
    peer
}

async fn connect(site: &Site, peer: &Peer) -> H2 {
    let stream = peer.connect(site.addr, "a.test").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    H2::over(stream, h2::client::Builder::new()).await
}

#[tokio::test(flavor = "local")]
async fn a_client_that_offers_it_gets_it() {
    let authority = Authority::new();
    let site = serve(&authority, ServerConfig::default());
    let mut client = connect(&site, &offering(&authority, BOTH)).await;
    let answer = client.get("https://a.test/").await;
    assert_eq!(answer.body, "HTTP/2.0 https 0");
    assert_eq!(answer.head.version(), Version::HTTP_2);
    drop(client);
    assert_eq!(site.stop().await.cut, 0);
}

#[tokio::test(flavor = "local")]
async fn requests_and_large_bodies_share_a_connection() {
    let authority = Authority::new();
    let site = serve(&authority, ServerConfig::default());
    let mut client = connect(&site, &offering(&authority, BOTH)).await;
    let upload = Request::post("https://a.test/").body(()).unwrap();
    let (answer, mut body) = client.open(upload).await;
    let mut sent = 0;
    while sent < 1 << 20 {
        body.reserve_capacity(64 << 10);
        let len = within(std::future::poll_fn(|cx| body.poll_capacity(cx))).await.unwrap().unwrap();
        body.send_data(Bytes::from(vec![b'x'; len.min((1 << 20) - sent)]), false).unwrap();
        sent += len.min((1 << 20) - sent);
        assert_eq!(client.get("https://a.test/").await.body, "HTTP/2.0 https 0");
    }
    body.send_data(Bytes::new(), true).unwrap();
    assert_eq!(read(answer).await.unwrap().body, format!("HTTP/2.0 https {}", 1 << 20));
}

#[tokio::test(flavor = "local")]
async fn a_client_of_another_name_is_told_421_where_names_are_set() {
    let authority = Authority::new();
    let site = serve(&authority, ServerConfig::default().hosts(vec!["a.test".to_owned()]));
    let mut client = connect(&site, &offering(&authority, BOTH)).await;
    assert_eq!(client.get("https://b.test/").await.status(), 421);
    assert_eq!(client.get("https://a.test/").await.status(), 200);
}

#[tokio::test(flavor = "local")]
async fn without_an_offer_it_is_http_1() {
    let authority = Authority::new();
    let off = ServerConfig::default().http2(Http2Config::default().enabled(false));
    for (config, protocols, agreed) in [
        (ServerConfig::default(), &[][..], None),
        (ServerConfig::default(), OLD, Some(&b"http/1.1"[..])),
        (off, BOTH, Some(&b"http/1.1"[..])),
    ] {
        let site = serve(&authority, config);
        let peer = offering(&authority, protocols);
        let mut stream = peer.connect(site.addr, "a.test").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed);
        let request = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        within(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.ends_with("HTTP/1.1 https 0"), "{answer}");
    }
}

#[tokio::test(flavor = "local")]
async fn the_preface_after_an_agreement_on_http_1_is_no_request() {
    let authority = Authority::new();
    let site = serve(&authority, ServerConfig::default());
    let peer = offering(&authority, OLD);
    let mut stream = peer.connect(site.addr, "a.test").await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "", "there is no answer that it would understand");
    assert_eq!(site.refusals.count(Refusal::BadRequest), 1);
}

#[tokio::test(flavor = "local")]
async fn a_client_that_closes_its_connection_is_not_cut() {
    let authority = Authority::new();
    let site = serve(&authority, ServerConfig::default());
    let mut client = connect(&site, &offering(&authority, BOTH)).await;
    client.get("https://a.test/").await;
    let ending = client.ending;
    site.handle.shutdown();
    within(ending).await.unwrap().unwrap();
    assert_eq!(within(site.serving).await.unwrap().cut, 0);
}
