//! One connection as bytes: a socket, its deadlines, and what waits to be written.

use crate::Refusal;
use crate::connections::{Connections, Stage};
use crate::deadline::{Expired, Phase, Waits};
use crate::http2::{First, Peek, Streams, look};
use crate::kept::Kept;
use crate::layout::Layout;
use crate::log::Observer;
use crate::parking::IDLE_TICKS;
use crate::stream::{Peer, Stream};
use landspout_handler::{Connection, UpgradeSender};
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// A connection, shared by its task, by the parser that it drives, and by the loop's ticker.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) stream: RefCell<Stream>,
    /// Bytes that the socket had no room for. While there are some, no more are taken.
    pub(crate) rest: Kept,
    pub(crate) connections: Rc<Connections>,
    pub(crate) connection: Connection,
    /// Whether the other end is a proxy that is believed.
    pub(crate) is_trusted: bool,
    pub(crate) waits: Waits,
    /// The right to the connection that the current request was given.
    pub(crate) upgrade: RefCell<Option<UpgradeSender>>,
    /// The answer that is being written is the last one, and short: it does not wait for room.
    pub(crate) switches: Cell<bool>,
    /// The current answer ends where the connection ends.
    pub(crate) ends_by_close: Cell<bool>,
    /// Between two requests, and sure to be: the parser has read the last body to its end.
    pub(crate) at_rest: Cell<bool>,
    /// The parser is to go.
    pub(crate) parks: Cell<bool>,
    /// It came back as soon as it was parked.
    pub(crate) returns: Cell<bool>,
    pub(crate) layout: Layout,
    /// The tick at which it was accepted.
    born: u32,
    /// Requests that it brought.
    requests: Cell<u64>,
    /// The requests of a connection that is shared by several at a time.
    streams: OnceCell<Box<Streams>>,
    /// Whether it is known what is spoken.
    pub(crate) peek: Cell<Peek>,
    /// What was read before that was known.
    pub(crate) held: Kept,
    /// The client sends no more.
    pub(crate) ended: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Why a connection is not driven any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server stops.
    Cut,
    /// A limit was passed for which there is no other answer.
    Expired(Expired),
}

impl Link {
    pub(crate) fn new(stream: Stream, peer: Peer, connections: Rc<Connections>) -> Link {
        let connection = stream.connection(peer);
        let is_trusted = connections.config.proxies.trusts(peer);
        let peeks = connections.config.http2.is_on() && stream.is_clear();
        Link {
            is_trusted,
            streams: OnceCell::new(),
            peek: Cell::new(if peeks { Peek::Unknown } else { Peek::Known }),
            stream: RefCell::new(stream),
            rest: Kept::default(),
            waits: Waits::new(connections.clock.now()),
            born: connections.clock.now(),
            requests: Cell::new(0),
            connections,
            connection,
            upgrade: RefCell::default(),
            switches: Cell::new(false),
            ends_by_close: Cell::new(false),
            at_rest: Cell::new(true),
            parks: Cell::new(false),
            returns: Cell::new(false),
            layout: Layout::default(),
            held: Kept::default(),
            ended: Cell::new(false),
            waker: RefCell::default(),
        }
    }

    pub(crate) fn observer(&self) -> &Rc<Observer> {
        &self.connections.observer
    }

    /// Whether HTTP/2 was agreed on before the first byte.
    #[cfg(feature = "http2")]
    pub(crate) fn agreed_on_http2(&self) -> bool {
        self.stream.borrow().agreed_on_http2()
    }

    /// Begins to serve several requests at a time.
    pub(crate) fn share(&self) {
        let window = self.connections.config.http2.connection_window;
        let _ = self.streams.set(Box::new(Streams::new(window)));
        // What was read to get here was no request.
        self.enter(Phase::First);
    }

    /// Whether several requests may be served at a time.
    pub(crate) fn is_shared(&self) -> bool {
        self.streams.get().is_some()
    }

    /// The requests of a shared connection.
    pub(crate) fn streams(&self) -> &Streams {
        self.streams.get().expect("only a shared connection is asked for its streams")
    }

    /// The loop's time in ticks.
    pub(crate) fn now(&self) -> u32 {
        self.connections.clock.now()
    }

    /// Tells the handlers that the server begins to stop, but not the [tunnels](Link::tunnels).
    pub(crate) fn mark_draining(&self) {
        self.connection.mark_draining();
        if let Some(streams) = self.streams.get() {
            streams.mark_draining();
        }
    }

    fn mark_closed(&self) {
        self.connection.mark_closed();
        if let Some(streams) = self.streams.get() {
            streams.mark_closed();
        }
    }

    /// The streams of a shared connection that are another protocol.
    pub(crate) fn tunnels(&self) -> Vec<Connection> {
        self.streams.get().map(|streams| streams.tunnels()).unwrap_or_default()
    }

    /// Whether nothing else is open on it.
    pub(crate) fn has_only_tunnels(&self) -> bool {
        self.streams.get().is_some_and(|streams| streams.has_only_tunnels())
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.connections.stage() > Stage::Serving
    }

    /// Whether what is still open is thrown away.
    pub(crate) fn is_cut(&self) -> bool {
        self.connections.stage() == Stage::Cutting
    }

    /// Counts what this connection, or a request on it, was refused for.
    pub(crate) fn refuse(&self, cause: Refusal, why: &dyn std::fmt::Display) {
        self.connections.refusals.refuse(cause, self.connection.remote_addr(), why);
    }

    /// Another request came.
    pub(crate) fn count_request(&self) {
        self.requests.set(self.requests.get() + 1);
    }

    /// Whether it has brought all the requests that a connection may, or is too old for more.
    pub(crate) fn is_spent(&self) -> bool {
        let most = self.connections.config.connection_requests;
        let age = || self.connections.clock.now().saturating_sub(self.born);
        (most > 0 && self.requests.get() >= most)
            || self.connections.limits.age.is_some_and(|limit| age() >= limit)
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.waits.enter(phase, self.connections.clock.now());
    }

    /// Begins a poll of the connection's task: remembers whom to wake, and says whether to go on.
    pub(crate) fn begin(&self, cx: &mut Context<'_>) -> Result<(), Verdict> {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        // A poll that panicked may have left bytes, and they are not this connection's.
        self.connections.batch.borrow_mut().clear();
        self.connections.heads.borrow_mut().clear();
        if self.connections.stage() == Stage::Cutting {
            return Err(Verdict::Cut);
        }
        match self.waits.expired() {
            Some(expired @ (Expired::Head | Expired::Write | Expired::Linger)) => {
                Err(Verdict::Expired(expired))
            }
            // The next read tells the parser of these.
            Some(Expired::Idle | Expired::Body) | None => Ok(()),
        }
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Looks at the deadlines, and whether the client has gone. For the ticker.
    pub(crate) fn tick(&self) {
        if self.waits.check(&self.connections.limits, self.connections.clock.now()) {
            if self.waits.is_first() {
                self.refuse(Refusal::FirstByteTimeout, &"a new connection sent nothing");
            }
            self.wake();
        }
        self.tick_streams();
        if self.waits.idle_ticks(self.now()) >= IDLE_TICKS || self.layout.is_stale(self.now()) {
            self.ask_to_park();
        }
        if self.waits.is_answering()
            && !self.connection.is_closed()
            && self.stream.borrow().is_read_closed()
        {
            self.mark_closed();
        }
    }

    fn tick_streams(&self) {
        let Some(streams) = self.streams.get() else { return };
        let was_empty = streams.is_empty();
        streams.tick(&self.connections.limits, self.now());
        if streams.is_empty() && !was_empty {
            self.enter(Phase::Idle);
            self.wake();
        }
    }

    /// A request begins.
    pub(crate) fn begin_request(&self) {
        self.waits.begin(self.connections.clock.now());
        self.count_request();
        self.at_rest.set(false);
    }

    /// A request is over, and so is its body if `at_rest`.
    pub(crate) fn end_request(&self, next: Phase, at_rest: bool) {
        self.enter(next);
        self.at_rest.set(at_rest);
    }

    /// Whether there is no request and none is waited for.
    pub(crate) fn is_over(&self) -> bool {
        let over = self.connections.stage() >= Stage::Finishing;
        self.waits.is_idle() && (over || self.waits.expired() == Some(Expired::Idle))
    }

    /// Reads into `buf`. Nothing read is the end: the client's, or the server's for a connection
    /// without a request.
    #[inline]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.peek.get() != Peek::Known {
            return self.poll_first(cx, buf);
        }
        self.poll_socket(cx, buf)
    }

    /// Reads until it is known what is spoken, and hands on what was read for that.
    fn poll_first(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        while self.peek.get() == Peek::Unknown {
            ready!(self.poll_socket(cx, buf))?;
            let came = &buf.filled()[before..];
            if self.held.is_empty() && (came.is_empty() || look(came) == First::Http1) {
                self.peek.set(Peek::Known);
                return Poll::Ready(Ok(()));
            }
            let ended = came.is_empty();
            let mut held = self.held.take();
            held.extend_from_slice(came);
            let first = look(&held);
            self.held.put(held);
            buf.set_filled(before);
            match first {
                First::Open if !ended => continue,
                First::Open | First::Http1 => self.peek.set(Peek::Held),
                First::Http2 => {
                    self.peek.set(Peek::Held);
                    self.share();
                    // The parser of the other version has read nothing, and is not asked again.
                    return Poll::Pending;
                }
            }
        }
        let mut held = self.held.take();
        let len = held.len().min(buf.remaining());
        buf.put_slice(&held[..len]);
        held.drain(..len);
        if held.is_empty() {
            self.peek.set(Peek::Known);
        }
        self.held.put(held);
        Poll::Ready(Ok(()))
    }

    /// Reads from the socket.
    pub(crate) fn poll_socket(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let now = self.connections.clock.now();
        match Pin::new(&mut *self.stream.borrow_mut()).poll_read(cx, buf) {
            Poll::Pending if self.is_shared() => return Poll::Pending,
            Poll::Pending => return self.starve(now),
            Poll::Ready(Ok(())) if buf.filled().len() > before => {
                let len = buf.filled().len() - before;
                if let Some(tally) = &self.connections.observer.tally {
                    tally.received.add(len as u64);
                }
                self.parks.set(false);
                // At the end it only matters that the client still sends.
                match self.streams.get().filter(|_| !self.waits.is_lingering()) {
                    None => self.waits.received(len, now),
                    Some(streams) if streams.count(len) => {}
                    Some(_) => return Poll::Ready(Err(self.flooded())),
                }
            }
            Poll::Ready(Ok(())) => self.end(),
            Poll::Ready(Err(error)) => {
                self.end();
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing came. That is the end if nothing is to be waited for.
    fn starve(&self, now: u32) -> Poll<io::Result<()>> {
        if self.waits.expired() == Some(Expired::Body) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.is_over() {
            return Poll::Ready(Ok(()));
        }
        self.waits.starved(now);
        Poll::Pending
    }

    fn end(&self) {
        self.ended.set(true);
        self.mark_closed();
    }

    /// The client takes nothing, and that cannot be ended by less than the connection.
    pub(crate) fn give_up(&self) {
        self.waits.expire(Expired::Write);
        self.wake();
    }

    /// Says that the client takes back more requests than it waits for.
    #[cfg(feature = "http2")]
    pub(crate) fn refuse_orphans(&self) {
        self.refuse(Refusal::BadRequest, &"a connection took back more requests than it may have");
    }

    fn flooded(&self) -> io::Error {
        self.refuse(Refusal::BadRequest, &"a connection brought frames and no requests");
        io::ErrorKind::InvalidData.into()
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream.into_inner()
    }
}
