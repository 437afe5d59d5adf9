//! HTTP/2 over one connection.

use super::body::Outgoing;
use super::{Answer, Connection, Link, Settings, Unanswered, is_of_body};
use crate::error::{Failure, Kind};
use crate::expect::Gate;
use crate::io::Io;
use crate::target::Origin;
use h2::Reason;
use http::header::{CONNECTION, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Uri, Version, response};
use http_body::Body as _;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use landspout_handler::Body;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// A handle on an HTTP/2 connection. Dropping the last one closes the connection, when the streams
/// on it have ended.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    sender: SendRequest<Outgoing>,
    state: Arc<State>,
}

/// What the task that drives the connection knows of it.
#[derive(Debug)]
struct State {
    /// Whether the server takes no further requests.
    retired: AtomicBool,
    /// How many requests the server takes at once.
    capacity: AtomicUsize,
}

impl Http2 {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(super) async fn start(io: Io, settings: &Settings) -> Result<Http2, Failure> {
        let config = &settings.http2_config;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(window(config.stream_window))
            .initial_connection_window_size(window(config.connection_window))
            .max_header_list_size(u32::try_from(settings.max_header_size).unwrap_or(u32::MAX))
            .keep_alive_timeout(config.ping_timeout);
        if !config.ping_interval.is_zero() {
            builder.keep_alive_interval(config.ping_interval);
        }
        let handshake = builder.handshake(TokioIo::new(io)).await;
        let (sender, mut driver) = handshake.map_err(|error| Failure::new(Kind::Failed, error))?;
        let capacity = AtomicUsize::new(driver.current_max_send_streams());
        let state = Arc::new(State { retired: AtomicBool::new(false), capacity });
        let noted = Arc::clone(&state);
        tokio::spawn(async move {
            let driving = poll_fn(|cx| {
                let polled = Pin::new(&mut driver).poll(cx);
                noted.capacity.store(driver.current_max_send_streams(), Relaxed);
                polled
            });
            // Requests that were under way have been told already.
            if let Err(error) = driving.await {
                tracing::debug!(%error, "a connection broke");
            }
            noted.retired.store(true, Relaxed);
        });
        Ok(Http2 { sender, state })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.state.retired.load(Relaxed) && !self.sender.is_closed()
    }

    /// How many requests the server takes at once.
    pub(super) fn capacity(&self) -> usize {
        self.state.capacity.load(Relaxed)
    }
}

impl Connection {
    /// Sends a request on a stream of its own.
    pub(super) async fn send_http2(
        &mut self,
        mut request: Request<Body>,
        origin: &Origin,
    ) -> Result<(response::Parts, Answer), Unanswered> {
        let Link::Http2(link) = &mut self.link else { unreachable!("the caller has looked") };
        address(&mut request, origin);
        // hyper does not tell of a 100, and the server can stop a stream at any time.
        if let Some(gate) = request.extensions_mut().remove::<Gate>() {
            gate.open();
            request.headers_mut().remove(EXPECT);
        }
        let wire = Arc::clone(&self.wire);
        wire.begin(request.body().is_end_stream());
        let request = request.map(|body| Outgoing { body, wire: Arc::clone(&wire) });
        // What is written from here on is mingled with what others write.
        wire.note_sent();
        match link.sender.try_send_request(request).await {
            Ok(response) => {
                wire.note_answered();
                let (head, body) = response.into_parts();
                Ok((head, Answer(body)))
            }
            Err(error) => Err(self.sort_http2(error)),
        }
    }

    fn sort_http2(&self, mut error: TrySendError<Request<Outgoing>>) -> Unanswered {
        let unsent = error.take_message().map(|request| request.into_body().body);
        let error = error.into_error();
        let cause = h2_error(&error);
        let refused = cause.is_some_and(is_refusal);
        if let Link::Http2(link) = &self.link
            && cause.is_some_and(|cause| cause.is_go_away() || cause.is_io())
        {
            link.state.retired.store(true, Relaxed);
        }
        // A stream that the server breaks off is a word about this request; one that broke with its
        // connection is none.
        let answered = cause.is_some_and(|cause| cause.is_reset() && cause.is_remote());
        let kind = match cause {
            _ if is_of_body(&error) => Kind::RequestBody,
            Some(cause) if is_malformed(cause) => Kind::Malformed,
            _ => Kind::Failed,
        };
        Unanswered { unsent, answered, refused, ..self.unanswered(kind, error) }
    }
}

/// What is said once for a connection of HTTP/1.1 is said within each request of HTTP/2: the scheme
/// and the host, which are taken from the URI (RFC 9113 §8.3.1).
fn address(request: &mut Request<Body>, origin: &Origin) {
    let host = request.headers_mut().remove(HOST);
    let uri = match host.as_ref().map(HeaderValue::as_bytes) {
        Some(host) if host != origin.host_header().as_bytes() => named(host, request.uri(), origin),
        _ => origin.absolute(request.uri()),
    };
    *request.uri_mut() = uri;
    // RFC 9113 §8.2.2: there are no headers of the connection.
    request.headers_mut().remove(CONNECTION);
    request.headers_mut().remove(TRANSFER_ENCODING);
    *request.version_mut() = Version::HTTP_2;
}

/// For a request that names another host than the one it goes to.
fn named(host: &[u8], uri: &Uri, origin: &Origin) -> Uri {
    let absolute = origin.absolute(uri);
    let mut parts = absolute.clone().into_parts();
    let Ok(authority) = host.try_into() else { return absolute };
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or(absolute)
}

/// A window that HTTP/2 allows (RFC 9113 §6.9.1).
fn window(bytes: u32) -> u32 {
    bytes.clamp(65_535, (1 << 31) - 1)
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        source = error.source();
    }
    None
}

/// RFC 9113 §8.7: the server says that it did nothing with the request, by refusing its stream or by
/// leaving without it.
fn is_refusal(error: &h2::Error) -> bool {
    let left = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (left || refused)
}

/// Whether this side found the other one breaking the rules.
fn is_malformed(error: &h2::Error) -> bool {
    error.is_library() && !error.is_io()
}
