//! HTTP/1.1 over one connection.

use super::body::Outgoing;
use crate::error::{Failure, Kind};
use crate::io::Io;
use crate::wire::Watched;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use landspout_handler as handler;

/// An HTTP/1.1 connection: one exchange after the other. Dropping it closes it, in the middle of an
/// exchange too.
#[derive(Debug)]
pub(super) struct Http1(SendRequest<Outgoing>);

impl Http1 {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(super) async fn start(io: Watched<Io>, max_header_size: usize) -> Result<Http1, Failure> {
        let handshake = Builder::new().max_header_size(max_header_size).handshake(TokioIo::new(io));
        let (sender, driver) =
            handshake.await.map_err(|error| Failure::new(Kind::Failed, error))?;
        tokio::spawn(async move {
            // A request that was under way has been told already.
            if let Err(error) = driver.with_upgrades().await {
                tracing::debug!(%error, "an idle connection broke");
            }
        });
        Ok(Http1(sender))
    }

    pub(super) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    pub(super) async fn ready(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }

    pub(super) fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>> + use<>
    {
        self.0.try_send_request(request)
    }
}

/// The bare I/O of a connection that was upgraded, with what was read of it too early.
pub(super) fn release(upgraded: Upgraded) -> handler::Upgraded {
    match upgraded.downcast::<TokioIo<Watched<Io>>>() {
        Ok(parts) => handler::Upgraded::new(parts.io.into_inner().into_inner(), parts.read_buf),
        Err(upgraded) => handler::Upgraded::new(TokioIo::new(upgraded), Default::default()),
    }
}
