//! HTTP/2.

use super::http1::explain_body;
use super::shared_io::SharedIo;
use super::tasks::{LoopTimer, StreamTasks};
use super::tunnel::Tunnel;
use super::{End, Http, explain_end};
use crate::answer::Answering;
use crate::deadline::{Expired, Phase};
use crate::exchange::Exchange;
use crate::http2::{Lane, Outgoing, Watched, unify};
use crate::link::{Link, Verdict};
use crate::request_body::RequestBody;
use crate::response_body::ResponseBody;
use crate::upgraded::Open;
use crate::{Refusal, ServerConfig};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use landspout_handler::{Body, Connection, Handler, Request as Received, Upgraded};
use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::spawn_local;

fn builder(config: &ServerConfig, tasks: StreamTasks) -> Builder<StreamTasks> {
    let limits = &config.http2;
    // The library answers a head over its limit without telling of it, so that it gets one over ours.
    let header_bytes = u32::try_from(config.header_bytes.saturating_mul(2)).unwrap_or(u32::MAX);
    let mut builder = Builder::new(tasks);
    builder
        .timer(LoopTimer)
        .max_concurrent_streams(limits.max_streams)
        .max_pending_accept_reset_streams(limits.max_pending_resets)
        .max_local_error_reset_streams(limits.max_error_resets)
        .initial_stream_window_size(limits.stream_window.min(MAX_WINDOW))
        .initial_connection_window_size(limits.connection_window.min(MAX_WINDOW))
        .max_frame_size(limits.frame_bytes.clamp(16 << 10, (16 << 20) - 1))
        .max_send_buf_size(limits.send_buffer.min(MAX_WINDOW as usize))
        .max_header_list_size(header_bytes)
        .keep_alive_timeout(limits.ping_timeout.min(LONGEST_WAIT))
        .enable_connect_protocol();
    if !limits.ping_interval.is_zero() {
        builder.keep_alive_interval(limits.ping_interval.min(LONGEST_WAIT));
    }
    builder
}

/// RFC 9113 §6.9.1.
const MAX_WINDOW: u32 = (1 << 31) - 1;

/// A year. hyper adds its waits to the time of day, which must not overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl<H: Handler + 'static> Http<H> {
    /// Answers the requests of a shared connection until it ends.
    pub(super) async fn drive_http2(self: &Rc<Self>, link: &Rc<Link>) -> End {
        let (http, shared) = (self.clone(), link.clone());
        let service = service_fn(move |request| http.clone().answer_stream(&shared, request));
        let builder = builder(&self.config, StreamTasks::of(link));
        let mut parser = pin!(builder.serve_connection(SharedIo::new(link), service));
        let mut leaving = false;
        poll_fn(|cx| {
            if let Err(verdict) = link.begin(cx) {
                return Poll::Ready(End::Judged(verdict));
            }
            let idle = link.waits.expired() == Some(Expired::Idle);
            if !leaving && (idle || link.is_draining() || link.is_spent()) {
                // GOAWAY: what is on its way is still answered (RFC 9113 §6.8).
                parser.as_mut().graceful_shutdown();
                leaving = true;
            }
            if leaving && link.waits.is_idle() {
                // A client that does not say that it has heard that is not waited for.
                link.enter(Phase::Lingering);
            }
            let polled = parser.as_mut().poll(cx);
            if link.send_batch(cx).is_err() {
                return Poll::Ready(End::Failed);
            }
            if !leaving && link.is_spent() {
                // The last request that it may bring came just now.
                cx.waker().wake_by_ref();
            }
            let _ = link.streams().poll_empty(cx);
            if link.streams().orphans() > self.config.http2.max_streams as usize {
                link.refuse_orphans();
                return Poll::Ready(End::Failed);
            }
            polled.map(|result| match result {
                Ok(()) => End::Done(Bytes::new()),
                Err(error) => explain(&error, link),
            })
        })
        .await
    }

    fn answer_stream(
        self: Rc<Self>,
        link: &Rc<Link>,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Outgoing>, Infallible>> + use<H> {
        let protocol = request.extensions_mut().remove::<Protocol>();
        let lane = Lane::begin(link, protocol.as_ref().map(|protocol| protocol.as_str().into()));
        if protocol.is_some() {
            spawn_local(hand_over(hyper::upgrade::on(&mut request), lane.clone()));
        }
        let (mut head, incoming) = request.into_parts();
        let (body, reading) = if incoming.is_end_stream() {
            (Body::empty(), None)
        } else {
            let watched = Watched::new(incoming, explain_body, &lane);
            // Without an interim answer the client sends its body when it has waited for it.
            let (body, reading) = RequestBody::new(watched, false, |error| error);
            (Body::wrap(body), Some(reading))
        };
        let unified = unify(&mut head, protocol.is_some(), &self.config);
        let received = Received::from_parts(head, body);
        let (exchange, received) =
            Exchange::begin_stream(lane.clone(), &self.config, received, reading, unified);
        let handle = |request| async move { self.handler.handle(request).await };
        let answering = Box::pin(Answering::begin(exchange, received, handle));
        Finishing { answering: Some(answering), lane }
    }
}

/// Says once why a connection ended, also where it was the library that found fault with its frames.
fn explain(error: &hyper::Error, link: &Link) -> End {
    let cause = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    match cause.filter(|cause| cause.is_library() && cause.is_go_away()) {
        Some(cause) => {
            link.refuse(Refusal::BadRequest, cause);
            End::Failed
        }
        None => explain_end(error, link),
    }
}

/// Closes a connection. The handlers of a client that has left finish, unless the server stops
/// before.
pub(super) async fn end(link: &Link, end: End) {
    match end {
        End::Done(_) | End::Failed | End::Broken => link.close().await,
        End::Judged(verdict) => {
            if verdict == Verdict::Expired(Expired::Write) {
                link.refuse(Refusal::WriteTimeout, &"the client did not take its answers");
            }
            link.reset();
        }
    }
    link.enter(Phase::Answering);
    // What it did not take is of no matter to the handlers that go on.
    link.waits.unblocked(0, link.now());
    if link.turns(|cx| link.streams().poll_empty(cx)).await.is_err() {
        link.streams().abandon();
    }
}

/// Gives the stream to whoever took the upgrade, when the answer has gone out.
async fn hand_over(upgraded: OnUpgrade, lane: Rc<Lane>) {
    let Ok(upgraded) = upgraded.await else { return };
    if let Some(sender) = lane.upgrade.take() {
        let open = Open::default();
        lane.hand_over(open.clone());
        let tunnel = Tunnel::new(upgraded, open, lane.total());
        sender.send(Upgraded::new(tunnel, Bytes::new()));
    }
}

/// An answer that comes to its end also when the client takes its request back: the parser drops
/// this future then.
struct Finishing<F: Future<Output = landspout_handler::Response> + 'static> {
    answering: Option<Pin<Box<Answering<F>>>>,
    lane: Rc<Lane>,
}

impl<F: Future<Output = landspout_handler::Response> + 'static> Future for Finishing<F> {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answering = self.answering.as_mut().expect("a future is not polled after its end");
        answering.as_mut().poll(cx).map(|answered| {
            self.answering = None;
            let lane = &self.lane;
            answered.map(|answer: Response<ResponseBody>| {
                answer.map(|body| Outgoing::new(body, lane.clone()))
            })
        })
    }
}

impl<F: Future<Output = landspout_handler::Response> + 'static> Drop for Finishing<F> {
    fn drop(&mut self) {
        if let Some(answering) = self.answering.take() {
            Connection::mark_closed(&self.lane.connection);
            self.lane.finish(async move { drop(answering.await) });
        }
    }
}
