//! One connection as requests and answers: the one place where hyper is named.

use crate::ServerConfig;
use crate::answer::Answering;
use crate::connections::Membership;
use crate::deadline::Expired;
use crate::exchange::Exchange;
use crate::link::{Link, Verdict};
use crate::request_body::RequestBody;
use crate::upgraded::{Handed, Open};
use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use landspout_handler::{Body, BodyError, Handler, Response, UpgradeSender, Upgraded};
use std::error::Error as _;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tracing::{debug, error};

const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What a server does on each of its connections.
#[derive(Debug)]
pub(crate) struct Http<H> {
    handler: H,
    config: ServerConfig,
    builder: http1::Builder,
}

/// How the parser came to its end.
enum End {
    /// In good order; these bytes were read and not used.
    Done(Bytes),
    /// The client sent what is not HTTP, or went away.
    Failed,
    /// An answer broke off.
    Broken,
    Judged(Verdict),
}

impl<H: Handler + 'static> Http<H> {
    pub(crate) fn new(handler: H, config: ServerConfig) -> Http<H> {
        let mut builder = http1::Builder::new();
        // hyper reads ahead to notice a client that leaves, and then needs a new buffer for each
        // request. The ticker notices for nothing.
        builder.half_close(true).max_header_size(config.header_bytes);
        // Bounds what an upload may make the connection hold.
        builder.max_buf_size(config.header_bytes.max(64 << 10));
        if config.header_count != 100 {
            // It is hyper's own number, and to set it costs allocations.
            builder.max_headers(config.header_count);
        }
        Http { handler, config, builder }
    }

    /// Answers the requests of a connection until it ends.
    pub(crate) async fn run(self: Rc<Self>, link: Rc<Link>, membership: Membership) {
        match self.drive(&link).await {
            End::Done(read_ahead) => {
                let upgrade = link.upgrade.take();
                match upgrade {
                    Some(sender) => hand_over(link, membership, sender, read_ahead).await,
                    None => link.close().await,
                }
            }
            End::Failed => link.close().await,
            End::Broken if link.ends_by_close.get() => link.reset(),
            End::Broken => link.close().await,
            End::Judged(Verdict::Expired(Expired::Head)) => {
                let remote = link.connection.remote_addr();
                debug!(target: "landspout::server", ?remote, "the head of a request was too slow");
                link.say(TOO_SLOW).await;
                link.close().await;
            }
            End::Judged(_) => link.reset(),
        }
    }

    async fn drive(&self, link: &Rc<Link>) -> End {
        let service = service_fn(|request| self.answer(link.clone(), request));
        let mut parser = self.builder.serve_connection(Io(link.clone()), service);
        let end = poll_fn(|cx| {
            if let Err(verdict) = link.begin(cx) {
                return Poll::Ready(Some(End::Judged(verdict)));
            }
            // To its shutdown, which writes what the parser still holds.
            let polled = Pin::new(&mut parser).poll(cx);
            if link.send_batch(cx).is_err() {
                return Poll::Ready(Some(End::Failed));
            }
            polled.map(|result| result.map_err(|error| explain_end(&error, link)).err())
        });
        end.await.unwrap_or_else(|| End::Done(parser.into_parts().read_buf))
    }

    fn answer<'a>(
        &'a self,
        link: Rc<Link>,
        request: Request<Incoming>,
    ) -> Answering<impl Future<Output = Response> + 'a> {
        let mut reading = None;
        let has_body = !request.body().is_end_stream();
        let expects = has_body && request.headers().contains_key(EXPECT);
        let request = request.map(|incoming| {
            if !has_body {
                return Body::empty();
            }
            let (body, reads) = RequestBody::new(incoming, expects, explain_body);
            reading = Some(reads);
            Body::wrap(body)
        });
        let (exchange, received) = Exchange::begin(link, &self.config, request, reading);
        Answering::begin(exchange, received, |request| self.handler.handle(request))
    }
}

/// Gives the socket to whoever took the upgrade.
async fn hand_over(
    link: Rc<Link>,
    membership: Membership,
    sender: UpgradeSender,
    read_ahead: Bytes,
) {
    if !link.flush().await {
        return link.reset();
    }
    let open = Open::default();
    membership.hand_over(open.clone(), link.connection.clone());
    if let Some(link) = Rc::into_inner(link) {
        sender.send(Upgraded::new(Handed::new(link.into_stream(), open), read_ahead));
    }
}

/// Says once why a connection ended, where that is worth saying.
fn explain_end(error: &hyper::Error, link: &Link) -> End {
    let remote = link.connection.remote_addr().map(tracing::field::display);
    if error.is_user() || error.is_body_write_aborted() {
        let cause = error.source().map(tracing::field::display);
        error!(target: "landspout::server", remote, cause, "an answer broke off: {error}");
        return End::Broken;
    }
    if error.is_parse() {
        debug!(target: "landspout::server", remote, "a request was refused: {error}");
    }
    End::Failed
}

/// Why a request's body cannot be read on.
fn explain_body(error: hyper::Error) -> BodyError {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => BodyError::timeout(),
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            BodyError::malformed(error)
        }
        _ => BodyError::incomplete(error),
    }
}

/// A connection as hyper reads and writes it.
struct Io(Rc<Link>);

impl Read for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf.remaining(), |bytes| buf.put_slice(bytes))
    }
}

impl Write for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The bytes go out when the poll that wrote them ends.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The link closes itself, one side after the other.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
