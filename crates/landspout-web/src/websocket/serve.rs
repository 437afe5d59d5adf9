//! From a handshake to a task that serves the connection.

use super::{Sender, Socket, Upgraded};
use landspout_handler::{
    Connection, Error, Handler, Request, Response, Upgrade, Watch, contain_panic, watched,
};
use landspout_websocket::{Acceptance, Agreement, CloseCode, Config, Offer, Refusal, WebSocket};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;

/// Makes a handler of an async function that serves one connection.
///
/// See the [module](super) for what becomes of the connection before and after.
pub fn websocket<F>(serve: F) -> Plain<F>
where
    F: AsyncFn(Request, &mut Socket) + 'static,
{
    Plain { serve: Rc::new(serve), config: Rc::default() }
}

/// A function that serves connections; made by [`websocket`].
#[derive(Debug)]
pub struct Plain<F> {
    serve: Rc<F>,
    config: Rc<Config>,
}

impl<F> Plain<F> {
    /// Sets limits, deadlines, compression, subprotocols, and whose pages may connect.
    #[must_use]
    pub fn config(mut self, config: Config) -> Plain<F> {
        self.config = Rc::new(config);
        self
    }
}

impl<F> Handler for Plain<F>
where
    F: AsyncFn(Request, &mut Socket) + 'static,
{
    async fn handle(&self, request: Request) -> Response {
        let accepted = offer(&request).and_then(|offer| offer.accept(&self.config));
        let serve = Rc::clone(&self.serve);
        open(request, accepted, &self.config, async move |request, socket: &mut Socket| {
            serve(request, socket).await;
        })
    }
}

/// What the client offers.
pub(super) fn offer(request: &Request) -> Result<Offer, Refusal> {
    let offer = match request.protocol() {
        Some(protocol) => Offer::read_connect(protocol, request.uri(), request.headers())?,
        None => Offer::read(request.method(), request.version(), request.headers())?,
    };
    Ok(match request.host() {
        Some(host) => offer.with_host(host),
        None => offer,
    })
}

/// Answers a handshake, and serves the connection in a task of its own.
pub(super) fn open<F>(
    mut request: Request,
    accepted: Result<Acceptance, Refusal>,
    config: &Rc<Config>,
    serve: F,
) -> Response
where
    F: AsyncFnOnce(Request, &mut Socket) + 'static,
{
    let Acceptance { status, headers, agreement, .. } = match accepted {
        Ok(acceptance) => acceptance,
        Err(refusal) => return refuse(refusal),
    };
    let Some(upgrade) = request.take_upgrade() else {
        // RFC 9110 §7.8: a request with a body, or one that came over no connection.
        return Error::new(400, "this request cannot be upgraded").into();
    };
    request.shrink_to_fit();
    tokio::task::spawn_local(run(upgrade, agreement, Rc::clone(config), request, serve));
    let mut response = Response::empty(status.as_u16());
    *response.headers_mut() = headers;
    response
}

fn refuse(refusal: Refusal) -> Response {
    let error = Error::new(refusal.status().as_u16(), refusal.to_string());
    let headers = refusal.headers();
    headers
        .iter()
        .fold(error, |error, (name, value)| error.with_header(name.clone(), value.clone()))
        .into()
}

#[allow(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice")]
fn run<F>(
    upgrade: Upgrade,
    agreement: Agreement,
    config: Rc<Config>,
    request: Request,
    serve: F,
) -> impl Future<Output = ()>
where
    F: AsyncFnOnce(Request, &mut Socket),
{
    async move {
        let Ok(io) = upgrade.await else {
            return; // The client has gone before the answer was out.
        };
        let (sender, receiver) = WebSocket::new(io, agreement, &config).split();
        let mut socket = Socket { sender: sender.clone(), receiver };
        let connection = request.connection().clone();
        let route = request.route().map_or("?".to_owned(), |route| route.pattern.to_string());
        let label = Watch::label(&format!("WebSocket {route}"));

        let served = {
            let serving = pin!(watched(label, contain_panic(serve(request, &mut socket))));
            attend(serving, &sender, &connection).await
        };
        match served {
            Ok(()) => socket.close(CloseCode::NORMAL, ""),
            Err(panic) => {
                tracing::error!(target: "landspout::web", route, "a WebSocket handler {panic}");
                socket.close(CloseCode::INTERNAL_ERROR, "");
            }
        }
        // Until the other side has answered, or the config's deadline for that has passed.
        while let Ok(Some(_)) = socket.receiver.receive_event().await {}
    }
}

/// Runs a handler. What it sends leaves whenever it waits, and when the server begins to stop, the
/// other side is told.
async fn attend<T>(
    mut serving: Pin<&mut impl Future<Output = T>>,
    sender: &Sender<Upgraded>,
    connection: &Connection,
) -> T {
    let mut leaving = pin!(async {
        connection.draining().await;
        sender.close(CloseCode::GOING_AWAY, "the server is stopping");
        pending::<()>().await;
    });
    let mut known = None;
    poll_fn(|cx| {
        // The end of the server is asked for again only when the connection has news.
        let state = Some((connection.is_closed(), connection.is_draining()));
        if known != state {
            known = state;
            let _ = leaving.as_mut().poll(cx);
        }
        let served = serving.as_mut().poll(cx);
        if served.is_pending() {
            sender.try_flush();
        }
        served
    })
    .await
}
