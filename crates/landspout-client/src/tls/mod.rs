//! TLS, through rustls.

mod reason;
mod settings;
mod verify;

use crate::error::Cause;
use crate::io::Io;
use crate::{HttpVersion, TlsConfig};
use reason::TlsError;
use rustls::pki_types::ServerName;
use settings::client_config;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

/// Settings that are kept ready at the same time. Nearly all programs use one; one that makes up
/// settings for each request pays for reading them each time.
const MAX_READY: usize = 64;

/// The name of HTTP/2 in the TLS handshake (RFC 9113 §3.2).
const H2: &[u8] = b"h2";

/// Negotiates TLS. What settings ask for is read once: certificates of the system take milliseconds,
/// and a session that was begun by one connection is taken up by the next.
pub(crate) struct Tls {
    ready: Mutex<HashMap<Key, Arc<OnceCell<TlsConnector>>>>,
}

/// What tells prepared settings apart.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    config: TlsConfig,
    version: HttpVersion,
}

impl Tls {
    pub(crate) fn new() -> Tls {
        Tls { ready: Mutex::default() }
    }

    /// Negotiates TLS with the host of this name, or at this address, and tells whether it wants to
    /// speak HTTP/2.
    pub(crate) async fn connect(
        &self,
        config: &TlsConfig,
        version: HttpVersion,
        host: &str,
        io: Io,
    ) -> Result<(Io, bool), Cause> {
        let host = config.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())?;
        let ready = self.ready(config, version);
        let connector = ready.get_or_try_init(|| connector(config.clone(), version)).await?;
        let connecting = connector.connect(name, io).await;
        let stream = connecting.map_err(|error| TlsError::new(host, error))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        if version == HttpVersion::Http2 && !http2 {
            return Err("the server does not speak HTTP/2".into());
        }
        Ok((Io::Tls(Box::new(stream)), http2))
    }

    fn ready(&self, config: &TlsConfig, version: HttpVersion) -> Arc<OnceCell<TlsConnector>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Key { config: config.clone(), version };
        if ready.len() >= MAX_READY && !ready.contains_key(&key) {
            ready.clear();
        }
        Arc::clone(ready.entry(key).or_default())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Reads files, so it runs where it may block.
async fn connector(config: TlsConfig, version: HttpVersion) -> Result<TlsConnector, Cause> {
    let config = tokio::task::spawn_blocking(move || client_config(&config, version)).await??;
    Ok(TlsConnector::from(Arc::new(config)))
}
