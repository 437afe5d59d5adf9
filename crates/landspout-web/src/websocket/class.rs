//! A class for each connection, with a method for each event.

use super::{Message, Sender, Socket, Upgraded, serve};
use bytes::Bytes;
use landspout_handler::{Handler, Request, Response};
use landspout_websocket::{CloseFrame, Config, Event, Origins, Refusal};
use std::rc::Rc;

/// A connection as Tornado has it: one value for each, and a method for each event.
///
/// The methods of one connection run one after the other; while one awaits, no further message of
/// that connection is read.
///
/// ```
/// use landspout_web::websocket::{Message, Sender, Upgraded, WebSocketHandler, class};
/// use landspout_web::{Application, Request};
///
/// struct Shout;
///
/// impl WebSocketHandler for Shout {
///     async fn on_message(&mut self, message: Message, sender: &Sender<Upgraded>) {
///         if let Some(text) = message.as_text() {
///             sender.send(text.to_uppercase()).await.ok();
///         }
///     }
/// }
///
/// let application = Application::new().route("/shout", class(|| Shout));
/// # let _ = application;
/// ```
pub trait WebSocketHandler: 'static {
    /// Whether a web page of another host may connect. Pages of this host and clients that are no
    /// browsers always may.
    fn check_origin(&self, origin: &str) -> bool {
        let _ = origin;
        false
    }

    /// Chooses one of the subprotocols that the client offers, the one it likes best first.
    fn select_subprotocol(&self, offered: &[String]) -> Option<String> {
        let _ = offered;
        None
    }

    /// The connection is open. The sender may be kept, and given away.
    fn open(&mut self, request: Request, sender: &Sender<Upgraded>) -> impl Future<Output = ()> {
        let _ = (request, sender);
        std::future::ready(())
    }

    /// A message has come.
    fn on_message(
        &mut self,
        message: Message,
        sender: &Sender<Upgraded>,
    ) -> impl Future<Output = ()>;

    /// A ping has come; it is answered without this.
    fn on_ping(&mut self, payload: Bytes) -> impl Future<Output = ()> {
        let _ = payload;
        std::future::ready(())
    }

    /// A pong has come.
    fn on_pong(&mut self, payload: Bytes) -> impl Future<Output = ()> {
        let _ = payload;
        std::future::ready(())
    }

    /// The connection has ended: with the other side's close frame, if it sent one with a code.
    fn on_close(&mut self, frame: Option<CloseFrame>) -> impl Future<Output = ()> {
        let _ = frame;
        std::future::ready(())
    }
}

/// Makes a handler of a function that makes a [`WebSocketHandler`] for each connection.
pub fn class<M, H>(make: M) -> Class<M>
where
    M: Fn() -> H,
    H: WebSocketHandler,
{
    Class { make, config: Rc::default() }
}

/// A maker of [`WebSocketHandler`]s; made by [`class`].
#[derive(Debug)]
pub struct Class<M> {
    make: M,
    config: Rc<Config>,
}

impl<M> Class<M> {
    /// Sets limits, deadlines and compression. Subprotocols are chosen by
    /// [`select_subprotocol`](WebSocketHandler::select_subprotocol).
    #[must_use]
    pub fn config(mut self, config: Config) -> Class<M> {
        self.config = Rc::new(config);
        self
    }
}

impl<M, H> Handler for Class<M>
where
    M: Fn() -> H,
    H: WebSocketHandler,
{
    async fn handle(&self, request: Request) -> Response {
        let handler = (self.make)();
        let offered = serve::offer(&request);
        let accepted = offered.and_then(|offer| {
            let chosen = handler.select_subprotocol(offer.subprotocols());
            let origin = offer.origin().map(str::to_owned);
            match offer.accept_as(chosen.as_deref(), &self.config) {
                Err(Refusal::Origin) if origin.is_some_and(|name| handler.check_origin(&name)) => {
                    let config = Config::clone(&self.config).origins(Origins::Any);
                    serve::offer(&request)?.accept_as(chosen.as_deref(), &config)
                }
                accepted => accepted,
            }
        });
        serve::open(request, accepted, &self.config, Calls(handler))
    }
}

/// Calls a method for each event.
struct Calls<H>(H);

impl<H: WebSocketHandler> serve::Serve for Calls<H> {
    fn serve(&mut self, request: Request, socket: &mut Socket) -> impl Future<Output = ()> {
        run(&mut self.0, request, socket)
    }
}

async fn run(handler: &mut impl WebSocketHandler, request: Request, socket: &mut Socket) {
    let Socket { sender, receiver } = socket;
    handler.open(request, sender).await;
    // Not a `while let`, which would keep a place for what it has taken apart.
    loop {
        let Ok(Some(event)) = receiver.receive_event().await else { break };
        match event {
            Event::Message(message) => handler.on_message(message, sender).await,
            Event::Ping(payload) => handler.on_ping(payload).await,
            Event::Pong(payload) => handler.on_pong(payload).await,
            // What was said is asked of the receiver at the end, when there may be none, too.
            _ => {}
        }
    }
    handler.on_close(receiver.close_frame()).await;
}
