//! A WebSocket that is opened again when it breaks.

use super::unsent::Unsent;
use super::{
    CloseCode, CloseFrame, Config, ConnectError, Error, Message, Receiver, ReconnectConfig,
    ReconnectError, Sender, Upgraded, WebSocket,
};
use crate::RequestBuilder;
use crate::backoff::{Backoff, random};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

type Connecting<Io> =
    Pin<Box<dyn Future<Output = Result<WebSocket<Io>, ConnectError>> + Send + 'static>>;

/// A WebSocket that is opened again, with back-off and jitter, when it breaks or is closed; made by
/// [`RequestBuilder::reconnect`](crate::RequestBuilder::reconnect), or by
/// [`new`](ReconnectingWebSocket::new) of a function that opens it.
///
/// All happens while somebody awaits [`receive`](ReconnectingWebSocket::receive): connecting,
/// waiting, receiving, and sending what was queued. Messages that are queued while no connection is
/// open are sent on the next one, in order and in bounds. A message that was given to a connection
/// just before that broke may be lost, and nobody but the application at the other end knows which:
/// where that matters, say at [`on_open`](ReconnectingWebSocket::on_open) how far things got.
///
/// ```no_run
/// use landspout_client::Client;
/// use landspout_client::websocket::{Config, ReconnectConfig};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let request = Client::new().websocket("wss://example.com/prices");
/// let mut socket = request
///     .reconnect(Config::default(), ReconnectConfig::default())
///     .on_open(|| vec![r#"{"subscribe": "rain"}"#.into()]);
/// while let Some(message) = socket.receive().await? {
///     println!("{message:?}");
/// }
/// # Ok(()) }
/// ```
pub struct ReconnectingWebSocket<Io = Upgraded> {
    connect: Box<dyn FnMut() -> Connecting<Io> + Send>,
    on_open: Option<Box<dyn FnMut() -> Vec<Message> + Send>>,
    final_codes: Vec<u16>,
    backoff: Backoff,
    state: State<Io>,
    shared: Arc<Shared>,
}

enum State<Io> {
    Waiting(Pin<Box<Sleep>>),
    Connecting(Connecting<Io>),
    Open(Open<Io>),
    Over,
}

struct Open<Io> {
    sender: Sender<Io>,
    receiver: Receiver<Io>,
    since: Instant,
}

/// What the senders and the receiving side have in common.
#[derive(Debug)]
struct Shared {
    outward: Mutex<Outward>,
    /// Told when there is something new in it.
    changed: Notify,
}

#[derive(Debug)]
struct Outward {
    unsent: Unsent,
    closing: Option<(CloseCode, String)>,
    is_open: bool,
    is_over: bool,
}

/// How a connection went.
enum Step {
    Received(Result<Option<Message>, Error>),
    /// The message of this number was given to the connection.
    Sent(u64, Result<(), Error>),
    Changed,
}

impl<Io> ReconnectingWebSocket<Io> {
    /// A WebSocket that this function opens, each time anew: with a fresh token, at another address.
    ///
    /// Nothing happens before [`receive`](ReconnectingWebSocket::receive) is awaited.
    pub fn new<F, Fut>(config: ReconnectConfig, mut connect: F) -> ReconnectingWebSocket<Io>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<WebSocket<Io>, ConnectError>> + Send + 'static,
    {
        let outward =
            Outward { unsent: Unsent::new(&config), closing: None, is_open: false, is_over: false };
        let mut connect: Box<dyn FnMut() -> Connecting<Io> + Send> =
            Box::new(move || Box::pin(connect()));
        let state = State::Connecting(connect());
        ReconnectingWebSocket {
            connect,
            on_open: None,
            final_codes: config.final_codes,
            backoff: Backoff::new(config.backoff),
            state,
            shared: Arc::new(Shared { outward: Mutex::new(outward), changed: Notify::new() }),
        }
    }

    /// What is said first on every connection, the first one included, before anything else that
    /// waits: subscriptions, and how far the last connection got.
    #[must_use]
    pub fn on_open<F>(mut self, first_words: F) -> ReconnectingWebSocket<Io>
    where
        F: FnMut() -> Vec<Message> + Send + 'static,
    {
        self.on_open = Some(Box::new(first_words));
        self
    }

    /// A sending end, for other tasks.
    pub fn sender(&self) -> ReconnectingSender {
        ReconnectingSender(Arc::clone(&self.shared))
    }

    /// As [`ReconnectingSender::send`].
    ///
    /// # Errors
    /// As there.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), ReconnectError> {
        self.shared.send(message.into())
    }

    /// As [`ReconnectingSender::close`].
    pub fn close(&self, code: CloseCode, reason: impl Into<String>) {
        self.shared.close(code, reason.into());
    }

    /// Whether a connection is open at this moment.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }
}

impl ReconnectingWebSocket {
    pub(crate) fn of_request(
        request: RequestBuilder,
        config: Config,
        reconnect: ReconnectConfig,
    ) -> ReconnectingWebSocket {
        let mut request = Some(request.into_handshake(config.handshake_timeout));
        let config = Arc::new(config);
        ReconnectingWebSocket::new(reconnect, move || {
            let again = request.as_ref().and_then(RequestBuilder::try_clone);
            let again = again.or_else(|| request.take());
            let again =
                again.expect("a request that cannot be cloned is invalid, and fails for good");
            let config = Arc::clone(&config);
            async move { again.connect(&config).await }
        })
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> ReconnectingWebSocket<Io> {
    /// Waits for the next message, over as many connections as that takes; `None` when the WebSocket
    /// was closed by this side, or by the other with 1000.
    ///
    /// # Errors
    /// It is not opened again; see [`ReconnectError`]. Told once, then it is `None`.
    ///
    /// # Cancel safety
    /// Safe: no message is lost, and the next call goes on where this one stopped.
    pub async fn receive(&mut self) -> Result<Option<Message>, ReconnectError> {
        loop {
            let is_closing = self.shared.lock().closing.is_some();
            match &mut self.state {
                State::Over => return Ok(None),
                State::Waiting(_) | State::Connecting(_) if is_closing => self.end(),
                State::Waiting(sleep) => tokio::select! {
                    () = sleep.as_mut() => self.state = State::Connecting((self.connect)()),
                    () = self.shared.changed.notified() => {}
                },
                State::Connecting(connecting) => tokio::select! {
                    result = connecting.as_mut() => match result {
                        Ok(socket) => self.begin(socket),
                        Err(error) => self.fail(error)?,
                    },
                    () = self.shared.changed.notified() => {}
                },
                State::Open(open) => match open.step(&self.shared).await {
                    Step::Received(Ok(Some(message))) => return Ok(Some(message)),
                    Step::Received(Ok(None)) => self.closed()?,
                    Step::Received(Err(error)) => self.lost(error)?,
                    Step::Sent(number, Ok(())) => self.shared.lock().unsent.remove(number),
                    // Receiving tells why, and that the connection is over.
                    Step::Sent(_, Err(_)) => match open.receiver.receive().await {
                        Ok(Some(message)) => return Ok(Some(message)),
                        Ok(None) => self.closed()?,
                        Err(error) => self.lost(error)?,
                    },
                    Step::Changed => {}
                },
            }
        }
    }

    fn begin(&mut self, socket: WebSocket<Io>) {
        let (sender, receiver) = socket.split();
        self.state = State::Open(Open { sender, receiver, since: Instant::now() });
        let first_words = self.on_open.as_mut().map_or_else(Vec::new, |words| words());
        let mut outward = self.shared.lock();
        outward.is_open = true;
        outward.unsent.set_first_words(first_words);
    }

    fn fail(&mut self, error: ConnectError) -> Result<(), ReconnectError> {
        let may_pass = error.may_pass();
        self.again(may_pass, ReconnectError::Connect(error))
    }

    fn lost(&mut self, error: Error) -> Result<(), ReconnectError> {
        self.again(true, ReconnectError::Lost(error))
    }

    /// The connection was closed in order, by whichever side.
    fn closed(&mut self) -> Result<(), ReconnectError> {
        let State::Open(open) = &self.state else { return Ok(()) };
        let frame = open.receiver.close_frame();
        let code = frame.as_ref().map(|frame| frame.code().get());
        let is_final = code.is_some_and(|code| self.final_codes.contains(&code));
        if is_final && frame.as_ref().map(CloseFrame::code) == Some(CloseCode::NORMAL) {
            self.end();
            return Ok(());
        }
        self.again(!is_final, ReconnectError::Closed(frame))
    }

    /// Waits before the next attempt, unless this side wants to close or another attempt is of no
    /// use.
    fn again(&mut self, may: bool, error: ReconnectError) -> Result<(), ReconnectError> {
        if let State::Open(open) = &self.state {
            self.backoff.was_open(open.since.elapsed());
        }
        if self.shared.lock().closing.is_some() {
            self.end();
            return Ok(());
        }
        let wait = if may { self.backoff.next(random()) } else { None };
        let Some(wait) = wait else {
            self.end();
            return Err(error);
        };
        tracing::debug!(%error, ?wait, "a WebSocket is to be opened again");
        self.state = State::Waiting(Box::pin(sleep(wait)));
        self.shared.lock().is_open = false;
        Ok(())
    }

    fn end(&mut self) {
        self.state = State::Over;
        self.shared.end();
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Open<Io> {
    /// The next thing that happens. What waits goes first: it is bounded, and what is received need
    /// not be.
    async fn step(&mut self, shared: &Shared) -> Step {
        let first = {
            let mut outward = shared.lock();
            let first = outward.unsent.first().map(|(number, message)| (number, message.clone()));
            if first.is_none()
                && let Some((code, reason)) = &mut outward.closing
            {
                self.sender.close(*code, std::mem::take(reason));
            }
            first
        };
        match first {
            Some((number, message)) => tokio::select! {
                biased;
                sent = self.sender.send(message) => Step::Sent(number, sent),
                received = self.receiver.receive() => Step::Received(received),
            },
            None => tokio::select! {
                biased;
                received = self.receiver.receive() => Step::Received(received),
                () = shared.changed.notified() => Step::Changed,
            },
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Outward> {
        self.outward.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, message: Message) -> Result<(), ReconnectError> {
        {
            let mut outward = self.lock();
            if outward.is_over || outward.closing.is_some() {
                return Err(ReconnectError::Over);
            }
            outward.unsent.push(message)?;
        }
        self.changed.notify_one();
        Ok(())
    }

    fn close(&self, code: CloseCode, reason: String) {
        self.lock().closing.get_or_insert((code, reason));
        self.changed.notify_one();
    }

    fn end(&self) {
        let mut outward = self.lock();
        outward.is_over = true;
        outward.is_open = false;
        outward.unsent.clear();
    }
}

impl<Io> Drop for ReconnectingWebSocket<Io> {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl<Io> fmt::Debug for ReconnectingWebSocket<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Waiting(_) => "waiting",
            State::Connecting(_) => "connecting",
            State::Open(_) => "open",
            State::Over => "over",
        };
        f.debug_struct("ReconnectingWebSocket").field("state", &state).finish_non_exhaustive()
    }
}

/// A sending end of a [`ReconnectingWebSocket`]; a clone sends on the same one. It never waits.
#[derive(Debug, Clone)]
pub struct ReconnectingSender(Arc<Shared>);

impl ReconnectingSender {
    /// Queues a message; it is sent on the connection that is open, or on the next one, while
    /// somebody awaits [`receive`](ReconnectingWebSocket::receive).
    ///
    /// # Errors
    /// [`ReconnectError::Full`] if
    /// [`max_unsent`](super::ReconnectConfig#structfield.max_unsent) is reached and
    /// [`unsent`](super::ReconnectConfig#structfield.unsent) refuses; [`ReconnectError::Over`] if it
    /// was closed or is not opened again.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), ReconnectError> {
        self.0.send(message.into())
    }

    /// Closes it for good, behind what is queued if a connection is open. `receive` ends when the
    /// other side has answered.
    pub fn close(&self, code: CloseCode, reason: impl Into<String>) {
        self.0.close(code, reason.into());
    }

    /// Whether a connection is open at this moment.
    pub fn is_open(&self) -> bool {
        self.0.lock().is_open
    }

    /// How many bytes wait for a connection, counted as
    /// [`max_unsent`](super::ReconnectConfig#structfield.max_unsent) counts them.
    pub fn unsent(&self) -> usize {
        self.0.lock().unsent.bytes()
    }

    /// How many messages the policy has thrown away.
    pub fn dropped(&self) -> u64 {
        self.0.lock().unsent.dropped()
    }
}
