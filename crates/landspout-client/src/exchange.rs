//! One request and its answer, over the network or in memory.

use crate::call::Call;
use crate::client::{Backend, Inner};
use crate::connection::{Answer, Connection, Unanswered};
use crate::error::{Failure, Kind};
use crate::handover;
use crate::lease::Lease;
use crate::memory::Memory;
use crate::metrics::Tally;
use crate::moment::Moment;
use crate::network::Network;
use crate::replay::Spare;
use crate::route::{Route, version};
use crate::transfer::{Transfer, TransferLimits};
use crate::{HttpVersion, Phase};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, response};
use landspout_handler::{Body, BodyError};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout_at;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// How often a request goes out again because its connection was of no use. An idle connection that
/// has died needs one; a server that sheds load by closing shared connections may need another.
const MAX_REPEATS: u32 = 3;

/// One call on its way. It is sent as often as redirects and retries ask.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) inner: &'a Inner,
    /// On the heap, because it goes through many hands.
    pub(crate) call: Box<Call>,
}

/// A moment, and the length of the limit that ends then.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Moment,
    limit: Duration,
}

impl Exchange<'_> {
    /// Sends the request once, and returns when the head of the answer is there. The body of the
    /// request is gone then.
    pub(crate) async fn run(&mut self) -> Result<Response<Body>, Failure> {
        let inner = self.inner;
        match &inner.backend {
            Backend::Network(network) => self.over_network(network).await,
            Backend::Memory(memory) => Box::pin(self.in_memory(memory)).await,
        }
    }

    async fn in_memory(&mut self, memory: &Memory) -> Result<Response<Body>, Failure> {
        // There is no wire that a body could be kept off.
        self.call.expect_continue = Duration::ZERO;
        let request = self.request();
        self.call.stopwatch.enter(Phase::FirstByte);
        let response = within(self.deadline(), pin!(memory.send(request))).await??;
        self.call.stopwatch.enter(Phase::Body);
        let (head, body) = response.into_parts();
        let body = match has_no_body(&self.call.method, head.status) {
            true => Body::empty(),
            false => self.receive(body, None, &head.headers),
        };
        Ok(Response::from_parts(head, body))
    }

    async fn over_network(&mut self, network: &Network) -> Result<Response<Body>, Failure> {
        let upgrades = self.call.wants_upgrade();
        let mut route = match upgrades {
            true => self.upgrade_route(network),
            false => {
                Route::new(&self.call.target.origin, &self.call.rules.connect, &self.inner.config)
            }
        };
        let mut lease = self.queue(network, &route).await?;
        let mut repeats = 0;
        loop {
            let reused = lease.connection.is_some();
            let connection = match &mut lease.connection {
                Some(connection) => {
                    self.call.stopwatch.set_reused();
                    connection
                }
                None => lease.open(self.connect(network, &route).await?),
            };
            if upgrades && !within(self.deadline(), Box::pin(connection.can_upgrade())).await? {
                route = route.upgradable();
                drop(lease);
                lease = self.queue(network, &route).await?;
                continue;
            }
            let may_repeat = reused && self.call.is_idempotent();
            let spare = self.call.spare();
            match self.send(connection).await {
                Ok((head, body)) => return Ok(self.unpack(head, body, lease)),
                Err(unanswered) if repeats == MAX_REPEATS => return Err(unanswered.failure),
                Err(unanswered) if !reused && !lease.is_shared() => {
                    return Err(unanswered.failure);
                }
                // The server may have closed the idle connection while the request was on its way
                // (RFC 9112 §9.3.1): once more, over a new one.
                Err(unanswered) => self.call.body = again(unanswered, spare, may_repeat)?,
            }
            repeats += 1;
            self.call.stopwatch.restart();
            if lease.is_shared() {
                drop(lease);
                lease = self.queue(network, &route).await?;
            } else {
                lease.connection = None;
            }
        }
    }

    /// The way of a request that wants to speak another protocol afterwards.
    fn upgrade_route(&self, network: &Network) -> Route {
        let (origin, options) = (&self.call.target.origin, &self.call.rules.connect);
        let config = &self.inner.config;
        if self.call.is_handshake && version(options.as_deref(), config) == HttpVersion::Http2 {
            return Route::of_handshake(origin, options, config);
        }
        let route = Route::new(origin, options, config);
        if route.multiplexes || network.connector.is_proxied(&route) {
            return route.upgradable();
        }
        route
    }

    fn request(&mut self) -> Request<Body> {
        self.call.request(&self.inner.config, &self.inner.usual_headers)
    }

    async fn queue(&mut self, network: &Network, route: &Route) -> Result<Lease, Failure> {
        self.call.stopwatch.enter_at_once(Phase::Queue);
        if let Some(lease) = network.leases.try_acquire(route, self.call.stopwatch.entered()) {
            self.call.stopwatch.enter_at_once(Phase::Prepare);
            return Ok(lease);
        }
        let deadline = Deadline::after(self.call.rules.queue_timeout);
        // On the heap, because it is rare, and would make every request's future larger.
        let lease = within(deadline, Box::pin(network.leases.acquire(route))).await?;
        self.call.stopwatch.enter(Phase::Prepare);
        Ok(lease)
    }

    async fn connect(&mut self, network: &Network, route: &Route) -> Result<Connection, Failure> {
        let own = Deadline::after(self.call.rules.connect_timeout);
        let deadline = earlier(own, self.deadline());
        let tls_limit = self.call.rules.tls_timeout;
        let connecting = network.connector.connect(route, tls_limit, &mut self.call.stopwatch);
        // On the heap, because it is large and rare, and would make every request's future larger.
        within(deadline, Box::pin(connecting)).await?
    }

    async fn send(
        &mut self,
        connection: &mut Connection,
    ) -> Result<(response::Parts, Answer), Unanswered> {
        self.call.stopwatch.enter_send();
        self.call.remote_addr = connection.remote_addr();
        if let Some(sight) = &self.call.sight {
            sight.connected(self.call.remote_addr, self.call.stopwatch.is_reused());
        }
        let own = Deadline::after(self.call.rules.first_byte_timeout);
        let deadline = earlier(own, self.deadline());
        let (request, at) = (self.request(), deadline.map(|deadline| deadline.at));
        let (origin, keeps_time) = (&self.call.target.origin, connection.keeps_time());
        let answer = {
            let sent = pin!(connection.send(request, origin, at.filter(|_| keeps_time)));
            within(deadline.filter(|_| !keeps_time), sent).await
        };
        if let Some(sent) = connection.wire().sent() {
            self.call.stopwatch.enter_at(Phase::FirstByte, sent);
        }
        match answer.unwrap_or_else(|failure| Err(Unanswered::late(failure))) {
            Ok(answer) => self.accept(connection, answer).await,
            Err(unanswered) => Err(match deadline.filter(|_| connection.is_late()) {
                Some(Deadline { limit, .. }) => Unanswered::late(Failure::timeout(limit)),
                None => unanswered,
            }),
        }
    }

    /// Goes on to the body of an answer, or to the other protocol that it leads to.
    async fn accept(
        &mut self,
        connection: &mut Connection,
        (head, body): (response::Parts, Answer),
    ) -> Result<(response::Parts, Answer), Unanswered> {
        let switches = head.status == StatusCode::SWITCHING_PROTOCOLS;
        if switches && !self.call.wants_upgrade() {
            return Err(connection.refuse_upgrade());
        }
        let answered = connection.wire().answered().unwrap_or_else(Moment::now);
        self.call.stopwatch.enter_at(Phase::Body, answered);
        match switches {
            true => Box::pin(connection.hand_over(head, body)).await,
            false => Ok((head, body)),
        }
    }

    fn unpack(&self, mut head: response::Parts, body: Answer, lease: Lease) -> Response<Body> {
        let body = match head.status {
            // The connection goes with the answer, and leaves the pool.
            StatusCode::SWITCHING_PROTOCOLS => Body::empty(),
            // A stream goes with it, and its connection stays.
            _ if self.call.is_handshake && handover::is_given(&head.extensions) => {
                handover::keep(&mut head.extensions, lease);
                Body::empty()
            }
            _ => self.receive(body, Some(lease), &head.headers),
        };
        Response::from_parts(head, body)
    }

    fn receive<B>(&self, body: B, lease: Option<Lease>, headers: &HeaderMap) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Send + Unpin + 'static,
    {
        let limits = TransferLimits {
            deadline: self.deadline().map(|deadline| deadline.at),
            read_timeout: self.call.rules.read_timeout,
        };
        let tally = Tally { counters: Arc::clone(&self.inner.counters), bytes: 0 };
        let transfer = Transfer::new(body, lease, server_idle(headers), limits, tally);
        Body::wrap(transfer).limit(self.call.rules.max_body_size)
    }

    /// How long the whole request may still take; `None` is without end.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.at.since(Moment::now()))
    }

    /// When the whole request must be over: the time in queues does not count.
    fn deadline(&self) -> Option<Deadline> {
        let limit = self.call.rules.timeout;
        if limit.is_zero() {
            return None;
        }
        let at = self.call.stopwatch.started().checked_add(self.call.stopwatch.queued())?;
        Some(Deadline { at: at.checked_add(limit)?, limit })
    }
}

impl Deadline {
    fn after(limit: Duration) -> Option<Deadline> {
        if limit.is_zero() {
            return None;
        }
        Some(Deadline { at: Moment::now().checked_add(limit)?, limit })
    }
}

/// The future is pinned already, so that it need not be moved.
async fn within<F>(deadline: Option<Deadline>, future: F) -> Result<F::Output, Failure>
where
    F: Future + Unpin,
{
    match deadline {
        Some(Deadline { at, limit }) => {
            // On the heap, because connections of HTTP/1.1 keep the time by themselves.
            let answer = Box::pin(timeout_at(at.instant(), future)).await;
            answer.map_err(|_| Failure::timeout(limit))
        }
        None => Ok(future.await),
    }
}

/// The one that ends first.
fn earlier(one: Option<Deadline>, other: Option<Deadline>) -> Option<Deadline> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.at < one.at { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// The body to send once more, if that is harmless: nothing of the request went out, or the server
/// says that it did nothing with it; or nothing came back, and doing it twice is doing it once.
fn again(unanswered: Unanswered, spare: Option<Spare>, may_repeat: bool) -> Result<Body, Failure> {
    let Unanswered { failure, unsent, answered, refused } = unanswered;
    let harmless = refused || (may_repeat && failure.kind == Kind::Failed && !answered);
    unsent.or(spare.filter(|_| harmless).map(|spare| spare.body())).ok_or(failure)
}

/// Whether an answer has no body whatever its head says (RFC 9112 §6.3).
pub(crate) fn has_no_body(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD || matches!(status.as_u16(), 101 | 204 | 304)
}

/// What `Keep-Alive: timeout=5` promises.
fn server_idle(headers: &HeaderMap) -> Option<Duration> {
    // Looked for, and not looked up: hashing the name takes longer than passing by the few there are.
    let (_, value) = headers.iter().find(|&(name, _)| *name == KEEP_ALIVE)?;
    let value = value.to_str().ok()?;
    let seconds = value.split(',').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then_some(seconds.trim())
    })?;
    seconds.parse().ok().map(Duration::from_secs)
}
