//! TLS, through rustls.

mod certificates;
mod config;
mod error;
mod handshake;
mod watch;

pub use config::{CertificateFiles, ClientAuth, TlsConfig, TlsVersion};
pub use error::TlsError;
pub(crate) use handshake::{HandshakeError, session};

use crate::{Http2Config, Listener};
use certificates::{Certificates, certificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use watch::Seen;

/// Certificates and keys, ready for [listeners](crate::Listener) and shared by all that are given
/// a clone: a session that was begun on one loop resumes on another (RFC 8446 §2.2).
///
/// [`Server::bind`](crate::Server::bind) makes one where a [`Listen`](crate::Listen) has a
/// [`tls`](crate::Listen#structfield.tls); this is for listeners that come from elsewhere.
///
/// ```no_run
/// use landspout_server::{Listener, Server, ServerConfig, Tls, TlsConfig};
/// use std::net::TcpListener;
///
/// let tls = Tls::new(TlsConfig::new("fullchain.pem", "key.pem"))?;
/// let listener = Listener::from(TcpListener::bind("0.0.0.0:443")?).tls(tls.clone());
/// let servers = Server::from_listeners([listener], ServerConfig::default(), 4)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: TlsConfig,
    /// What clients may choose from.
    protocols: &'static [&'static [u8]],
    current: RwLock<Arc<ServerConfig>>,
    /// The files as they were when they were last looked at.
    seen: Mutex<Seen>,
}

impl Tls {
    /// Reads the files that the settings name. It blocks while it reads them.
    ///
    /// # Errors
    /// A file cannot be read, holds no PEM of its kind, or does not fit the others; there is no
    /// certificate, or there are no authorities for the certificates that clients are asked for.
    pub fn new(config: TlsConfig) -> Result<Tls, TlsError> {
        Tls::offering(config, protocols(true))
    }

    fn offering(config: TlsConfig, protocols: &'static [&'static [u8]]) -> Result<Tls, TlsError> {
        // Looked at before they are read: a change in between is seen later.
        let seen = Seen::now(&config);
        let current = server_config(&config, protocols)?;
        let current = RwLock::new(Arc::new(current));
        Ok(Tls(Arc::new(Inner { config, protocols, current, seen: Mutex::new(seen) })))
    }

    /// Prepares the listeners that are to have it. Those of one config share one: a session that
    /// was begun with one of them resumes with another.
    pub(crate) fn give<'a>(
        listeners: impl Iterator<Item = &'a mut Listener>,
        http2: &Http2Config,
    ) -> io::Result<Vec<Tls>> {
        let mut given = Vec::<Tls>::new();
        for listener in listeners {
            if listener.tls.is_none()
                && let Some(config) = &listener.listen.tls
            {
                let known = given.iter().find(|tls| tls.config() == config).cloned();
                listener.tls = Some(match known {
                    Some(tls) => tls,
                    None => Tls::offering(config.clone(), protocols(http2.is_on()))?,
                });
            }
            if let Some(tls) = &listener.tls
                && !given.iter().any(|known| Arc::ptr_eq(&known.0, &tls.0))
            {
                given.push(tls.clone());
            }
        }
        Ok(given)
    }

    /// The settings.
    pub fn config(&self) -> &TlsConfig {
        &self.0.config
    }

    /// Reads the files again, for the connections that come from now on; those that are open go on.
    /// It blocks while it reads them.
    ///
    /// # Errors
    /// As for [`new`](Tls::new). Then nothing has changed.
    pub fn reload(&self) -> Result<(), TlsError> {
        let next = server_config(&self.0.config, self.0.protocols)?;
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }

    /// What holds for the next connection to a server that speaks HTTP/2, or does not.
    fn current_for(&self, http2: bool) -> Arc<ServerConfig> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if http2 || self.0.protocols.len() == protocols(false).len() {
            return current;
        }
        let mut config = ServerConfig::clone(&current);
        config.alpn_protocols = names(protocols(false));
        Arc::new(config)
    }

    pub(crate) fn handshake_timeout(&self) -> Option<Duration> {
        Some(self.0.config.handshake_timeout).filter(|timeout| !timeout.is_zero())
    }
}

fn server_config(config: &TlsConfig, protocols: &[&[u8]]) -> Result<ServerConfig, TlsError> {
    let unusable = |error: rustls::Error| TlsError::new("TLS cannot be set up").because(error);
    // Named here, because rustls panics where another crate has brought a second provider along.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let refuse = config.refuse_unknown_names;
    let certificates = Certificates::read(&config.certificates, refuse, &provider)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions(config.min_version))
        .map_err(unusable)?;
    let builder = match client_verifier(config, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut server = builder.with_cert_resolver(Arc::new(certificates));
    server.alpn_protocols = names(protocols);
    // What a session is lies with its client, sealed by a key that all loops have and that changes
    // every six hours: no table of sessions to share, bound and search.
    server.ticketer = aws_lc_rs::Ticketer::new().map_err(unusable)?;
    Ok(server)
}

/// In the order of preference, by their ALPN names (RFC 7301).
fn protocols(http2: bool) -> &'static [&'static [u8]] {
    if http2 && cfg!(feature = "http2") { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] }
}

fn names(protocols: &[&[u8]]) -> Vec<Vec<u8>> {
    protocols.iter().map(|name| name.to_vec()).collect()
}

static FROM_TLS12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
static FROM_TLS13: [&SupportedProtocolVersion; 1] = [&TLS13];

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    match min {
        TlsVersion::Tls12 => &FROM_TLS12,
        TlsVersion::Tls13 => &FROM_TLS13,
    }
}

fn client_verifier(
    config: &TlsConfig,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    if config.client_auth == ClientAuth::None {
        return Ok(None);
    }
    let roots = client_roots(&config.client_roots)?;
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .with_crls(revocations(&config.client_revocations)?);
    if config.client_auth == ClientAuth::Optional {
        builder = builder.allow_unauthenticated();
    }
    let verifier = builder.build();
    verifier
        .map(Some)
        .map_err(|error| TlsError::new("clients' certificates cannot be verified").because(error))
}

fn client_roots(files: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in certificates(file)? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::of("this is no authority", file).because(error))?;
        }
    }
    if roots.is_empty() {
        return Err(TlsError::new(
            "clients' certificates are asked for, and client_roots names no authority for them",
        ));
    }
    Ok(roots)
}

fn revocations(files: &[PathBuf]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let mut lists = Vec::new();
    for file in files {
        let wrong = |error| TlsError::of("cannot read a revocation list", file).because(error);
        for list in CertificateRevocationListDer::pem_file_iter(file).map_err(wrong)? {
            lists.push(list.map_err(wrong)?);
        }
    }
    Ok(lists)
}
