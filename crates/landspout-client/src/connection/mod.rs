//! One connection, whatever version of HTTP it speaks. hyper is named in this folder and nowhere
//! else in this crate.

mod body;
mod driver;
#[cfg(feature = "http2")]
mod frames;
mod http1;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "http2")]
mod server;
mod tunnel;

pub(crate) use body::Answer;
pub(crate) use tunnel::tunnel;

#[cfg(feature = "http2")]
use crate::config::Http2Config;
use crate::error::{Cause, Failure, Kind};
use crate::expect::{Gate, Threshold};
use crate::handover;
use crate::io::Io;
use crate::moment::Moment;
use crate::target::Origin;
use crate::wire::Wire;
use body::Outgoing;
use futures_util::FutureExt;
#[cfg(feature = "http2")]
use futures_util::future::Either;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode, response};
use http_body::Body as _;
use http1::Http1;
#[cfg(feature = "http2")]
use http2::Http2;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::ext::on_informational;
use landspout_handler::{Body, BodyError};
use std::net::SocketAddr;
use std::sync::Arc;

/// One connection, driven by a task of its own; or, with HTTP/2, one handle on a connection that
/// several requests share.
#[derive(Debug)]
pub(crate) struct Connection {
    link: Link,
    wire: Arc<Wire>,
    settings: Arc<Settings>,
    remote_addr: Option<SocketAddr>,
    /// What the body of the last request waited behind.
    threshold: Option<Threshold>,
}

/// Who speaks on a connection.
#[derive(Debug)]
enum Link {
    Http1(Http1),
    #[cfg(feature = "http2")]
    Http2(Http2),
}

/// How a connection is to be spoken on.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Whether to speak HTTP/2.
    pub(crate) http2: bool,
    /// The whole URL goes into the request line, as a proxy wants it (RFC 9112 §3.2.2).
    pub(crate) absolute: bool,
    /// What the proxy is told about who asks.
    pub(crate) proxy_authorization: Option<HeaderValue>,
    pub(crate) max_header_size: usize,
    #[cfg(feature = "http2")]
    pub(crate) http2_config: Http2Config,
}

/// A request that got no answer.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) failure: Failure,
    /// The request's body, if not a byte of the request went out.
    pub(crate) unsent: Option<Body>,
    /// Whether a byte of an answer came.
    pub(crate) answered: bool,
    /// Whether the server has promised that it did nothing with the request.
    pub(crate) refused: bool,
}

impl Unanswered {
    /// A request that ran out of time is not sent again.
    pub(crate) fn late(failure: Failure) -> Unanswered {
        Unanswered { failure, unsent: None, answered: true, refused: false }
    }
}

impl Connection {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(crate) async fn start(io: Io, settings: Settings) -> Result<Connection, Failure> {
        let wire = Wire::new();
        let remote_addr = io.remote_addr();
        let link = match settings.http2 {
            // What goes over the wire belongs to no request in particular.
            #[cfg(feature = "http2")]
            true => Link::Http2(Http2::start(io, &settings).await?),
            _ => {
                let wire = Arc::clone(&wire);
                Link::Http1(Http1::start(io, wire, settings.max_header_size).await?)
            }
        };
        let settings = Arc::new(settings);
        Ok(Connection { link, wire, settings, remote_addr, threshold: None })
    }

    /// Another handle, where several requests can go over one connection at once.
    pub(crate) fn share(&self) -> Option<Connection> {
        match &self.link {
            Link::Http1(_) => None,
            #[cfg(feature = "http2")]
            Link::Http2(link) => Some(Connection {
                link: Link::Http2(link.clone()),
                wire: Wire::new(),
                settings: Arc::clone(&self.settings),
                remote_addr: self.remote_addr,
                threshold: None,
            }),
        }
    }

    /// How many requests can be under way at once.
    pub(crate) fn capacity(&self) -> usize {
        match &self.link {
            Link::Http1(_) => 1,
            #[cfg(feature = "http2")]
            Link::Http2(link) => link.capacity().min(self.settings.http2_config.max_streams.max(1)),
        }
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote_addr
    }

    /// Whether the other side has not closed the connection, as far as its task has noticed.
    pub(crate) fn is_open(&self) -> bool {
        match &self.link {
            Link::Http1(link) => {
                link.is_open() && !self.threshold.as_ref().is_some_and(Threshold::is_shut)
            }
            #[cfg(feature = "http2")]
            Link::Http2(link) => link.is_open(),
        }
    }

    /// Whether it can be given a request now.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.link {
            Link::Http1(link) => link.is_ready(),
            #[cfg(feature = "http2")]
            Link::Http2(link) => link.is_open(),
        }
    }

    /// Waits until it can be given a request; false if it closes before.
    pub(crate) async fn ready(&mut self) -> bool {
        match &mut self.link {
            Link::Http1(link) => link.ready().await,
            #[cfg(feature = "http2")]
            Link::Http2(link) => link.is_open(),
        }
    }

    /// Whether it can speak another protocol from a request on; over HTTP/2 a stream of it, if the
    /// server has said so, for whose first words this waits.
    ///
    /// # Cancel safety
    /// Safe.
    pub(crate) async fn can_upgrade(&self) -> bool {
        match &self.link {
            Link::Http1(_) => true,
            #[cfg(feature = "http2")]
            Link::Http2(link) => link.extends_connect().await,
        }
    }

    /// Whether it keeps the time limit of a request by itself.
    pub(crate) fn keeps_time(&self) -> bool {
        match &self.link {
            Link::Http1(link) => link.is_at_home(),
            #[cfg(feature = "http2")]
            Link::Http2(_) => false,
        }
    }

    /// Whether it was closed because its answer was too late.
    pub(crate) fn is_late(&self) -> bool {
        self.wire.is_late()
    }

    /// Sends a request to an origin, and returns the head of the answer, and its body. One that
    /// [keeps time](Connection::keeps_time) closes itself at the deadline.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection; with HTTP/2 only the request's stream.
    pub(crate) fn send<'a>(
        &'a mut self,
        mut request: Request<Body>,
        origin: &'a Origin,
        deadline: Option<Moment>,
    ) -> impl Future<Output = Result<(response::Parts, Answer), Unanswered>> + Send + 'a {
        if self.settings.absolute {
            self.address_to_proxy(&mut request, origin);
        }
        #[cfg(feature = "http2")]
        if matches!(self.link, Link::Http2(_)) {
            // On the heap, so that the future of HTTP/1.1 is small.
            return Either::Left(Box::pin(self.send_http2(request, origin)));
        }
        self.wire.begin(request.body().is_end_stream());
        self.wire.set_deadline(deadline);
        let gate = request.extensions_mut().remove::<Gate>();
        let mut request = request.map(|body| Outgoing::new(body, &self.wire));
        self.threshold = gate.clone().map(Threshold);
        if let Some(gate) = gate {
            on_informational(&mut request, move |interim| {
                if interim.status() == StatusCode::CONTINUE {
                    gate.open();
                }
            });
        }
        let sent = match &mut self.link {
            Link::Http1(link) => link.send(request),
            #[cfg(feature = "http2")]
            Link::Http2(_) => unreachable!("what has streams was sent on one"),
        };
        let answer = sent.map(|answer| self.take(answer));
        #[cfg(feature = "http2")]
        let answer = Either::Right(answer);
        answer
    }

    /// Takes what came back for a request.
    fn take(
        &self,
        answer: Result<Response<Incoming>, TrySendError<Request<Outgoing>>>,
    ) -> Result<(response::Parts, Answer), Unanswered> {
        self.wire.set_deadline(None);
        match answer {
            Ok(response) if self.is_refused_by_proxy(&response) => {
                Err(self.unanswered(Kind::ProxyAuth, "the proxy answered 407"))
            }
            Ok(response) => Ok(take_apart(response)),
            Err(error) => Err(self.sort(error)),
        }
    }

    /// What to make of an answer of 101 that nobody wanted.
    pub(crate) fn refuse_upgrade(&self) -> Unanswered {
        self.unanswered(Kind::Malformed, "another protocol was not asked for")
    }

    fn address_to_proxy(&self, request: &mut Request<Body>, origin: &Origin) {
        *request.uri_mut() = origin.absolute(request.uri());
        if let Some(value) = &self.settings.proxy_authorization {
            let headers = request.headers_mut();
            headers.insert(http::header::PROXY_AUTHORIZATION, value.clone());
        }
    }

    fn is_refused_by_proxy(&self, response: &Response<Incoming>) -> bool {
        self.settings.absolute && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
    }

    /// Takes the connection, or its stream, out from under hyper, and gives it to whoever reads the
    /// answer.
    pub(crate) async fn hand_over(
        &self,
        head: response::Parts,
        body: Answer,
    ) -> Result<(response::Parts, Answer), Unanswered> {
        let mut response = Response::from_parts(head, ());
        // The head has been read, so that this waits for the connection's task only.
        let upgraded = hyper::upgrade::on(&mut response).await;
        let upgraded = upgraded.map_err(|error| self.unanswered(Kind::Failed, error))?;
        handover::give(response.extensions_mut(), http1::release(upgraded));
        Ok((response.into_parts().0, body))
    }

    fn unanswered(&self, kind: Kind, cause: impl Into<Cause>) -> Unanswered {
        let answered = self.wire.received() > 0;
        Unanswered { failure: Failure::new(kind, cause), unsent: None, answered, refused: false }
    }

    fn sort(&self, mut error: TrySendError<Request<Outgoing>>) -> Unanswered {
        let unsent = error.take_message().map(|request| request.into_body().into_body());
        let error = error.into_error();
        if self.wire.is_flooded() {
            return self.unanswered(Kind::Malformed, "too many 1xx answers");
        }
        // hyper tells a head that is too long from another malformed one in a server only.
        let is_long = self.wire.received() >= self.settings.max_header_size as u64;
        let kind = match &error {
            error if error.is_parse() && is_long => Kind::TooLarge,
            error if error.is_parse() => Kind::Malformed,
            error if error.is_body_write_aborted() || is_of_body(error) => Kind::RequestBody,
            _ => Kind::Failed,
        };
        Unanswered { unsent, ..self.unanswered(kind, error) }
    }
}

/// Whether the request's body failed. hyper counts a runtime that ended among the user's errors too.
fn is_of_body(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<BodyError>()).is_some()
}

fn take_apart(response: Response<Incoming>) -> (response::Parts, Answer) {
    let (mut head, body) = response.into_parts();
    // RFC 9112 §6.3: where both are there the length counts for nothing, and must not be passed on.
    let is_unknown = body.size_hint().exact().is_none_or(|len| len == 0);
    if is_unknown && head.headers.contains_key(TRANSFER_ENCODING) {
        head.headers.remove(CONTENT_LENGTH);
    }
    (head, Answer(body))
}
