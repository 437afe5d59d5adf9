//! From a handshake to a task that serves the connection.

use super::{Sender, Socket, Upgraded};
use landspout_handler::{
    Connection, Error, Handler, Request, Response, Route, Upgrade, Watch, contain_panic, watched,
};
use landspout_websocket::{Acceptance, Agreement, CloseCode, Config, Offer, Refusal, WebSocket};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::spawn_local;

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
        open(request, accepted, &self.config, Rc::clone(&self.serve))
    }
}

/// What serves one connection.
pub(super) trait Serve: 'static {
    /// Called once. It does not take the whole, which its future would have to keep in addition.
    fn serve(&mut self, request: Request, socket: &mut Socket) -> impl Future<Output = ()>;
}

impl<F> Serve for Rc<F>
where
    F: AsyncFn(Request, &mut Socket) + 'static,
{
    fn serve(&mut self, request: Request, socket: &mut Socket) -> impl Future<Output = ()> {
        (**self)(request, socket)
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
pub(super) fn open(
    mut request: Request,
    accepted: Result<Acceptance, Refusal>,
    config: &Rc<Config>,
    serve: impl Serve,
) -> Response {
    let Acceptance { status, headers, agreement, .. } = match accepted {
        Ok(acceptance) => acceptance,
        Err(refusal) => return refuse(refusal),
    };
    let Some(upgrade) = request.take_upgrade() else {
        // RFC 9110 §7.8: a request with a body, or one that came over no connection.
        return Error::new(400, "this request cannot be upgraded").into();
    };
    request.shrink_to_fit();
    spawn_local(begin(upgrade, agreement, Rc::clone(config), request, serve));
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

/// Waits for the connection, and leaves it to another task: what is needed to get here would
/// otherwise be kept as long as the connection is.
async fn begin(
    upgrade: Upgrade,
    agreement: Agreement,
    config: Rc<Config>,
    request: Request,
    serve: impl Serve,
) {
    let Ok(io) = upgrade.await else {
        return; // The client has gone before the answer was out.
    };
    let (sender, receiver) = WebSocket::new(io, agreement, &config).split();
    // In a box, because tasks are aligned to 128 bytes, and what allocators add for that is more.
    spawn_local(Box::pin(Attended {
        sender: sender.clone(),
        connection: request.connection().clone(),
        stage: Stage::New,
        serving: run(request, Socket { sender, receiver }, serve),
    }));
}

/// Runs a handler to its end, and closes the connection.
#[allow(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice")]
fn run(request: Request, mut socket: Socket, mut serve: impl Serve) -> impl Future<Output = ()> {
    let route = request.route().cloned();
    let pattern =
        |route: &Option<Arc<Route>>| route.as_ref().map_or("?", |route| &route.pattern).to_owned();
    let label = Watch::label(&format!("WebSocket {}", pattern(&route)));
    async move {
        match watched(label, contain_panic(serve.serve(request, &mut socket))).await {
            Ok(()) => socket.close(CloseCode::NORMAL, ""),
            Err(panic) => {
                let route = pattern(&route);
                tracing::error!(target: "landspout::web", route, "a WebSocket handler {panic}");
                socket.close(CloseCode::INTERNAL_ERROR, "");
            }
        }
        // Until the other side has answered, or the config's deadline for that has passed.
        while let Ok(Some(_)) = socket.receiver.receive_event().await {}
    }
}

pin_project! {
    /// A connection that is served. What the handler sends leaves whenever it waits, and when the
    /// server begins to stop, the other side is told.
    struct Attended<F> {
        #[pin]
        serving: F,
        sender: Sender<Upgraded>,
        connection: Connection,
        stage: Stage,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The connection does not know yet whom to wake.
    New,
    Serving,
    /// The other side was told that the server stops.
    Leaving,
}

impl<F: Future<Output = ()>> Future for Attended<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if *this.stage == Stage::New {
            this.connection.wake_at_change(cx.waker());
            *this.stage = Stage::Serving;
        }
        if *this.stage == Stage::Serving && this.connection.is_draining() {
            this.sender.close(CloseCode::GOING_AWAY, "the server is stopping");
            *this.stage = Stage::Leaving;
        }
        let served = this.serving.poll(cx);
        if served.is_pending() {
            this.sender.try_flush();
        }
        served
    }
}
