//! What of a request's own settings of TLS goes along where a redirect leads.

use crate::script;
use crate::trust::{Authority, Seen, open, server, trusting};
use landspout_client::{
    Client, FetchError, RedirectAction, RedirectPolicy, RequestBuilder, TlsConfig,
};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A request to a server in clear text that sends on to this URL, so that nothing of TLS has been
/// needed before.
async fn sent_on(to: &str, tls: TlsConfig) -> RequestBuilder {
    let answer = format!(
        "HTTP/1.1 302 Away\r\nLocation: {to}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    let server = script::Server::play([vec![script::Act::Read, script::write(answer)]]).await;
    Client::new().get(server.url("/")).tls(tls)
}

fn with_tls() -> RedirectPolicy {
    RedirectPolicy::new(|_| RedirectAction::FollowWithTls)
}

async fn text(request: RequestBuilder) -> Result<String, FetchError> {
    request.send().await?.text().await
}

/// A server that takes certificates of the authority, and none.
async fn curious(authority: &Authority) -> (String, Arc<Seen>) {
    let verifier = authority.verifier().allow_unauthenticated().build().unwrap();
    let identity = authority.issue("localhost", |_| {});
    let (addr, seen) =
        server(&identity, |builder| builder.with_client_cert_verifier(verifier)).await;
    (format!("https://localhost:{}/", addr.port()), seen)
}

#[tokio::test]
async fn the_certificate_of_a_request_is_shown_to_its_origin_only() {
    let authority = Authority::new();
    let (url, seen) = curious(&authority).await;
    let me = authority.issue("me", |_| {});
    let tls = trusting(&authority).client_certificate(&*me.chain, me.key.serialize_pem());
    assert_eq!(text(sent_on(&url, tls.clone()).await).await.unwrap(), "hello");
    assert_eq!(seen.with_certificate.load(Relaxed), 0);
    let request = sent_on(&url, tls.clone()).await.redirect_policy(with_tls());
    assert_eq!(text(request).await.unwrap(), "hello");
    assert_eq!(seen.with_certificate.load(Relaxed), 1);
    // Within an origin it goes along.
    let request = Client::new().get(format!("{url}again")).tls(tls);
    assert_eq!(text(request).await.unwrap(), "hello");
    assert_eq!(seen.with_certificate.load(Relaxed), 3);
}

#[tokio::test]
async fn what_is_dangerous_stays_behind() {
    let identity = Authority::new().issue("elsewhere", |_| {});
    let (addr, _) = server(&identity, open).await;
    let url = format!("https://localhost:{}/", addr.port());
    let tls = TlsConfig::default().system_roots(false).danger_accept_invalid_certs(true);
    let error = text(sent_on(&url, tls.clone()).await).await.unwrap_err();
    assert!(error.is_tls(), "{error:?}");
    let request = sent_on(&url, tls).await.redirect_policy(with_tls());
    assert_eq!(text(request).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_key_and_a_name_are_those_of_one_server() {
    let authority = Authority::new();
    let (url, seen) = curious(&authority).await;
    let pin = authority.issue("other", |_| {}).pin();
    let tls = trusting(&authority).pinned_key(pin);
    assert_eq!(text(sent_on(&url, tls.clone()).await).await.unwrap(), "hello");
    let request = sent_on(&url, tls).await.redirect_policy(with_tls());
    assert!(text(request).await.unwrap_err().is_tls());
    let tls = trusting(&authority).server_name("other");
    assert_eq!(text(sent_on(&url, tls).await).await.unwrap(), "hello");
    assert_eq!(seen.names.lock().unwrap().last().unwrap().as_deref(), Some("localhost"));
}
