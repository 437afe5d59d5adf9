//! Listeners, and what is served on them.

use crate::balance::{Balance, Share};
use crate::connection::Http;
use crate::connections::{Connections, Stage};
use crate::door::Door;
use crate::listener::{bind_group, share_out};
use crate::log::{LogWriter, Observer};
use crate::opening::Prepared;
use crate::tally::Tally;
use crate::{Address, DrainReport, Listener, Refusals, ServerConfig, ServerHandle, ToListen};
use landspout_handler::Handler;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use tracing::error;

/// Sockets that listen, and a config: all that is needed to serve a
/// [`Handler`](crate::Handler) on a loop.
///
/// ```
/// use landspout_server::{Listen, Server};
///
/// # let folder = std::env::temp_dir().join(format!("landspout-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("app.sock").display().to_string();
/// let file: Listen = format!("unix:{path}").parse()?;
/// let server = Server::bind(["127.0.0.1:0".parse()?, file.mode(0o660)])?;
/// assert_eq!(server.addresses().len(), 2);
/// # drop(server);
/// # std::fs::remove_dir(folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A port is taken from the moment of binding, before anything is served, so that a port in use is
/// an error at the start of a program. A `Server` is `Send`: bind where errors are reported, serve on
/// the thread of the loop.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    config: ServerConfig,
    handle: ServerHandle,
    refusals: Refusals,
    log: Option<LogWriter>,
    tally: Option<Arc<Tally>>,
    share: Option<Share>,
}

impl Server {
    /// Listens on `addr`, such as `"127.0.0.1:8888"` or `"unix:/run/app.sock"`, or on several; see
    /// [`Address`] for all that can be written. Port 0 is any free port.
    ///
    /// # Errors
    /// An address cannot be listened on, because it is in use or not this machine's; the error
    /// names it. Or it is none, or its name cannot be resolved. Or the file of the access log, if
    /// the config names one, cannot be written.
    pub fn bind(addr: impl ToListen) -> io::Result<Server> {
        Server::bind_with(addr, ServerConfig::default())
    }

    /// As [`bind`](Server::bind), with limits and deadlines.
    ///
    /// # Errors
    /// As for [`bind`](Server::bind).
    pub fn bind_with(addr: impl ToListen, config: ServerConfig) -> io::Result<Server> {
        let mut group = Server::bind_group(addr, config, 1)?;
        Ok(group.pop().expect("a group of one has one"))
    }

    /// One server for each of `count` loops, all on the same addresses; at least one.
    ///
    /// On Linux each has a TCP listener of its own and the kernel spreads connections over them
    /// (`SO_REUSEPORT`); elsewhere, and on Unix and inherited sockets, they share one. A loop that
    /// has clearly more connections than another hands new ones over to it, unless
    /// [`accept`](ServerConfig#structfield.accept) says otherwise. A handle of one stops all.
    ///
    /// A loop that dies takes the connections down that it serves, and no others: those that wait
    /// in its socket wait on while a [clone](Server::try_clone) of its server is kept, and those
    /// that were handed over to it go to another.
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
        addr: impl ToListen,
        config: ServerConfig,
        count: usize,
    ) -> io::Result<Vec<Server>> {
        let loops = bind_group(&addr.to_listen()?, &config, count)?;
        Server::group(loops, config)
    }

    /// One server for each of `count` loops, on sockets that listen already: inherited ones, or
    /// ones that were made in another way. They are shared out among the loops; a loop for which
    /// there is none left gets a duplicate.
    ///
    /// Such a socket is somebody else's too: a server that stops leaves it open, with the
    /// connections that wait in it.
    ///
    /// # Errors
    /// There is no socket, or there are no file descriptors left.
    pub fn from_listeners(
        listeners: impl IntoIterator<Item = Listener>,
        config: ServerConfig,
        count: usize,
    ) -> io::Result<Vec<Server>> {
        let loops = share_out(vec![listeners.into_iter().collect()], count)?;
        Server::group(loops, config)
    }

    fn group(mut loops: Vec<Vec<Listener>>, config: ServerConfig) -> io::Result<Vec<Server>> {
        let log = LogWriter::open(&config.log)?;
        let prepared = Prepared::of(loops.iter_mut().flatten(), &config)?;
        let handle = ServerHandle::of(log.as_ref(), prepared);
        let balance = (loops.len() > 1).then(|| Balance::new(loops.len(), config.accept));
        let serve = |(index, listeners)| Server {
            share: balance.clone().map(|balance| Share::new(balance, index)),
            listeners,
            config: config.clone(),
            handle: handle.clone(),
            refusals: Refusals::default(),
            log: log.clone(),
            tally: None,
        };
        Ok(loops.into_iter().enumerate().map(serve).collect())
    }

    /// The same server once more: the same sockets, config and handle.
    ///
    /// While a clone is kept, the sockets listen on and connections wait in them, even if the loop
    /// of the other one dies. When one of them drains, the sockets are closed for all.
    ///
    /// # Errors
    /// There are no file descriptors left.
    pub fn try_clone(&self) -> io::Result<Server> {
        Ok(Server {
            listeners: self.listeners.iter().map(Listener::try_clone).collect::<Result<_, _>>()?,
            config: self.config.clone(),
            handle: self.handle.clone(),
            refusals: self.refusals.clone(),
            share: self.share.clone(),
            log: self.log.clone(),
            tally: self.tally.clone(),
        })
    }

    /// The first TCP address that it listens on, with the port that the system chose for port 0.
    ///
    /// # Panics
    /// It listens on no TCP address: [`addresses`](Server::addresses) tells of the others too.
    #[track_caller]
    pub fn local_addr(&self) -> SocketAddr {
        let mut addrs = self.listeners.iter().filter_map(Listener::tcp_addr);
        addrs.next().expect("the server was told to listen on a TCP address")
    }

    /// Where it listens, in the order in which it was told to; of TCP with the port that the system
    /// chose for port 0.
    pub fn addresses(&self) -> Vec<Address> {
        self.listeners.iter().map(Listener::address).collect()
    }

    /// Its sockets, for a process that is to go on with them.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Adds its figures to `metrics`. To be called once for each server of a group; a
    /// [clone](Server::try_clone) made afterwards goes on with the same figures.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics(mut self, metrics: &crate::Metrics) -> Server {
        self.tally = Some(metrics.enter(self.refusals.clone(), self.handle.clone()));
        self
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
        let observer = Observer::new(self.config.log.clone(), self.log, self.tally);
        let connections = Connections::new(self.config.clone(), self.refusals, observer);
        let http = Rc::new(Http::new(handler, self.config));
        let door = Door::new(connections.clone(), http, self.share);
        // Also when this future is dropped.
        let _cut = Cut(connections.clone());
        door.keep(self.listeners, &self.handle).await;
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
