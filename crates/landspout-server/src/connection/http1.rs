//! HTTP/1.0 and HTTP/1.1.

use super::io::Io;
use super::{End, Http, explain_end};
use crate::ServerConfig;
use crate::answer::Answering;
use crate::exchange::Exchange;
use crate::framing::{Found, Size, Witness};
use crate::link::Link;
use crate::request_body::RequestBody;
use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use landspout_handler::{Body, BodyError, Handler, Request as Received, Response};
use std::cell::RefCell;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

pub(super) fn builders(config: &ServerConfig) -> [Builder; 2] {
    [false, true].map(|is_listed| builder(config, is_listed))
}

fn builder(config: &ServerConfig, is_listed: bool) -> Builder {
    let mut builder = Builder::new();
    // hyper reads ahead to notice a client that leaves, and then needs a new buffer for each
    // request. The ticker notices for nothing.
    builder.half_close(true).max_header_size(config.header_bytes);
    builder.writev(is_listed);
    // Bounds what an upload may make the connection hold.
    builder.max_buf_size(config.header_bytes.max(64 << 10));
    if config.header_count != 100 {
        // It is hyper's own number, and to set it costs allocations.
        builder.max_headers(config.header_count.min(MOST_HEADERS));
    }
    builder
}

/// How many header lines a request can have at the most: its table of them holds 24 576.
const MOST_HEADERS: usize = 16 << 10;

/// Why a parser is no longer driven.
enum Stop {
    End(End),
    /// It came to the end of the connection; what it had read further is not its own.
    Done,
    Park,
}

impl<H: Handler + 'static> Http<H> {
    /// Has a parser while there is something to parse, and waits without one.
    pub(super) async fn drive_http1(&self, link: &Rc<Link>) -> End {
        let mut waits = !link.has_read_ahead();
        loop {
            if waits {
                match link.stir().await {
                    Ok(true) => {}
                    Ok(false) => return End::Done(Bytes::new()),
                    Err(verdict) => return End::Judged(verdict),
                }
            }
            // In a box, so that a connection that waits has no room for it.
            if let Some(end) = Box::pin(self.parse(link)).await {
                return end;
            }
            waits = true;
        }
    }

    /// Answers requests until the connection ends, or until nothing is being said on it.
    async fn parse(&self, link: &Rc<Link>) -> Option<End> {
        let _parser = link.connections.parking.count();
        let witness = RefCell::new(Witness::new());
        let service = service_fn(|request| self.answer(link.clone(), &witness, request));
        let builder = &self.http1[usize::from(link.layout.choose(link.now()))];
        let mut parser = builder.serve_connection(Io::new(link, &witness), service);
        let end = poll_fn(|cx| {
            if let Err(verdict) = link.begin(cx) {
                return Poll::Ready(Stop::End(End::Judged(verdict)));
            }
            // To its shutdown, which writes what the parser still holds.
            let polled = Pin::new(&mut parser).poll(cx);
            witness.borrow_mut().keep(&mut link.connections.heads.borrow_mut());
            if link.send_batch(cx).is_err() {
                return Poll::Ready(Stop::End(End::Failed));
            }
            if link.is_shared() {
                // It is the other version: nothing was read, and nothing will be.
                return Poll::Ready(Stop::End(End::Done(Bytes::new())));
            }
            match polled {
                Poll::Ready(Ok(())) => Poll::Ready(Stop::Done),
                Poll::Ready(Err(error)) => Poll::Ready(Stop::End(explain_end(&error, link))),
                Poll::Pending if link.is_to_park() => Poll::Ready(Stop::Park),
                Poll::Pending => Poll::Pending,
            }
        });
        match end.await {
            Stop::End(end) => Some(end),
            Stop::Done => Some(End::Done(parser.into_parts().read_buf)),
            Stop::Park => {
                link.hold(&parser.into_parts().read_buf);
                None
            }
        }
    }

    fn answer<'a>(
        &'a self,
        link: Rc<Link>,
        witness: &RefCell<Witness>,
        request: Request<Incoming>,
    ) -> Answering<impl Future<Output = Response> + 'a> {
        let (head, incoming) = request.into_parts();
        let size = size_of(&incoming);
        // At once, so that what follows hands on a pointer and not a head.
        let mut request = Received::from_parts(head, Body::empty());
        let reading = (!incoming.is_end_stream()).then(|| {
            let expects = request.headers().keys().any(|name| *name == EXPECT);
            let (body, reading) = RequestBody::new(incoming, expects, explain_body);
            *request.body_mut() = Body::wrap(body);
            reading
        });
        let judged = {
            let heads = link.connections.heads.borrow();
            witness.borrow_mut().judge(&heads, found(&request, size))
        };
        let (exchange, received) = Exchange::begin(link, &self.config, request, reading, judged);
        Answering::begin(exchange, received, |request| self.handler.handle(request))
    }
}

/// How large hyper takes a body to be.
fn size_of(body: &Incoming) -> Size {
    match body.size_hint().exact() {
        None => Size::Unknown,
        Some(0) => Size::None,
        Some(length) => Size::Known(length),
    }
}

/// What hyper made of the bytes of a head.
fn found(request: &Received, body: Size) -> Found {
    // An absolute target is not found where it ends, and so looked at in full.
    let target = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let target_end = request.method().as_str().len() + 1 + target;
    Found { lines: request.headers().len(), target_end, body }
}

/// Why a request's body cannot be read on.
pub(super) fn explain_body(error: hyper::Error) -> BodyError {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => BodyError::timeout(),
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            BodyError::malformed(error)
        }
        _ => BodyError::incomplete(error),
    }
}
