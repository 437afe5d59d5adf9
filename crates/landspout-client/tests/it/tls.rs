//! https, with certificates made for the test.

use crate::script::{OK, direct};
use landspout_client::{Client, ClientConfig, TlsConfig};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server for `localhost` that answers each connection once, and its certificate as PEM.
pub(crate) async fn server() -> (SocketAddr, String) {
    server_answering(OK.to_owned()).await
}

/// The TLS of a server for `localhost`, and its certificate as PEM.
pub(crate) fn identity() -> (rustls::ServerConfig, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (config, cert.pem())
}

async fn server_answering(answer: String) -> (SocketAddr, String) {
    let (config, pem) = identity();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = [0; 1024];
                if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    stream.shutdown().await.unwrap();
                }
            });
        }
    });
    (addr, pem)
}

fn client(tls: TlsConfig) -> Client {
    Client::with_config(ClientConfig::default().tls(tls))
}

fn none() -> TlsConfig {
    TlsConfig::default().system_roots(false)
}

#[tokio::test]
async fn a_certificate_of_a_given_root_is_trusted() {
    let (addr, pem) = server().await;
    let url = format!("https://localhost:{}/", addr.port());
    let mut response = client(none().extra_root(pem)).get(url).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    assert!(response.timings().tls.is_some());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not() {
    let (addr, _) = server().await;
    let url = format!("https://localhost:{}/", addr.port());
    for tls in [none(), TlsConfig::default()] {
        let error = client(tls).get(&url).send().await.unwrap_err();
        assert!(error.is_tls() && !error.is_connect() && !error.is_timeout(), "{error:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not() {
    let (addr, pem) = server().await;
    let error = client(none().extra_root(&*pem)).get(format!("https://{addr}/")).send().await;
    assert!(error.unwrap_err().is_tls());
    let config = direct().tls(none().extra_root(pem)).resolve("other.test", [addr]);
    let error = Client::with_config(config).get("https://other.test/").send().await.unwrap_err();
    assert!(error.is_tls(), "{error:?}");
}

#[tokio::test]
async fn anybody_is_trusted_where_that_is_asked_for() {
    let (addr, _) = server().await;
    let client = client(none().danger_accept_invalid_certs(true));
    client.get(format!("https://{addr}/")).send().await.unwrap();
}

#[tokio::test]
async fn a_root_that_is_none_fails_and_says_so() {
    let (addr, _) = server().await;
    for pem in ["nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let client = client(none().extra_root(pem));
        let error = client.get(format!("https://{addr}/")).send().await.unwrap_err();
        assert!(error.is_tls() && std::error::Error::source(&error).is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_an_error_of_tls() {
    let plain = crate::script::Server::play([vec![crate::script::write("no TLS here\r\n")]]).await;
    let error = client(none()).get(format!("https://{}/", plain.addr)).send().await.unwrap_err();
    assert!(error.is_tls(), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_http_is_followed_only_where_that_is_allowed() {
    let plain = crate::script::Server::answering(OK).await;
    let to = plain.url("/");
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let (addr, pem) = server_answering(answer).await;
    let url = format!("https://localhost:{}/", addr.port());
    let config = ClientConfig::default().tls(none().extra_root(pem));
    let client = Client::with_config(config.clone());
    let error = client.get(&url).send().await.unwrap_err();
    assert!(error.is_redirect());
    assert!(format!("{error:?}").ends_with("it leads from https to http"), "{error:?}");
    assert_eq!(plain.connections(), 0);

    let request = client.get(&url).header("referer", "https://page.example/");
    let response = request.options(|options| options.allow_downgrade(true)).send().await.unwrap();
    assert_eq!((response.url(), response.history().len()), (&*to, 1));
    assert!(!plain.requests()[0].contains("referer"));

    let client = Client::with_config(config.allow_downgrade(true));
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    let request = client.get(&url).options(|options| options.allow_downgrade(false));
    assert!(request.send().await.unwrap_err().is_redirect());
}
