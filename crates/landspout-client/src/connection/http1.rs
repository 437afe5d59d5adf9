//! HTTP/1.1 over one connection.

use super::body::Outgoing;
use super::driver::Driver;
use crate::error::{Failure, Kind};
use crate::io::Io;
use crate::wire::{Watched, Wire};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use landspout_handler as handler;
use std::sync::Arc;
use tokio::runtime::{self, Handle};

/// An HTTP/1.1 connection: one exchange after the other. Dropping it closes it, in the middle of an
/// exchange too.
#[derive(Debug)]
pub(super) struct Http1 {
    sender: SendRequest<Outgoing>,
    /// Where its task runs.
    runtime: runtime::Id,
}

impl Http1 {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(super) async fn start(
        io: Io,
        wire: Arc<Wire>,
        max_header_size: usize,
    ) -> Result<Http1, Failure> {
        let io = Watched::new(io, Arc::clone(&wire));
        let handshake = Builder::new().max_header_size(max_header_size).handshake(TokioIo::new(io));
        let (sender, connection) =
            handshake.await.map_err(|error| Failure::new(Kind::Failed, error))?;
        tokio::spawn(Driver::new(connection.with_upgrades(), wire));
        Ok(Http1 { sender, runtime: Handle::current().id() })
    }

    /// Whether its task runs where this is called. On another runtime, which nobody may be running
    /// at the moment, it cannot be relied on to keep a time limit.
    pub(super) fn is_at_home(&self) -> bool {
        Handle::try_current().is_ok_and(|runtime| runtime.id() == self.runtime)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    pub(super) async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    pub(super) fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>> + use<>
    {
        self.sender.try_send_request(request)
    }
}

/// The bare I/O of a connection that was upgraded, with what was read of it too early.
pub(super) fn release(upgraded: Upgraded) -> handler::Upgraded {
    match upgraded.downcast::<TokioIo<Watched<Io>>>() {
        Ok(parts) => handler::Upgraded::new(parts.io.into_inner().into_inner(), parts.read_buf),
        Err(upgraded) => handler::Upgraded::new(TokioIo::new(upgraded), Default::default()),
    }
}
