//! What comes before the first request of a connection.

#[cfg(feature = "tls")]
use crate::TlsError;
use crate::proxied;
use crate::refusals::RefusalLog;
use crate::stream::{Peer, Stream};
#[cfg(feature = "tls")]
use crate::tls::{HandshakeError, Tls};
use crate::{Listener, Refusal, ServerConfig};
use std::io;

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
        #[cfg(feature = "tls")]
        let clear = self.tls.is_none();
        #[cfg(not(feature = "tls"))]
        let clear = true;
        clear && !self.proxy_protocol
    }

    /// Brings a connection to where its first request can be read.
    pub(crate) async fn open(
        &self,
        mut stream: Stream,
        mut peer: Peer,
        config: &ServerConfig,
        refusals: &RefusalLog,
    ) -> Result<(Stream, Peer), NotOpened> {
        if self.proxy_protocol {
            peer = proxied::receive(&mut stream, peer, config).await.map_err(|error| {
                refusals.refuse(Refusal::ProxyProtocol, peer.addr(), &error);
                NotOpened
            })?;
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return match tls.accept(stream).await {
                Ok(stream) => Ok((Stream::Tls(Box::new(stream)), peer)),
                Err(error) => {
                    refusals.refuse(refusal(&error), peer.addr(), &error);
                    Err(NotOpened)
                }
            };
        }
        Ok((stream, peer))
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
fn refusal(error: &HandshakeError) -> Refusal {
    match error {
        HandshakeError::TimedOut => Refusal::HandshakeTimeout,
        HandshakeError::NotTls | HandshakeError::Failed(_) => Refusal::Handshake,
    }
}
