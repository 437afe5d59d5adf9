//! HTTP/2 over one connection.

use super::body::Outgoing;
use super::server::{Heard, Server};
use super::{Answer, Connection, Link, Settings, Unanswered, is_of_body};
use crate::config::Http2Config;
use crate::error::{Failure, Kind};
use crate::expect::Gate;
use crate::io::Io;
use crate::target::Origin;
use h2::Reason;
use http::header::{CONNECTION, EXPECT, HOST, SEC_WEBSOCKET_KEY, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderValue, Method, Request, StatusCode, Uri, Version, response};
use http_body::Body as _;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use landspout_handler::Body;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

/// A year. hyper adds its waits to the time of day, which must not overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A handle on an HTTP/2 connection. Dropping the last one closes the connection, when the streams
/// on it have ended.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    sender: SendRequest<Outgoing>,
    server: Arc<Server>,
}

impl Http2 {
    /// Takes over the I/O, and starts the task that drives it on the current runtime.
    pub(super) async fn start(io: Io, settings: &Settings) -> Result<Http2, Failure> {
        let config = &settings.http2_config;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(window(config.stream_window))
            .initial_connection_window_size(connection_window(config))
            .max_header_list_size(u32::try_from(settings.max_header_size).unwrap_or(u32::MAX))
            .keep_alive_timeout(config.ping_timeout.min(LONGEST_WAIT));
        if !config.ping_interval.is_zero() {
            builder.keep_alive_interval(config.ping_interval.min(LONGEST_WAIT));
        }
        let server = Server::new();
        let io = Heard::new(io, Arc::clone(&server));
        let handshake = builder.handshake(TokioIo::new(io)).await;
        let (sender, driver) = handshake.map_err(|error| Failure::new(Kind::Failed, error))?;
        let noted = Arc::clone(&server);
        tokio::spawn(async move {
            // Requests that were under way have been told already.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection broke");
            }
            noted.retire();
        });
        Ok(Http2 { sender, server })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.server.is_retired() && !self.sender.is_closed()
    }

    /// How many requests the server takes at once.
    pub(super) fn capacity(&self) -> usize {
        self.server.capacity()
    }

    /// Whether a stream can go on as another protocol (RFC 8441 §3).
    pub(super) async fn extends_connect(&self) -> bool {
        self.server.extends_connect().await
    }
}

impl Connection {
    /// Sends a request on a stream of its own. One with `Upgrade` becomes an extended CONNECT, and
    /// an answer of 200 to it brings the stream along.
    pub(super) async fn send_http2(
        &mut self,
        mut request: Request<Body>,
        origin: &Origin,
    ) -> Result<(response::Parts, Answer), Unanswered> {
        let Link::Http2(link) = &mut self.link else { unreachable!("the caller has looked") };
        address(&mut request, origin);
        let is_extended = extend(&mut request);
        // hyper does not tell of a 100, and the server can stop a stream at any time.
        if let Some(gate) = request.extensions_mut().remove::<Gate>() {
            gate.open();
            request.headers_mut().remove(EXPECT);
        }
        let wire = Arc::clone(&self.wire);
        wire.begin(request.body().is_end_stream());
        let request = request.map(|body| Outgoing::new(body, &wire));
        // What is written from here on is mingled with what others write.
        wire.note_sent();
        match link.sender.try_send_request(request).await {
            Ok(response) if is_extended && response.status() == StatusCode::OK => {
                wire.note_answered();
                let (head, body) = response.into_parts();
                Box::pin(self.hand_over(head, Answer(body))).await
            }
            Ok(response) => {
                wire.note_answered();
                let (head, body) = response.into_parts();
                Ok((head, Answer(body)))
            }
            Err(error) => Err(self.sort_http2(error)),
        }
    }

    fn sort_http2(&self, mut error: TrySendError<Request<Outgoing>>) -> Unanswered {
        let unsent = error.take_message().map(|request| request.into_body().into_body());
        let error = error.into_error();
        let cause = h2_error(&error);
        let refused = cause.is_some_and(is_refusal);
        let Link::Http2(Http2 { server, .. }) = &self.link else { unreachable!("it was sent so") };
        if cause.is_some_and(|cause| cause.is_go_away() || cause.is_io()) {
            server.retire();
        }
        // A stream that the server breaks off is a word about this request; one that broke with its
        // connection is none.
        let answered = cause.is_some_and(|cause| cause.is_reset() && cause.is_remote());
        let kind = match cause {
            _ if is_of_body(&error) => Kind::RequestBody,
            _ if server.is_flooded() => {
                return self.unanswered(Kind::Malformed, "too many 1xx answers");
            }
            Some(cause) if is_malformed(cause) && self.has_long_head(server) => Kind::TooLarge,
            Some(cause) if is_malformed(cause) => Kind::Malformed,
            _ => Kind::Failed,
        };
        Unanswered { unsent, answered, refused, ..self.unanswered(kind, error) }
    }

    /// Whether it is because of its length that a head was refused. The limit is one of decoded
    /// fields, and h2 says neither how long they were nor why it refuses; a field counts 32 bytes
    /// more than it has (RFC 9113 §6.5.2), and takes 4 on the wire if it is as short as can be.
    fn has_long_head(&self, server: &Server) -> bool {
        server.last_head().saturating_mul(9) >= self.settings.max_header_size
    }
}

/// RFC 8441 §4: what `Upgrade` is over HTTP/1.1. Whether the request has become one.
fn extend(request: &mut Request<Body>) -> bool {
    let Some(protocol) = request.headers_mut().remove(UPGRADE) else { return false };
    // RFC 8441 §5: the key of a WebSocket is said over HTTP/1.1 only.
    request.headers_mut().remove(SEC_WEBSOCKET_KEY);
    *request.method_mut() = Method::CONNECT;
    let protocol = Protocol::from(protocol.to_str().unwrap_or_default());
    request.extensions_mut().insert(protocol);
    true
}

/// What is said once for a connection of HTTP/1.1 is said within each request of HTTP/2: the scheme
/// and the host, which are taken from the URI (RFC 9113 §8.3.1).
fn address(request: &mut Request<Body>, origin: &Origin) {
    let host = request.headers_mut().remove(HOST);
    let uri = match host.as_ref().map(HeaderValue::as_bytes) {
        Some(host) if origin.host_header() != host => named(host, request.uri(), origin),
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

/// The window of all streams together.
fn connection_window(config: &Http2Config) -> u32 {
    let streams = u32::try_from(config.max_streams).unwrap_or(u32::MAX);
    match config.connection_window {
        0 => window(window(config.stream_window).saturating_mul(streams)),
        bytes => window(bytes),
    }
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
