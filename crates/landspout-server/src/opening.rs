//! What comes before the first request of a connection.

#[cfg(feature = "tls")]
use crate::TlsError;
use crate::proxied::{self, ReceiveError};
use crate::refusals::RefusalLog;
use crate::stream::{Peer, Stream};
#[cfg(feature = "tls")]
use crate::tls::{HandshakeError, Tls};
use crate::{Listener, Refusal, ServerConfig};
use std::io;
use tracing::debug;

/// What the listeners of a group were given for their connections.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    #[cfg(feature = "tls")]
    tls: Vec<Tls>,
}

impl Prepared {
    /// Reads what the listeners need.
    pub(crate) fn of<'a>(
        listeners: impl Iterator<Item = &'a mut Listener>,
        config: &ServerConfig,
    ) -> io::Result<Prepared> {
        #[cfg(feature = "tls")]
        return Ok(Prepared { tls: Tls::give(listeners, &config.http2)? });
        #[cfg(not(feature = "tls"))]
        {
            drop((listeners, config));
            Ok(Prepared::default())
        }
    }

    #[cfg(feature = "tls")]
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        self.tls.iter().try_for_each(Tls::reload)
    }
}

/// What a listener's connections begin with; nothing for one of clear text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opening {
    proxy_protocol: bool,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

/// A connection that did not get so far. What was to be said has been said.
#[derive(Debug)]
pub(crate) struct NotOpened;

impl Opening {
    pub(crate) fn of(listener: &Listener) -> Opening {
        Opening {
            proxy_protocol: listener.listen.proxy_protocol,
            #[cfg(feature = "tls")]
            tls: listener.tls.clone(),
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_nothing(&self) -> bool {
        !self.is_encrypted() && !self.proxy_protocol
    }

    /// Whether its clients wait for a handshake.
    pub(crate) fn is_encrypted(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Finds out who is at the other end, if a proxy is to tell.
    pub(crate) async fn introduce(
        &self,
        stream: &mut Stream,
        peer: Peer,
        config: &ServerConfig,
        refusals: &RefusalLog,
    ) -> Result<Peer, NotOpened> {
        if !self.proxy_protocol {
            return Ok(peer);
        }
        proxied::receive(stream, peer, config).await.map_err(|error| {
            let remote = peer.addr();
            match error {
                ReceiveError::Left => debug!(target: "landspout::server", ?remote, "{error}"),
                _ => refusals.refuse(Refusal::ProxyProtocol, remote, &error),
            }
            NotOpened
        })
    }

    /// Shakes hands with the client, if that is to be.
    #[cfg(feature = "tls")]
    pub(crate) async fn encrypt(
        &self,
        stream: Stream,
        client: Peer,
        config: &ServerConfig,
        refusals: &RefusalLog,
    ) -> Result<Stream, NotOpened> {
        let Some(tls) = &self.tls else { return Ok(stream) };
        match tls.accept(stream, config.http2.is_on()).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => {
                let remote = client.addr();
                match refusal(&error) {
                    Some(cause) => refusals.refuse(cause, remote, &error),
                    None => debug!(target: "landspout::server", ?remote, "{error}"),
                }
                Err(NotOpened)
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) async fn encrypt(
        &self,
        stream: Stream,
        _: Peer,
        _: &ServerConfig,
        _: &RefusalLog,
    ) -> Result<Stream, NotOpened> {
        Ok(stream)
    }

    /// What must go on for as long as connections are opened; it does not end.
    pub(crate) async fn keep_ready(&self) {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            tls.keep_fresh().await;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(feature = "tls")]
fn refusal(error: &HandshakeError) -> Option<Refusal> {
    match error {
        HandshakeError::TimedOut => Some(Refusal::HandshakeTimeout),
        HandshakeError::NotTls | HandshakeError::Failed(_) => Some(Refusal::Handshake),
        HandshakeError::Left => None,
    }
}
