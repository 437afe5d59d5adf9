//! The call that composes loops, server and application.

#[cfg(feature = "metrics")]
use crate::loop_figures::LoopFigures;
#[cfg(not(all(unix, feature = "service")))]
use crate::no_service::{RestartConfig, Service};
#[cfg(all(unix, feature = "service"))]
use crate::service::{RestartConfig, Service};
use landspout_handler::{Error, Handler, Watch};
#[cfg(unix)]
use landspout_loop::on_signal;
use landspout_loop::{LabelId, WorkerOutcome, Workers, WorkersConfig, shutdown_signal};
#[cfg(feature = "metrics")]
use landspout_server::Metrics;
use landspout_server::{
    Address, DrainReport, Listen, Server, ServerConfig, ServerHandle, ToListen,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::process;
use std::sync::Arc;
use std::time::Duration;
#[cfg(unix)]
use tokio::signal::unix::SignalKind;

/// Serves what `make` makes, on one event loop per core, until SIGTERM or SIGINT.
///
/// `addr` is one such as `"127.0.0.1:8888"` or `"unix:/run/app.sock"`, or several; see [`Address`].
///
/// `make` is called once on each loop, and what it returns stays there: it may hold `Rc` and
/// `RefCell`. What all loops share is made before and captured, in an `Arc`.
///
/// At the signal the server takes no more connections, finishes what runs within
/// [`drain_timeout`](ServerConfig::drain_timeout), and returns. A second signal ends the process at
/// once. With other limits, or another end than a signal, use [`Serve`].
///
/// # Errors
/// The address cannot be listened on, or what `make` makes is [not fit](Handler::check) to answer,
/// because two of its routes are in conflict for instance.
pub fn serve<H, M>(addr: impl ToListen, make: M) -> Result<(), ServeError>
where
    H: Handler + 'static,
    M: Fn() -> H + Send + Sync + 'static,
{
    Serve::bind(addr)?.run(make).map(drop)
}

/// The settings of [`Serve`]: those of the loops and those of the server on each.
///
/// In TOML they are `listen`, a list, and the tables `[workers]`, `[server]` and, with the feature
/// `service`, `[restart]`.
///
/// ```
/// use landspout::{Serve, ServeConfig};
///
/// let config: ServeConfig = toml::from_str(r#"
///     listen = ["127.0.0.1:0", "[::1]:0"]
///     [server]
///     idle_timeout = 20
/// "#).unwrap();
/// let serve = Serve::new(config)?;
/// assert_eq!(serve.addresses().len(), 2);
/// # Ok::<(), landspout::ServeError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServeConfig {
    /// How many loops, and how they are kept running. Its
    /// [`shutdown_timeout`](WorkersConfig::shutdown_timeout) is raised, if need be, to leave the
    /// server the time to drain.
    pub workers: WorkersConfig,
    /// Where to listen, beside what is said in the program; nowhere.
    pub listen: Vec<Listen>,
    /// Limits and deadlines of the server on each loop.
    pub server: ServerConfig,
    /// How the program is restarted without an interruption.
    #[cfg(all(unix, feature = "service"))]
    pub restart: RestartConfig,
}

/// Listening sockets, one for each loop, that wait for an application.
///
/// ```
/// use landspout::{Request, Serve};
///
/// async fn hello(_: Request) -> &'static str { "hello" }
///
/// let serve = Serve::bind("127.0.0.1:0")?;
/// let (addr, handle) = (serve.local_addr(), serve.handle());
/// let serving = std::thread::spawn(move || serve.run(|| hello));
/// // ... requests to `addr` are answered now ...
/// handle.shutdown();
/// assert_eq!(serving.join().unwrap()?.cut, 0);
/// # let _ = addr;
/// # Ok::<(), landspout::ServeError>(())
/// ```
#[derive(Debug)]
pub struct Serve {
    servers: Vec<Server>,
    workers: WorkersConfig,
    restart: RestartConfig,
    #[cfg(feature = "metrics")]
    figures: LoopFigures,
}

impl Serve {
    /// Listens where the settings say.
    ///
    /// # Errors
    /// An address cannot be listened on: it is in use, not this machine's, or cannot be resolved. Or
    /// there is none.
    pub fn new(config: ServeConfig) -> Result<Serve, ServeError> {
        const NONE: [Listen; 0] = [];
        Serve::bind_with(NONE, config)
    }

    /// Listens on `addr`, such as `"127.0.0.1:8888"`; port 0 is any free port.
    ///
    /// # Errors
    /// As for [`new`](Serve::new).
    pub fn bind(addr: impl ToListen) -> Result<Serve, ServeError> {
        Serve::bind_with(addr, ServeConfig::default())
    }

    /// As [`bind`](Serve::bind), with settings; on the addresses of both.
    ///
    /// # Errors
    /// As for [`new`](Serve::new).
    pub fn bind_with(addr: impl ToListen, config: ServeConfig) -> Result<Serve, ServeError> {
        #[cfg(all(unix, feature = "service"))]
        let restart = config.restart;
        #[cfg(not(all(unix, feature = "service")))]
        let restart = RestartConfig;
        let ServeConfig { mut workers, listen, server, .. } = config;
        let mut addrs = addr.to_listen()?;
        addrs.extend(listen);
        // The loops wait a little longer than the server drains: who drains is not abandoned.
        let draining = server.drain_timeout.saturating_add(Duration::from_secs(1));
        workers.shutdown_timeout = workers.shutdown_timeout.max(draining);
        let servers = Server::bind_group(addrs, server, workers.thread_count())?;
        Ok(Serve {
            servers,
            workers,
            restart,
            #[cfg(feature = "metrics")]
            figures: LoopFigures::default(),
        })
    }

    /// Adds the figures of the servers and of the loops to `metrics`, which is itself a handler for
    /// a path such as `/metrics`. To be called once.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Serve {
        self.servers = self.servers.into_iter().map(|server| server.metrics(metrics)).collect();
        self.figures.add_to(metrics);
        self
    }

    /// The first TCP address that it listens on, with the port that the system chose for port 0.
    ///
    /// # Panics
    /// It listens on no TCP address: [`addresses`](Serve::addresses) tells of the others too.
    #[track_caller]
    pub fn local_addr(&self) -> SocketAddr {
        self.servers[0].local_addr()
    }

    /// Where it listens, in the order in which it was told to.
    pub fn addresses(&self) -> Vec<Address> {
        self.servers[0].addresses()
    }

    /// What stops it, from any thread, as a signal does.
    pub fn handle(&self) -> ServerHandle {
        self.servers[0].handle()
    }

    /// Serves what `make` makes on each loop, until a signal or the [handle](Serve::handle) ends it;
    /// tells what became of the open connections.
    ///
    /// # Errors
    /// What `make` makes is [not fit](Handler::check) to answer, or the system gives no more threads
    /// or file descriptors.
    pub fn run<H, M>(self, make: M) -> Result<DrainReport, ServeError>
    where
        H: Handler + 'static,
        M: Fn() -> H + Send + Sync + 'static,
    {
        let handle = self.handle();
        for address in self.addresses() {
            tracing::info!("listening on {address} with {} loops", self.servers.len());
        }
        let servers: Arc<[Server]> = self.servers.into();
        let service = Service::new(&servers, self.restart);
        let supervising = supervise(handle.clone(), service.clone());
        let workers = Workers::new(self.workers).shutdown_on(supervising);
        let make = Arc::new(make);
        #[cfg(feature = "metrics")]
        let figures = self.figures;
        let report = workers.run(move |worker| {
            #[cfg(feature = "metrics")]
            let figures = figures.clone();
            let server = servers[worker.index()].try_clone();
            let (make, handle, service) = (Arc::clone(&make), handle.clone(), service.clone());
            async move {
                #[cfg(feature = "metrics")]
                figures.enter(worker.index());
                let begin = service.begin(worker.index());
                let served = serve_here(server, &*make, begin).await;
                service.end(worker.index());
                // One loop ends when all do: at the handle, or because this one cannot serve.
                handle.shutdown();
                worker.shutdown().trigger();
                served
            }
        })?;
        let mut total = DrainReport::default();
        for worker in report.workers {
            // Of a loop that ended otherwise the log has told.
            if let WorkerOutcome::Finished(drained) = worker.outcome {
                let drained = drained?;
                total.finished += drained.finished;
                total.cut += drained.cut;
                total.upgraded += drained.upgraded;
            }
        }
        tracing::info!("stopped: {} connections ended, {} were cut off", total.finished, total.cut);
        Ok(total)
    }
}

/// One loop's share of the work.
async fn serve_here<H, M>(
    server: io::Result<Server>,
    make: &M,
    begin: impl Future<Output = ()>,
) -> Result<DrainReport, ServeError>
where
    H: Handler + 'static,
    M: Fn() -> H,
{
    let server = server?;
    watch_handlers();
    let handler = make();
    handler.check().map_err(|error| ServeError(Cause::Unfit(error)))?;
    begin.await;
    Ok(server.serve(handler).await)
}

/// Lets the stall watchdog name the handler that holds a loop.
fn watch_handlers() {
    let watch = Watch {
        label: |name| landspout_loop::label(name).into(),
        enter: |id| landspout_loop::enter(LabelId::from(id)).into(),
    };
    watch.install();
}

/// What SIGHUP asks for.
#[cfg(unix)]
fn refresh(handle: &ServerHandle) {
    handle.reopen_log();
    #[cfg(feature = "tls")]
    match handle.reload_tls() {
        Ok(()) => tracing::info!("the certificates were read anew"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(tracing::field::display);
            tracing::error!(%error, cause, "the old certificates stay");
        }
    }
}

/// Attends to signals and to the service, on a loop of its own: SIGTERM and SIGINT stop the server,
/// a second one ends the process, SIGHUP opens the access log again and reads certificates anew.
async fn supervise(handle: ServerHandle, service: Service) {
    #[cfg(unix)]
    {
        let handle = handle.clone();
        let refresh = on_signal(SignalKind::hangup(), move || refresh(&handle));
        if let Err(error) = refresh {
            tracing::error!("SIGHUP opens no access log again: {error}");
        }
    }
    service.attend(&handle);
    let signal = shutdown_signal().await;
    tracing::info!("{signal}: finishing what runs; once more ends at once");
    service.stopping();
    handle.shutdown();
    drop(landspout_loop::spawn_named("second signal", async {
        let signal = shutdown_signal().await;
        tracing::warn!("{signal} again: ending at once");
        process::exit(1);
    }));
    // The loops end by themselves when they have drained.
    std::future::pending::<()>().await;
}

/// Why nothing could be served.
pub struct ServeError(Cause);

enum Cause {
    System(io::Error),
    Unfit(Error),
}

impl ServeError {
    /// Whether the address is in use by another program.
    pub fn is_addr_in_use(&self) -> bool {
        matches!(&self.0, Cause::System(error) if error.kind() == io::ErrorKind::AddrInUse)
    }

    /// Whether what was to be served is not fit to answer.
    pub fn is_unfit(&self) -> bool {
        matches!(self.0, Cause::Unfit(_))
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::System(error) => error.fmt(f),
            Cause::Unfit(_) => f.write_str("the application cannot be served"),
        }
    }
}

/// The error and its causes as a sentence, because that is what a `main` that returns it prints.
impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Cause::System(error) => error.source(),
            Cause::Unfit(error) => error.cause().map(|cause| cause as _),
        }
    }
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> ServeError {
        ServeError(Cause::System(error))
    }
}
