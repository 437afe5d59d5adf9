//! What of TLS can be set: who is trusted, who the client is, which versions.

use crate::script::OK;
use landspout_client::{Client, ClientConfig, FetchError, HttpVersion, TlsConfig, TlsVersion};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate authority, for servers and clients.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    pub(crate) chain: String,
    pub(crate) key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::default();
        let name = format!("authority {}", NEXT.fetch_add(1, Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server knows the authority's clients by.
    pub(crate) fn verifier(&self) -> rustls::server::ClientCertVerifierBuilder {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
    }

    pub(crate) fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.der().clone(), chain: certificate.pem(), key }
    }
}

impl Identity {
    pub(crate) fn pin(&self) -> String {
        use base64::Engine;
        use rcgen::PublicKeyData;
        use sha2::Digest;
        let digest = sha2::Sha256::digest(self.key.subject_public_key_info());
        base64::engine::general_purpose::STANDARD.encode(digest)
    }
}

/// What a server saw.
#[derive(Default)]
pub(crate) struct Seen {
    handshakes: AtomicUsize,
    pub(crate) names: Mutex<Vec<Option<String>>>,
    resumed: AtomicUsize,
    pub(crate) with_certificate: AtomicUsize,
}

/// A server that answers each connection once, and sends on from `/again` to `/`.
pub(crate) async fn server(
    identity: &Identity,
    change: impl FnOnce(rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>) -> Builder,
) -> (SocketAddr, Arc<Seen>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let config = change(builder).with_single_cert(vec![identity.certificate.clone()], key).unwrap();
    start(config).await
}

pub(crate) type Builder = rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>;

/// Serves everybody.
pub(crate) fn open(builder: rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>) -> Builder {
    builder.with_no_client_auth()
}

async fn start(config: ServerConfig) -> (SocketAddr, Arc<Seen>) {
    serving(config, |stream, seen| async move { answer(stream, &seen).await }).await
}

/// Does this with each connection on which TLS was agreed on.
async fn serving<S, Serving>(
    config: ServerConfig,
    serve: fn(TlsStream<TcpStream>, Arc<S>) -> Serving,
) -> (SocketAddr, Arc<S>)
where
    S: Default + Send + Sync + 'static,
    Serving: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let seen = Arc::new(S::default());
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&noted));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, seen).await;
                }
            });
        }
    });
    (addr, seen)
}

async fn answer(mut stream: TlsStream<TcpStream>, seen: &Seen) {
    let session = stream.get_ref().1;
    seen.handshakes.fetch_add(1, Relaxed);
    seen.names.lock().unwrap().push(session.server_name().map(str::to_owned));
    if session.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
        seen.resumed.fetch_add(1, Relaxed);
    }
    if session.peer_certificates().is_some() {
        seen.with_certificate.fetch_add(1, Relaxed);
    }
    let mut head = [0; 1024];
    if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
        let away = "HTTP/1.1 302 Away\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
        let answer = if head.starts_with(b"GET /again") { away } else { OK };
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

pub(crate) fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig::default().system_roots(false).extra_root(authority.pem())
}

async fn get(tls: TlsConfig, addr: SocketAddr) -> Result<String, FetchError> {
    let client = Client::with_config(ClientConfig::default().tls(tls));
    client.get(format!("https://localhost:{}/", addr.port())).send().await?.text().await
}

#[track_caller]
fn assert_refused(result: Result<String, FetchError>, why: &str) {
    let error = result.unwrap_err();
    assert!(error.is_tls() && format!("{error:?}").contains(why), "{error:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let authority = Authority::new();
    let old = |params: &mut CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    };
    let early =
        |params: &mut CertificateParams| params.not_before = rcgen::date_time_ymd(2999, 1, 1);
    let identity = authority.issue("localhost", |_| {});
    let (addr, _) = server(&identity, open).await;
    let nobody = TlsConfig::default().system_roots(false).extra_root(Authority::new().pem());
    let why = "the certificate of localhost is not vouched for by anybody who is trusted";
    assert_refused(get(nobody, addr).await, why);
    for (identity, why) in [
        (authority.issue("localhost", old), "the certificate of localhost has expired"),
        (authority.issue("localhost", early), "the certificate of localhost is not valid yet"),
        (authority.issue("other.test", |_| {}), "the certificate of localhost is for another name"),
    ] {
        let (addr, _) = server(&identity, open).await;
        assert_refused(get(trusting(&authority), addr).await, why);
        let any = trusting(&authority).danger_accept_invalid_certs(true);
        assert_eq!(get(any, addr).await.unwrap(), "hello");
    }
}

/// What many a guide makes for tests: one certificate as authority and server.
#[tokio::test]
async fn an_authority_is_no_server_and_that_is_said() {
    let authority = Authority::new();
    let own = authority.issue("localhost", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    let (addr, _) = server(&own, open).await;
    assert_refused(get(trusting(&authority), addr).await, "of localhost is an authority's own");
}

#[tokio::test]
async fn another_name_can_be_taken_and_nothing_else() {
    let authority = Authority::new();
    let identity = authority.issue("other.test", |_| {});
    let (addr, _) = server(&identity, open).await;
    let lax = |authority| trusting(authority).danger_accept_invalid_hostnames(true);
    assert_eq!(get(lax(&authority), addr).await.unwrap(), "hello");
    assert_refused(get(lax(&Authority::new()), addr).await, "not vouched for");
}

#[tokio::test]
async fn the_server_can_be_asked_for_another_name() {
    let authority = Authority::new();
    let identity = authority.issue("other.test", |_| {});
    let (addr, seen) = server(&identity, open).await;
    let tls = trusting(&authority).server_name("other.test");
    assert_eq!(get(tls, addr).await.unwrap(), "hello");
    assert_eq!(*seen.names.lock().unwrap(), [Some("other.test".to_owned())]);
}

#[tokio::test]
async fn a_pinned_key_is_the_only_one() {
    let authority = Authority::new();
    let (identity, other) =
        (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (addr, _) = server(&identity, open).await;
    for pin in ["", "sha256/", "sha256//"].map(|prefix| format!("{prefix}{}", identity.pin())) {
        let tls = trusting(&authority).pinned_key(other.pin()).pinned_key(pin);
        assert_eq!(get(tls, addr).await.unwrap(), "hello");
    }
    let why = "the certificate of localhost has a key that is not pinned";
    assert_refused(get(trusting(&authority).pinned_key(other.pin()), addr).await, why);
    let any = TlsConfig::default().danger_accept_invalid_certs(true).pinned_key(other.pin());
    assert_refused(get(any, addr).await, why);
    // A pin is no trust.
    let alone = TlsConfig::default().system_roots(false).extra_root(Authority::new().pem());
    assert_refused(get(alone.pinned_key(identity.pin()), addr).await, "not vouched for");
    assert_refused(get(trusting(&authority).pinned_key("short"), addr).await, "no SHA-256");
}

#[tokio::test]
async fn a_client_can_say_who_it_is() {
    let authority = Authority::new();
    let (identity, me) = (authority.issue("localhost", |_| {}), authority.issue("me", |_| {}));
    let verifier = authority.verifier().build().unwrap();
    let (addr, seen) =
        server(&identity, |builder| builder.with_client_cert_verifier(verifier)).await;
    get(trusting(&authority), addr).await.unwrap_err();
    let tls = trusting(&authority).client_certificate(&*me.chain, me.key.serialize_pem());
    assert!(!format!("{tls:?}").contains("PRIVATE"));
    assert_eq!(get(tls, addr).await.unwrap(), "hello");
    assert_eq!(seen.with_certificate.load(Relaxed), 1);
    let broken = trusting(&authority).client_certificate(&*me.chain, "no key");
    assert_refused(get(broken, addr).await, "the client certificate's key");
}

#[tokio::test]
async fn an_old_version_can_be_refused() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", |_| {});
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS12]).unwrap();
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let config = builder.with_no_client_auth();
    let config = config.with_single_cert(vec![identity.certificate.clone()], key).unwrap();
    let (addr, _) = start(config).await;
    assert_eq!(get(trusting(&authority), addr).await.unwrap(), "hello");
    let strict = trusting(&authority).min_version(TlsVersion::Tls13);
    assert_refused(get(strict, addr).await, "the handshake with localhost failed");
}

#[tokio::test]
async fn a_session_is_taken_up_by_the_next_connection() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", |_| {});
    let (addr, seen) = server(&identity, open).await;
    let client = Client::with_config(ClientConfig::default().tls(trusting(&authority)));
    for _ in 0..3 {
        let url = format!("https://localhost:{}/", addr.port());
        assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), "hello");
    }
    assert_eq!((seen.handshakes.load(Relaxed), seen.resumed.load(Relaxed)), (3, 2));
}

#[tokio::test]
async fn a_request_can_trust_others() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", |_| {});
    let (addr, _) = server(&identity, open).await;
    let client = Client::with_config(ClientConfig::default().tls(trusting(&Authority::new())));
    let url = format!("https://localhost:{}/", addr.port());
    assert!(client.get(&url).send().await.unwrap_err().is_tls());
    client.get(&url).tls(trusting(&authority)).send().await.unwrap();
    assert!(client.get(&url).send().await.unwrap_err().is_tls());
}

#[tokio::test]
async fn authorities_can_be_in_files() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", |_| {});
    let (addr, _) = server(&identity, open).await;
    let path = std::env::temp_dir().join(format!("landspout-root-{}.pem", std::process::id()));
    std::fs::write(&path, authority.pem()).unwrap();
    let tls = TlsConfig::default().system_roots(false).extra_root_file(&path);
    let found = get(tls.clone(), addr).await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!(found.unwrap(), "hello");
    assert_refused(get(tls, addr).await, "cannot be read");
}

#[tokio::test]
async fn a_slow_handshake_has_its_own_limit() {
    let silent = crate::script::Server::play([vec![crate::script::Act::Hold]]).await;
    let request = Client::new().get(format!("https://{}/", silent.addr));
    let error = request.tls_timeout(std::time::Duration::from_millis(30)).send().await.unwrap_err();
    assert!(error.is_timeout() && error.is_tls(), "{error:?}");
    assert_eq!(error.reason(), "timed out after 30ms while negotiating TLS");
}

#[tokio::test]
async fn who_asks_for_http2_only_is_told_that_there_is_none() {
    let authority = Authority::new();
    let identity = authority.issue("localhost", |_| {});
    let (addr, _) = server(&identity, open).await;
    let client = Client::with_config(ClientConfig::default().tls(trusting(&authority)));
    let url = format!("https://localhost:{}/", addr.port());
    let error = client.get(&url).http_version(HttpVersion::Http2).send().await.unwrap_err();
    assert!(format!("{error:?}").contains("the server does not speak HTTP/2"), "{error:?}");
}

#[cfg(feature = "http2")]
mod negotiated {
    use super::{Authority, Client, ClientConfig, HttpVersion, trusting};
    use crate::h2_server::{Act, Seen, drive};
    use futures_util::future::join_all;
    use http::Version;
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server that speaks whatever of these was agreed on.
    async fn server(authority: &Authority, protocols: &[&str]) -> (SocketAddr, Arc<Seen>) {
        let identity = authority.issue("localhost", |_| {});
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
        let builder = builder.with_no_client_auth();
        let mut config = builder.with_single_cert(vec![identity.certificate.clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        super::serving(config, |mut stream, seen: Arc<Seen>| async move {
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                return drive(stream, seen, [Act::Slow].into(), 100).await;
            }
            seen.connections.fetch_add(1, Relaxed);
            let mut head = [0; 1024];
            while stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                seen.requests.fetch_add(1, Relaxed);
                stream.write_all(crate::script::OK.as_bytes()).await.unwrap();
            }
        })
        .await
    }

    /// Twenty at once, of the given version; how many connections they took.
    async fn twenty(protocols: &[&str], config: ClientConfig, version: Version) -> usize {
        let authority = Authority::new();
        let (addr, seen) = server(&authority, protocols).await;
        let client = Client::with_config(config.tls(trusting(&authority)));
        let url = format!("https://localhost:{}/", addr.port());
        let all = join_all((0..20).map(|_| async {
            let mut response = client.get(&url).send().await.unwrap();
            assert_eq!(response.version(), version);
            assert_eq!(response.text().await.unwrap(), "hello");
        }));
        all.await;
        assert_eq!(seen.requests.load(Relaxed), 20);
        seen.connections.load(Relaxed)
    }

    #[tokio::test]
    async fn the_first_connection_decides_for_those_that_wait() {
        let config = ClientConfig::default();
        assert_eq!(twenty(&["h2", "http/1.1"], config.clone(), Version::HTTP_2).await, 1);
        let five = config.max_connections_per_host(5);
        assert_eq!(twenty(&["http/1.1"], five, Version::HTTP_11).await, 5);
    }

    #[tokio::test]
    async fn the_version_can_be_chosen() {
        let one = ClientConfig::default().http_version(HttpVersion::Http1);
        twenty(&["h2", "http/1.1"], one, Version::HTTP_11).await;
        let two = ClientConfig::default().http_version(HttpVersion::Http2);
        assert_eq!(twenty(&["h2", "http/1.1"], two, Version::HTTP_2).await, 1);
    }

    #[tokio::test]
    async fn a_client_without_keep_alive_shares_nothing() {
        let config = ClientConfig::default().keep_alive(false);
        assert_eq!(twenty(&["h2", "http/1.1"], config, Version::HTTP_2).await, 20);
    }
}
