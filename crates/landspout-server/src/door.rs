//! Letting connections in.

use crate::connection::Http;
use crate::connections::Connections;
use crate::link::Link;
use crate::listener::{Acceptor, is_of_one_connection};
use crate::refuse::TurnedAway;
use crate::stream::{Peer, Stream};
use crate::{Listen, Listener, Refusal, ServerHandle};
use landspout_handler::Handler;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::sleep;
use tracing::{error, warn};

/// How long accepting rests when the system has no more to give.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The doorkeeper of one loop.
#[derive(Debug)]
pub(crate) struct Door<H> {
    connections: Rc<Connections>,
    http: Rc<Http<H>>,
    turned_away: Rc<TurnedAway>,
}

impl<H: Handler + 'static> Door<H> {
    pub(crate) fn new(connections: Rc<Connections>, http: Rc<Http<H>>) -> Rc<Door<H>> {
        Rc::new(Door { connections, http, turned_away: Rc::default() })
    }

    /// Accepts on all listeners until the drain starts, and then what still waits.
    pub(crate) async fn keep(self: &Rc<Self>, listeners: Vec<Listener>, handle: &ServerHandle) {
        let mut doors = JoinSet::new();
        for listener in listeners {
            match listener.watch() {
                Ok(acceptor) => {
                    doors.spawn_local(self.clone().keep_one(listener, acceptor, handle.clone()));
                }
                Err(error) => {
                    let address = listener.address();
                    error!(target: "landspout::server", %address, %error, "the loop cannot watch its listener");
                }
            }
        }
        while doors.join_next().await.is_some() {}
    }

    async fn keep_one(
        self: Rc<Self>,
        listener: Listener,
        acceptor: Acceptor,
        handle: ServerHandle,
    ) {
        until(self.accept(&listener.listen, &acceptor), handle.given()).await;
        if listener.is_own() && !handle.is_handed_over() {
            self.take_rest(&listener);
            listener.shut();
        }
    }

    async fn accept(&self, listen: &Arc<Listen>, acceptor: &Acceptor) {
        let mut rest = None;
        loop {
            match acceptor.accept().await {
                Ok((stream, peer)) => {
                    rest = None;
                    self.admit(stream, peer, listen);
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

    /// Takes what still waits.
    fn take_rest(&self, listener: &Listener) {
        loop {
            match listener.accept_now() {
                Ok((stream, peer)) => self.admit(stream, peer, &listener.listen),
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => return,
            }
        }
    }

    /// Serves a connection that came in through a listener for which `listen` holds.
    fn admit(&self, stream: Stream, peer: Peer, _listen: &Arc<Listen>) {
        if self.connections.len() >= self.connections.config.max_connections {
            let refusals = &self.connections.refusals;
            let why = "there are too many connections";
            refusals.refuse(Refusal::TooManyConnections, peer.addr(), &why);
            return self.turned_away.refuse(stream);
        }
        let link = Rc::new(Link::new(stream, peer, self.connections.clone()));
        let membership = self.connections.enter(&link);
        spawn_local(self.http.clone().run(link, membership));
    }
}

/// Runs a future without an end until another one ends.
async fn until(endless: impl Future<Output = ()>, end: impl Future<Output = ()>) {
    let (mut endless, mut end) = (pin!(endless), pin!(end));
    poll_fn(|cx| match end.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => endless.as_mut().poll(cx),
    })
    .await;
}
