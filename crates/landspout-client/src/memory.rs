//! A handler in memory, in the place of the network.

use crate::error::{Failure, Kind};
use crate::handover;
use bytes::Bytes;
use http::StatusCode;
use http::header::UPGRADE;
use landspout_handler::{
    Body, Connection, Error, Handler, Request, Response, Upgrade, Upgraded, contain_panic,
};
use std::pin::pin;
use std::rc::Rc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

/// Bytes that an upgraded connection in memory holds in each direction.
const PIPE: usize = 64 * 1024;

/// The way to a handler that runs on a loop of its own.
#[derive(Debug)]
pub(crate) struct Memory(mpsc::UnboundedSender<Errand>);

#[derive(Debug)]
struct Errand {
    request: Request,
    reply: oneshot::Sender<Response>,
}

impl Memory {
    /// Starts a task on the current loop that answers requests for as long as somebody may send
    /// some.
    pub(crate) fn new(handler: impl Handler + 'static) -> Memory {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let handler = Rc::new(handler);
        spawn_local(async move {
            while let Some(errand) = receiver.recv().await {
                spawn_local(answer(Rc::clone(&handler), errand));
            }
        });
        Memory(sender)
    }

    pub(crate) async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, Failure> {
        let mut request = Request::from(request);
        // There is no wire, and so no framing.
        request.headers_mut().remove(http::header::TRANSFER_ENCODING);
        let upgrading = request.headers().contains_key(UPGRADE).then(|| {
            let (sender, upgrade) = Upgrade::channel();
            request.set_upgrade(upgrade);
            sender
        });
        let (reply, response) = oneshot::channel();
        let gone = |_| Failure::new(Kind::Failed, "the handler's loop has ended");
        if self.0.send(Errand { request, reply }).is_err() {
            return Err(gone(()));
        }
        let mut response = response.await.map_err(|_| gone(()))?.into_http();
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let not_asked = || Failure::new(Kind::Malformed, "another protocol was not asked for");
            let (near, far) = tokio::io::duplex(PIPE);
            upgrading.ok_or_else(not_asked)?.send(Upgraded::new(far, Bytes::new()));
            handover::give(response.extensions_mut(), Upgraded::new(near, Bytes::new()));
        }
        Ok(response)
    }
}

/// Answers one request. When its client leaves, the connection says so and the handler goes on, as
/// with a server.
async fn answer<H: Handler>(handler: Rc<H>, errand: Errand) {
    let Errand { mut request, mut reply } = errand;
    let connection = Connection::new(None, None, false);
    request.set_connection(connection.clone());
    let mut response = pin!(contain_panic(handler.handle(request)));
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        () = reply.closed() => {
            connection.mark_closed();
            response.await
        }
    };
    let response = response.unwrap_or_else(|panic| Error::from(panic).into());
    // A client that has left does not need it any more.
    drop(reply.send(response));
}
