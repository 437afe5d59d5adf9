//! The handshake that comes before the first request.

use super::Tls;
use crate::stream::Stream;
use bytes::Bytes;
use landspout_handler::TlsSession;
use rustls::{HandshakeKind, ProtocolVersion, ServerConnection};
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// For a client that speaks HTTP where TLS is spoken: a browser shows it, where it would show a
/// riddle for a broken handshake.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n\r\n\
    this port speaks https: use it";

/// How long such a client has to read it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a handshake ended.
#[derive(Debug)]
pub(crate) enum HandshakeError {
    /// The client was too slow.
    TimedOut,
    /// What it sent is not TLS.
    NotTls,
    /// The client left, as those do that only look whether somebody listens.
    Left,
    /// The two did not agree.
    Failed(io::Error),
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> HandshakeError {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof,
        };
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => {
                HandshakeError::Left
            }
            _ => HandshakeError::Failed(error),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::TimedOut => f.write_str("the TLS handshake took too long"),
            HandshakeError::NotTls => f.write_str("a client does not speak TLS"),
            HandshakeError::Left => f.write_str("a client left within the TLS handshake"),
            HandshakeError::Failed(error) => write!(f, "a TLS handshake failed: {error}"),
        }
    }
}

impl Tls {
    /// Makes a TLS connection of a plain one. A client with which that fails has been told why.
    /// HTTP/2 is offered only if the server speaks it, whatever this was made for.
    ///
    /// # Cancel safety
    /// To drop it drops the connection.
    pub(crate) async fn accept(
        &self,
        stream: Stream,
        http2: bool,
    ) -> Result<TlsStream<Stream>, HandshakeError> {
        let shaken = async {
            // A method is a word of capitals, and TLS begins with a 22 (RFC 8446 §5.1).
            let first = stream.first_byte().await?;
            if first.is_some_and(|byte| byte.is_ascii_uppercase()) {
                tell(stream).await;
                return Err(HandshakeError::NotTls);
            }
            // On a failure it sends the alert that says why (RFC 8446 §6.2).
            Ok(TlsAcceptor::from(self.current_for(http2)).accept(stream).await?)
        };
        match self.handshake_timeout() {
            Some(limit) => timeout(limit, shaken).await.unwrap_or(Err(HandshakeError::TimedOut)),
            None => shaken.await,
        }
    }
}

/// As every close: not both sides at once, so that the client reads the answer before a reset.
async fn tell(mut stream: Stream) {
    let told = async {
        stream.write_all(NOT_TLS).await?;
        stream.shutdown().await?;
        let mut ignored = [0; 1024];
        while stream.read(&mut ignored).await? > 0 {}
        io::Result::Ok(())
    };
    drop(timeout(PATIENCE, told).await);
}

/// What handlers may know of the session.
pub(crate) fn session(connection: &ServerConnection) -> TlsSession {
    let mut session = TlsSession::default();
    session.version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        _ => String::new(),
    };
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    session.cipher_suite = suite.unwrap_or_default().to_owned();
    session.server_name = connection.server_name().map(str::to_owned);
    let certificates = connection.peer_certificates().unwrap_or_default();
    session.client_certificates =
        certificates.iter().map(|certificate| Bytes::copy_from_slice(certificate)).collect();
    session.resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
    session
}
