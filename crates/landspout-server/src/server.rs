//! A listener, and what is served on it.

use crate::connection::Http;
use crate::connections::{Connections, Stage};
use crate::link::Link;
use crate::listener::{bind_group, is_of_one_connection, take_rest};
use crate::refuse::TurnedAway;
use crate::{DrainReport, Refusal, Refusals, ServerConfig, ServerHandle};
use landspout_handler::Handler;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio::time::sleep;
use tracing::{debug, error, warn};

/// A socket that listens, and a config: all that is needed to serve a
/// [`Handler`](crate::Handler) on a loop.
///
/// A port is taken from the moment of binding, before anything is served, so that a port in use is
/// an error at the start of a program. A `Server` is `Send`: bind where errors are reported, serve on
/// the thread of the loop.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: ServerConfig,
    handle: ServerHandle,
    refusals: Refusals,
}

impl Server {
    /// Listens on `addr`, such as `"127.0.0.1:8888"`; on the first that can be had if a name has
    /// several. Port 0 is any free port.
    ///
    /// # Errors
    /// No address can be listened on, because it is in use or not this machine's; the error names
    /// it. Or the name cannot be resolved.
    pub fn bind(addr: impl ToSocketAddrs) -> io::Result<Server> {
        Server::bind_with(addr, ServerConfig::default())
    }

    /// As [`bind`](Server::bind), with limits and deadlines.
    ///
    /// # Errors
    /// As for [`bind`](Server::bind).
    pub fn bind_with(addr: impl ToSocketAddrs, config: ServerConfig) -> io::Result<Server> {
        let mut group = Server::bind_group(addr, config, 1)?;
        Ok(group.pop().expect("a group of one has one"))
    }

    /// One server for each of `count` loops, all on the same address; at least one.
    ///
    /// On Linux each has a listener of its own and the kernel spreads connections over them
    /// (`SO_REUSEPORT`); elsewhere they share one. A handle of one stops all.
    ///
    /// ```
    /// use landspout_server::{Server, ServerConfig};
    ///
    /// let servers = Server::bind_group("127.0.0.1:0", ServerConfig::default(), 4)?;
    /// assert_eq!(servers.len(), 4);
    /// assert_eq!(servers[0].local_addr(), servers[3].local_addr());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`bind`](Server::bind): also when another program listens there that would share the
    /// port.
    pub fn bind_group(
        addr: impl ToSocketAddrs,
        config: ServerConfig,
        count: usize,
    ) -> io::Result<Vec<Server>> {
        let handle = ServerHandle::default();
        let serve = |listener: TcpListener| {
            let local_addr = listener.local_addr()?;
            let refusals = Refusals::default();
            let (config, handle) = (config.clone(), handle.clone());
            Ok(Server { listener, local_addr, config, handle, refusals })
        };
        bind_group(addr, &config, count)?.into_iter().map(serve).collect()
    }

    /// The same server once more: the same socket, config and handle.
    ///
    /// While a clone is kept, the socket listens on and connections wait in it, even if the loop of
    /// the other one dies. When one of them drains, the socket is closed for all.
    ///
    /// # Errors
    /// There are no file descriptors left.
    pub fn try_clone(&self) -> io::Result<Server> {
        Ok(Server {
            listener: self.listener.try_clone()?,
            local_addr: self.local_addr,
            config: self.config.clone(),
            handle: self.handle.clone(),
            refusals: self.refusals.clone(),
        })
    }

    /// The address that it listens on, with the port that the system chose for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// How often it refused something, to be read from any thread; the same for a
    /// [clone](Server::try_clone), another one for each server of a group.
    pub fn refusals(&self) -> Refusals {
        self.refusals.clone()
    }

    /// What stops it, from any thread.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Answers requests with `handler` until it is [stopped](ServerHandle::shutdown), and then
    /// until the requests it has are answered or the deadline cuts them off.
    ///
    /// It runs on the current loop, a tokio `LocalRuntime`, with a task for each connection. A
    /// handler that panics is answered for with 500. A handler that is
    /// [not fit](landspout_handler::Handler::check) is not served: the log says why, and the report
    /// of nothing is there at once.
    ///
    /// # Panics
    /// The current thread runs no tokio runtime with I/O and time on which local tasks can be
    /// spawned.
    ///
    /// # Cancel safety
    /// To drop it closes the listener and cuts off all connections, but those that were upgraded.
    pub async fn serve(self, handler: impl Handler + 'static) -> DrainReport {
        if let Err(error) = handler.check() {
            error!(target: "landspout::server", ?error, "the handler cannot be served");
            return DrainReport::default();
        }
        let connections = Connections::new(self.config.clone(), self.refusals);
        let door = Door {
            connections: connections.clone(),
            http: Rc::new(Http::new(handler, self.config)),
            turned_away: Rc::default(),
        };
        // Also when this future is dropped.
        let _cut = Cut(connections.clone());
        match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => door.keep(listener, &self.handle).await,
            Err(error) => {
                error!(target: "landspout::server", %error, "the loop cannot watch its listener");
            }
        }
        connections.drain().await
    }
}

struct Cut(Rc<Connections>);

impl Drop for Cut {
    fn drop(&mut self) {
        if self.0.stage() < Stage::Cutting {
            self.0.cut();
        }
    }
}

/// Lets connections in.
struct Door<H> {
    connections: Rc<Connections>,
    http: Rc<Http<H>>,
    turned_away: Rc<TurnedAway>,
}

/// How long accepting rests when the system has no more to give.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

impl<H: Handler + 'static> Door<H> {
    /// Accepts until the drain starts, and then what still waits.
    async fn keep(&self, listener: tokio::net::TcpListener, handle: &ServerHandle) {
        until(self.accept(&listener), handle.given()).await;
        let Ok(listener) = listener.into_std() else { return };
        for (stream, remote_addr) in take_rest(&listener) {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            match stream {
                Ok(stream) => self.admit(stream, remote_addr),
                Err(error) => debug!(target: "landspout::server", %error, "a connection was lost"),
            }
        }
    }

    async fn accept(&self, listener: &tokio::net::TcpListener) {
        let mut rest = None;
        loop {
            match listener.accept().await {
                Ok((stream, remote_addr)) => {
                    rest = None;
                    self.admit(stream, remote_addr);
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

    fn admit(&self, stream: TcpStream, remote_addr: SocketAddr) {
        if self.connections.len() >= self.connections.config.max_connections {
            let refusals = &self.connections.refusals;
            let why = "there are too many connections";
            refusals.refuse(Refusal::TooManyConnections, Some(remote_addr), &why);
            return self.turned_away.refuse(stream);
        }
        #[cfg(not(target_os = "linux"))]
        drop(stream.set_nodelay(true));
        let link = Rc::new(Link::new(stream, remote_addr, self.connections.clone()));
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
