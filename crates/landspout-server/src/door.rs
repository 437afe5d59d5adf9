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
use tokio::time::sleep;
use tracing::{debug, error, warn};

/// How long accepting rests when the system has no more to give.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

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
                    if rest.is_none() {
                        warn!(target: "landspout::server", %error, "accepting rests");
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
        let place = match self.place(&peer) {
            Ok(place) => place,
            Err(refused) => {
                self.connections.refusals.refuse(refused.cause, peer.addr(), &refused.why);
                return self.turned_away.refuse(stream);
            }
        };
        let membership = self.connections.enter(place, seat);
        if opening.is_nothing() {
            self.serve(stream, peer, membership);
        } else {
            spawn_local(self.clone().open(stream, peer, opening.clone(), membership));
        }
    }

    /// Finds a place for a connection among all, and among those of its client if there is a limit.
    fn place(&self, peer: &Peer) -> Result<Option<Place>, Refused> {
        let connections = &self.connections;
        if connections.len() >= connections.config.max_connections {
            let why = "there are too many connections";
            return Err(Refused::new(Refusal::TooManyConnections, why));
        }
        let address = peer.addr().map(|addr| addr.ip());
        let most = connections.config.address_connections;
        match address {
            Some(address) if most > 0 && !connections.config.proxies.trusts(*peer) => {
                let why = "there are too many connections from this address";
                let place = connections.addresses.enter(address, most);
                place.map(Some).ok_or(Refused::new(Refusal::PerAddress, why))
            }
            _ => Ok(None),
        }
    }

    /// Opens a connection, if it can be before the server stops, and serves it.
    async fn open(
        self: Rc<Self>,
        stream: Stream,
        peer: Peer,
        opening: Rc<Opening>,
        membership: Membership,
    ) {
        let mut opened = None;
        let opens = async {
            let Connections { config, refusals, .. } = &*self.connections;
            opened = opening.open(stream, peer, config, refusals).await.ok();
        };
        either(opens, self.connections.finishing()).await;
        if let Some((stream, peer)) = opened {
            self.serve(stream, peer, membership);
        }
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
