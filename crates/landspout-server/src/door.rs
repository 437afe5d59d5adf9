//! Letting connections in.

use crate::addresses::Place;
use crate::balance::{Seat, Share, Waiting};
use crate::connection::Http;
use crate::connections::{Connections, Membership};
use crate::link::Link;
use crate::listener::{Acceptor, is_of_one_connection};
use crate::opening::Opening;
use crate::refusals::Refused;
use crate::refuse::TurnedAway;
use crate::stream::{Peer, Stream};
use crate::{HttpsRedirect, Listener, Refusal, ServerHandle};
use landspout_handler::Handler;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{Instant, sleep};
use tracing::{debug, error, warn};

/// How long accepting rests when the system has no more to give.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How long nothing more is said of that. Where descriptors come and go it would be said with each.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The doorkeeper of one loop.
#[derive(Debug)]
pub(crate) struct Door<H> {
    connections: Rc<Connections>,
    http: Rc<Http<H>>,
    turned_away: Rc<TurnedAway>,
    /// Of what the loops of its group share; none for one that keeps what it accepts.
    share: Option<Share>,
}

impl<H: Handler + 'static> Door<H> {
    pub(crate) fn new(
        connections: Rc<Connections>,
        http: Rc<Http<H>>,
        share: Option<Share>,
    ) -> Rc<Door<H>> {
        Rc::new(Door { connections, http, turned_away: Rc::default(), share })
    }

    /// Accepts on all listeners until the drain starts, and then what still waits.
    pub(crate) async fn keep(self: &Rc<Self>, listeners: Vec<Listener>, handle: &ServerHandle) {
        let mut doors = JoinSet::new();
        if let Some(share) = self.share.clone() {
            doors.spawn_local(self.clone().take_from_others(share, handle.clone()));
        }
        for listener in listeners {
            match listener.watch() {
                Ok(acceptor) => {
                    let handle = handle.clone();
                    match listener.listen.https_redirect {
                        Some(port) => doors
                            .spawn_local(self.to_https(port).keep_one(listener, acceptor, handle)),
                        None => {
                            doors.spawn_local(self.clone().keep_one(listener, acceptor, handle))
                        }
                    };
                }
                Err(error) => {
                    let address = listener.address();
                    error!(target: "landspout::server", %address, %error, "the loop cannot watch its listener");
                }
            }
        }
        while doors.join_next().await.is_some() {}
    }

    /// The doorkeeper for those who are to come by another door.
    fn to_https(&self, port: u16) -> Rc<Door<HttpsRedirect>> {
        let config = self.connections.config.clone();
        let http = Rc::new(Http::new(HttpsRedirect::to_port(port), config));
        Rc::new(Door {
            connections: self.connections.clone(),
            http,
            turned_away: self.turned_away.clone(),
            share: None,
        })
    }

    async fn keep_one(
        self: Rc<Self>,
        listener: Listener,
        acceptor: Acceptor,
        handle: ServerHandle,
    ) {
        let opening = Rc::new(Opening::of(&listener));
        let closed = either(opening.keep_ready(), handle.given());
        either(self.accept(&opening, &acceptor), closed).await;
        if handle.is_handed_over() {
            listener.leave();
        } else if listener.is_own() {
            self.take_rest(&opening, &listener);
            listener.shut();
        }
    }

    /// Takes what other loops hand over, until the drain starts.
    async fn take_from_others(self: Rc<Self>, share: Share, handle: ServerHandle) {
        let _taking = share.open();
        let takes = async {
            loop {
                self.take(share.next().await);
            }
        };
        either(takes, handle.given()).await;
        share.close();
        while let Some(waiting) = share.take_waiting() {
            self.take(waiting);
        }
    }

    fn take(self: &Rc<Self>, waiting: Waiting) {
        match waiting.attach() {
            Ok((stream, peer, opening, seat)) => {
                self.admit(stream, peer, &Rc::new(opening), Some(seat));
            }
            Err(error) => debug!(target: "landspout::server", %error, "a connection was lost"),
        }
    }

    /// Keeps a connection, or hands it to a loop that has fewer.
    fn share_out(self: &Rc<Self>, stream: Stream, peer: Peer, opening: &Rc<Opening>) {
        let Some(share) = &self.share else { return self.admit(stream, peer, opening, None) };
        if let Some((stream, seat)) = share.place(stream, peer, opening) {
            self.admit(stream, peer, opening, Some(seat));
        }
    }

    async fn accept(self: &Rc<Self>, opening: &Rc<Opening>, acceptor: &Acceptor) {
        let mut rest = None;
        let mut told: Option<Instant> = None;
        loop {
            match acceptor.accept().await {
                Ok((stream, peer)) => {
                    rest = None;
                    self.share_out(stream, peer, opening);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    // No descriptors or no memory: connections that end will give some back. What
                    // waits, waits in the queue.
                    if rest.is_none() && told.is_none_or(|told| told.elapsed() >= BETWEEN_LINES) {
                        warn!(target: "landspout::server", %error, "accepting rests");
                        told = Some(Instant::now());
                    }
                    let pause = rest.map_or(FIRST_REST, |rest| LONGEST_REST.min(rest * 2));
                    rest = Some(pause);
                    sleep(pause).await;
                }
            }
        }
    }

    /// Takes what still waits, and no more than can have waited: what keeps coming is not to keep
    /// the server from stopping.
    fn take_rest(self: &Rc<Self>, opening: &Rc<Opening>, listener: &Listener) {
        // The system's queue has one more than it was asked for.
        for _ in 0..=self.connections.config.backlog {
            match listener.accept_now() {
                Ok((stream, peer)) => {
                    let seat = self.share.as_ref().map(Share::seat);
                    self.admit(stream, peer, opening, seat);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => return,
            }
        }
    }

    /// Serves a connection, once it is open.
    fn admit(
        self: &Rc<Self>,
        stream: Stream,
        peer: Peer,
        opening: &Rc<Opening>,
        seat: Option<Seat>,
    ) {
        let place = match self.room().and_then(|()| self.place(peer)) {
            Ok(place) => place,
            Err(refused) => return self.turn_away(stream, peer, opening, refused),
        };
        let membership = self.connections.enter(place, seat);
        if opening.is_nothing() {
            self.serve(stream, peer, membership);
        } else {
            spawn_local(self.clone().open(stream, peer, opening.clone(), membership));
        }
    }

    /// Whether there is room for one more.
    fn room(&self) -> Result<(), Refused> {
        if self.connections.len() < self.connections.config.max_connections {
            return Ok(());
        }
        Err(Refused::new(Refusal::TooManyConnections, "there are too many connections"))
    }

    /// Finds a place for a connection among those of its client, if there is a limit for them.
    fn place(&self, peer: Peer) -> Result<Option<Place>, Refused> {
        let connections = &self.connections;
        let address = peer.addr().map(|addr| addr.ip());
        let most = connections.config.address_connections;
        match address {
            Some(address) if most > 0 && !connections.config.proxies.trusts(peer) => {
                let why = "there are too many connections from this address";
                let place = connections.addresses.enter(address, most);
                place.map(Some).ok_or(Refused::new(Refusal::PerAddress, why))
            }
            _ => Ok(None),
        }
    }

    fn turn_away(&self, stream: Stream, peer: Peer, opening: &Opening, refused: Refused) {
        self.connections.refusals.refuse(refused.cause, peer.addr(), &refused.why);
        // A client that waits for a handshake cannot read what is told in clear text.
        if !opening.is_encrypted() {
            self.turned_away.refuse(stream);
        }
    }

    /// Opens a connection, if it can be before the server stops, and serves it.
    async fn open(
        self: Rc<Self>,
        stream: Stream,
        peer: Peer,
        opening: Rc<Opening>,
        mut membership: Membership,
    ) {
        let mut opened = None;
        let opens = async {
            opened = self.bring_in(stream, peer, &opening, &mut membership).await;
        };
        either(opens, self.connections.finishing()).await;
        if let Some((stream, peer)) = opened {
            self.serve(stream, peer, membership);
        }
    }

    /// Brings a connection to where its first request can be read; nothing if it does not get there.
    async fn bring_in(
        &self,
        mut stream: Stream,
        peer: Peer,
        opening: &Opening,
        membership: &mut Membership,
    ) -> Option<(Stream, Peer)> {
        let Connections { config, refusals, .. } = &*self.connections;
        let client = opening.introduce(&mut stream, peer, config, refusals).await.ok()?;
        if client != peer {
            // Only now it is known whose connection it is.
            match self.place(client) {
                Ok(place) => membership.take(place),
                Err(refused) => {
                    self.turn_away(stream, client, opening, refused);
                    return None;
                }
            }
        }
        let stream = opening.encrypt(stream, client, config, refusals).await.ok()?;
        Some((stream, client))
    }

    fn serve(&self, stream: Stream, peer: Peer, membership: Membership) {
        let link = Rc::new(Link::new(stream, peer, self.connections.clone()));
        membership.begin(&link);
        spawn_local(self.http.clone().run(link, membership));
    }
}

/// Runs a future until it ends, or another one does.
async fn either(future: impl Future<Output = ()>, end: impl Future<Output = ()>) {
    let (mut future, mut end) = (pin!(future), pin!(end));
    poll_fn(|cx| match end.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => future.as_mut().poll(cx),
    })
    .await;
}
