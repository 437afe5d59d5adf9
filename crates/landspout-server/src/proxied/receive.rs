//! Receiving a preamble of the PROXY protocol.

use super::preamble::{Malformed, Preamble, Preface};
use crate::ServerConfig;
use crate::stream::{Peer, Stream};
use std::fmt;
use std::io;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// The most that is read at once. What is longer than the addresses is skipped.
const PIECE: usize = 512;

/// Why a connection is not taken.
#[derive(Debug)]
pub(crate) enum ReceiveError {
    NotTrusted,
    TooSlow,
    Malformed,
    /// It said nothing, as those do that only look whether somebody listens.
    Left,
    Broken(io::Error),
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiveError::NotTrusted => f.write_str("no trusted proxy, where one is to come"),
            ReceiveError::TooSlow => f.write_str("the PROXY preamble was too slow"),
            ReceiveError::Malformed => f.write_str("no PROXY preamble, where one is to come"),
            ReceiveError::Left => f.write_str("a client left before the PROXY preamble"),
            ReceiveError::Broken(error) => write!(f, "broken off in the PROXY preamble: {error}"),
        }
    }
}

/// Reads the preamble of a connection from `peer`, and not a byte more: who is at its other end.
pub(crate) async fn receive(
    stream: &mut Stream,
    peer: Peer,
    config: &ServerConfig,
) -> Result<Peer, ReceiveError> {
    if !config.proxies.trusts(peer) {
        return Err(ReceiveError::NotTrusted);
    }
    let limit = config.header_timeout;
    let preface = if limit.is_zero() {
        read(stream).await?
    } else {
        timeout(limit, read(stream)).await.map_err(|_| ReceiveError::TooSlow)??
    };
    Ok(match preface {
        Preface::Own => peer,
        Preface::Unknown => Peer::Untold,
        Preface::Relayed(source, destination) => Peer::Relayed { source, destination },
    })
}

async fn read(stream: &mut Stream) -> Result<Preface, ReceiveError> {
    let mut preamble = Preamble::default();
    let mut piece = [0; PIECE];
    let mut began = false;
    loop {
        let wants = preamble.wants().min(PIECE);
        let len = match stream.read(&mut piece[..wants]).await {
            Ok(0) | Err(_) if !began => return Err(ReceiveError::Left),
            Ok(0) => return Err(ReceiveError::Broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(len) => len,
            Err(error) => return Err(ReceiveError::Broken(error)),
        };
        began = true;
        match preamble.feed(&piece[..len]) {
            Ok(Some(preface)) => return Ok(preface),
            Ok(None) => {}
            Err(Malformed) => return Err(ReceiveError::Malformed),
        }
    }
}
