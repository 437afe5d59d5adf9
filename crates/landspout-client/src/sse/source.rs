//! A stream of events that is opened again when it breaks.

use super::parser::Parser;
use super::{Event, EventSourceConfig, EventSourceError};
use crate::backoff::{Backoff, random};
use crate::{ClientResponse, FetchError, RequestBuilder};
use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout, timeout_at};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What a server may at the most ask to be waited for: one that asks for years has made a mistake.
const MAX_RETRY: Duration = Duration::from_secs(60 * 60);

/// A stream of server-sent events; made by [`RequestBuilder::events`].
///
/// Nothing happens while nobody awaits [`next`](EventSource::next): no request is sent, and a server
/// that sends faster than events are taken is held back. A request whose body is a stream can be
/// sent once only, and so opens its event stream once.
pub struct EventSource {
    /// `None` if the request can be sent once only.
    request: Option<RequestBuilder>,
    config: EventSourceConfig,
    parser: Parser,
    backoff: Backoff,
    /// What the server asks to be waited for.
    retry: Duration,
    state: State,
}

enum State {
    Waiting(Pin<Box<Sleep>>),
    Opening(Opening),
    Open(Box<Open>),
    Over,
}

type Opening = Pin<Box<dyn Future<Output = Result<ClientResponse, Interruption>> + Send>>;

struct Open {
    response: ClientResponse,
    since: Instant,
    /// When something last came.
    heard: Instant,
    unread: Bytes,
}

/// Why the stream is opened again.
enum Interruption {
    End,
    /// Nothing came for too long, or no answer did.
    Silence,
    Failed(FetchError),
    Refused(Box<ClientResponse>),
}

impl EventSource {
    pub(crate) fn new(request: RequestBuilder, config: EventSourceConfig) -> EventSource {
        let request = request
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let parser = Parser::new(config.max_event, String::new());
        let again = request.try_clone();
        let opening = open(request, config.open_timeout);
        EventSource {
            request: again,
            parser,
            backoff: Backoff::new(config.backoff.clone()),
            retry: Duration::ZERO,
            state: State::Opening(Box::pin(opening)),
            config,
        }
    }

    /// Goes on behind the event of this id, which an earlier stream had: the first request says it
    /// as `Last-Event-ID`. Without effect once [`next`](EventSource::next) was called. An id that
    /// cannot stand in a header is not said.
    #[must_use]
    pub fn after(mut self, id: impl Into<String>) -> EventSource {
        if matches!(self.state, State::Opening(_)) && self.request.is_some() {
            self.parser = Parser::new(self.config.max_event, id.into());
            self.open();
        }
        self
    }

    /// The id that a stream which is opened now would say, to go on behind it another time; empty if
    /// no event had one.
    pub fn last_id(&self) -> &str {
        self.parser.last_id()
    }

    /// Whether the stream is open at this moment.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Waits for the next event, and opens the stream as often as that needs. `None` if the server
    /// has said by a 204 that there are no more.
    ///
    /// A stream that ends or breaks, a request that fails, and an answer of 429, 500, 502, 503 or
    /// 504 lead to another attempt, later and later (`Retry-After` in seconds is waited for too). The
    /// standard lets browsers give up at those statuses; a server behind a load balancer gives them
    /// while it restarts.
    ///
    /// # Errors
    /// Another attempt would be no better, or there were too many: see [`EventSourceError`]. Told
    /// once, then it is `None`.
    ///
    /// # Cancel safety
    /// Safe: no event is lost, and the next call goes on where this one stopped.
    pub async fn next(&mut self) -> Result<Option<Event>, EventSourceError> {
        loop {
            match &mut self.state {
                State::Over => return Ok(None),
                State::Waiting(sleep) => {
                    sleep.as_mut().await;
                    self.open();
                }
                State::Opening(opening) => match opening.as_mut().await {
                    Ok(response) => self.begin(response)?,
                    Err(interruption) => self.interrupt(interruption)?,
                },
                State::Open(open) => match self.parser.parse(&mut open.unread) {
                    Ok(Some(event)) => return Ok(Some(event)),
                    Ok(None) => match open.read(self.config.idle_timeout).await {
                        Ok(bytes) => open.unread = bytes,
                        Err(interruption) => self.interrupt(interruption)?,
                    },
                    Err(_) => {
                        self.state = State::Over;
                        return Err(EventSourceError::TooLong(self.config.max_event));
                    }
                },
            }
        }
    }

    /// Begins an attempt.
    fn open(&mut self) {
        let again = self.request.as_ref().and_then(RequestBuilder::try_clone);
        let Some(mut request) = again else {
            self.state = State::Over;
            return;
        };
        let id = self.parser.last_id();
        if let (false, Ok(id)) = (id.is_empty(), HeaderValue::from_bytes(id.as_bytes())) {
            request = request.header(LAST_EVENT_ID, id);
        }
        self.state = State::Opening(Box::pin(open(request, self.config.open_timeout)));
    }

    /// Takes an answer of 200 for the stream, if it is one.
    fn begin(&mut self, response: ClientResponse) -> Result<(), EventSourceError> {
        if response.status() == StatusCode::NO_CONTENT {
            self.state = State::Over;
        } else if response.status() != StatusCode::OK {
            self.state = State::Over;
            return Err(EventSourceError::Refused(Box::new(response)));
        } else if !is_event_stream(&response) {
            self.state = State::Over;
            return Err(EventSourceError::ContentType(Box::new(response)));
        } else {
            let now = Instant::now();
            self.parser.restart();
            let open = Open { response, since: now, heard: now, unread: Bytes::new() };
            self.state = State::Open(Box::new(open));
        }
        Ok(())
    }

    /// Waits before the next attempt, or gives up.
    fn interrupt(&mut self, interruption: Interruption) -> Result<(), EventSourceError> {
        if let State::Open(open) = &self.state {
            self.backoff.was_open(open.since.elapsed());
        }
        self.retry = self.parser.take_retry().unwrap_or(self.retry).min(MAX_RETRY);
        let asked = match &interruption {
            Interruption::Refused(response) => retry_after(response).min(MAX_RETRY),
            _ => Duration::ZERO,
        };
        match self.request.as_ref().and_then(|_| self.backoff.next(random())) {
            Some(wait) => {
                tracing::debug!(%interruption, ?wait, "an event stream is to be opened again");
                let wait = wait + self.retry.max(asked);
                self.state = State::Waiting(Box::pin(sleep(wait)));
                Ok(())
            }
            None => {
                self.state = State::Over;
                Err(match interruption {
                    Interruption::Failed(error) => EventSourceError::Fetch(error),
                    Interruption::Refused(response) => EventSourceError::Refused(response),
                    Interruption::End | Interruption::Silence => EventSourceError::Ended,
                })
            }
        }
    }
}

impl Open {
    /// The next bytes.
    async fn read(&mut self, idle_timeout: Duration) -> Result<Bytes, Interruption> {
        let chunk = match self.heard.checked_add(idle_timeout).filter(|_| !idle_timeout.is_zero()) {
            Some(at) => timeout_at(at, self.response.chunk()).await,
            None => Ok(self.response.chunk().await),
        };
        match chunk {
            Ok(Ok(Some(bytes))) => {
                self.heard = Instant::now();
                Ok(bytes)
            }
            Ok(Ok(None)) => Err(Interruption::End),
            Ok(Err(error)) => Err(Interruption::Failed(error)),
            Err(_) => Err(Interruption::Silence),
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interruption::End => f.write_str("it ended"),
            Interruption::Silence => f.write_str("nothing came"),
            Interruption::Failed(error) => error.fmt(f),
            Interruption::Refused(response) => write!(f, "the answer is {}", response.status()),
        }
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Waiting(_) => "waiting",
            State::Opening(_) => "opening",
            State::Open(_) => "open",
            State::Over => "over",
        };
        f.debug_struct("EventSource")
            .field("state", &state)
            .field("last_id", &self.last_id())
            .finish_non_exhaustive()
    }
}

/// Sends the request once. The answer may be anything that is final.
async fn open(request: RequestBuilder, limit: Duration) -> Result<ClientResponse, Interruption> {
    let sending = request.timeout(Duration::ZERO).max_body_size(u64::MAX).decompress(false).send();
    let result = match limit.is_zero() {
        true => sending.await,
        false => timeout(limit, sending).await.map_err(|_| Interruption::Silence)?,
    };
    match result {
        Ok(response) if may_come_back(response.status()) => {
            Err(Interruption::Refused(Box::new(response)))
        }
        Ok(response) => Ok(response),
        Err(error) => Err(Interruption::Failed(error)),
    }
}

fn may_come_back(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

fn retry_after(response: &ClientResponse) -> Duration {
    let seconds = response.header(RETRY_AFTER).and_then(|value| value.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// Whether the type is right, whatever its parameters: the text is UTF-8 in any case.
fn is_event_stream(response: &ClientResponse) -> bool {
    let content_type = response.header(CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/event-stream")
}
