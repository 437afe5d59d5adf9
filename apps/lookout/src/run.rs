//! Running: one event loop that checks and serves, and the history beside it.

use std::error::Error;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

#[cfg(unix)]
use landspout::event_loop::on_signal;
use landspout::event_loop::{EventLoop, PeriodicCallback, shutdown_signal, spawn_named};
use landspout::server::{Address, Listen, Metrics, Server, ServerHandle};

#[cfg(unix)]
use tokio::signal::unix::SignalKind;

use crate::archive::Archive;
use crate::board::{Board, RECENT};
use crate::cli::Run;
use crate::clock::wall;
use crate::config::Config;
use crate::monitor::Monitor;
use crate::pages::{self, Lookout};
use crate::store::{Store, Window};

/// The history is told so often that lookout lives; after a crash less than this is unknown.
const PULSE: Duration = Duration::from_secs(5);

/// The uptimes on the page are as old as this at most.
const UPTIMES: Duration = Duration::from_secs(5);

const DAY: i64 = 86_400_000;

/// Descriptors that are not for checks: viewers, the history, the log.
const OTHER_DESCRIPTORS: u64 = 256;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
///
/// The file has mistakes, the address is in use, the history cannot be opened: each in a sentence.
pub fn run(run: &Run) -> Result<(), Box<dyn Error>> {
    let (mut config, file) = run.load()?;
    let listen = &config.server.listen;
    let server = Server::bind(listen).map_err(|error| cannot_listen(listen, &error))?;
    let places = places(listen, &server.addresses());
    if file.is_none() {
        // The sample watches itself, on whatever port it came to be.
        config.endpoints = Config::sample(server.local_addr()).endpoints;
    }
    let store = Arc::new(Store::open(&config.keep)?);
    let limit = room_for_checks(config.limits.checks);
    let count = config.endpoints.len();
    say(&format!("lookout watches {count} {} at {places}", noun(count)));
    match &file {
        Some(file) => say(&format!("as told by {}", file.display())),
        None => say("as told by its sample: `lookout sample > lookout.toml` gives you one"),
    }

    let event_loop = EventLoop::new()?;
    let watched = Watched { config, sample: file.is_none(), store: Arc::clone(&store), limit };
    event_loop.run_until(serve(server, watched))?;
    // What still runs is on the loop, and holds the history.
    drop(event_loop);
    store.flush()?;
    say(&format!("lookout has stopped; the history is in {}", store.path().display()));
    Ok(())
}

/// Says something to whoever started lookout. They may have stopped listening, as with
/// `lookout | head`; that is no reason to stop watching.
fn say(sentence: &str) {
    let _ = writeln!(io::stdout(), "{sentence}");
}

/// Where the page is, as a browser wants it, and sockets as they were written.
fn places(listen: &[Listen], addresses: &[Address]) -> String {
    // Where a listener stands for several sockets, as `systemd:` can, which is whose is not known.
    let is_each = listen.len() == addresses.len();
    let shown = addresses.iter().enumerate().map(|(index, address)| match address {
        Address::Tcp(addr) if is_each && listen[index].tls.is_some() => format!("https://{addr}/"),
        Address::Tcp(addr) => format!("http://{addr}/"),
        other => other.to_string(),
    });
    shown.collect::<Vec<_>>().join(" and ")
}

/// What the system's error means to somebody who wants to see the page.
fn cannot_listen(listen: &[Listen], error: &io::Error) -> String {
    let [Listen { address: listen, .. }] = listen else { return format!("cannot serve: {error}") };
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program is there, perhaps another lookout; --listen chooses another port"
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
        io::ErrorKind::PermissionDenied => "there is no permission; ports from 1024 on need none",
        _ => return format!("cannot serve at {listen}: {error}"),
    };
    format!("cannot serve at {listen}: {why}")
}

/// What is watched, and where it is written down.
struct Watched {
    config: Config,
    sample: bool,
    store: Arc<Store>,
    limit: usize,
}

async fn serve(server: Server, watched: Watched) -> Result<(), Box<dyn Error>> {
    let Watched { config, sample, store, limit } = watched;
    let board = Rc::new(Board::new(config.endpoints));
    let reader = store.reader()?;
    board.restore(reader.recent_of_all(RECENT as u32)?, reader.last_failures()?);
    let archive = Archive::new(reader);

    let pulse = PeriodicCallback::new(PULSE, {
        let store = Arc::clone(&store);
        move || store.pulse(wall())
    })?;
    pulse.start();
    store.pulse(wall());
    let uptimes = spawn_named("uptimes", keep_uptimes(Rc::clone(&board), archive.clone()));
    let monitor = Monitor::new(Rc::clone(&board), Arc::clone(&store), limit);
    let checking = spawn_named("monitor", async move { monitor.run().await });
    drop(spawn_named("signals", stop(server.handle())));
    #[cfg(unix)]
    drop(on_signal(SignalKind::hangup(), renew(server.handle()))?);

    let figures = Metrics::new();
    let server = server.metrics(&figures);
    let lookout = Lookout::new(board, Arc::clone(&store), archive, config.server.title, sample);
    let application = pages::application(lookout).route("/metrics/server", figures);
    let report = server.serve(application).await;
    if report.cut > 0 {
        tracing::warn!("{} connections were cut off", report.cut);
    }
    checking.abort();
    uptimes.abort();
    store.pulse(wall());
    Ok(())
}

async fn keep_uptimes(board: Rc<Board>, archive: Archive) {
    loop {
        let window = Window::last(DAY, wall());
        match archive.read(move |reader| reader.uptimes(window)).await {
            Ok(uptimes) => board.take_uptimes(&uptimes),
            Err(error) => tracing::error!("the uptimes cannot be read: {error:?}"),
        }
        landspout::event_loop::sleep(UPTIMES).await;
    }
}

/// Reads the certificates anew, as SIGHUP asks.
#[cfg(unix)]
fn renew(handle: ServerHandle) -> impl FnMut() {
    move || match handle.reload_tls() {
        Ok(()) => tracing::info!("the certificates were read anew"),
        Err(error) => tracing::error!("the old certificates stay: {}", io::Error::from(error)),
    }
}

/// Waits for a signal and stops the server; a second one ends the process.
async fn stop(handle: ServerHandle) {
    let signal = shutdown_signal().await;
    tracing::info!("{signal}: stopping; once more ends at once");
    handle.shutdown();
    shutdown_signal().await;
    std::process::exit(2);
}

/// How many checks may run at once: as many as are wanted, if there are descriptors for them.
fn room_for_checks(wanted: usize) -> usize {
    let descriptors = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(descriptors) => descriptors,
        Err(error) => {
            tracing::warn!("the limit of file descriptors cannot be raised: {error}");
            return wanted;
        }
    };
    let room = usize::try_from(descriptors.saturating_sub(OTHER_DESCRIPTORS)).unwrap_or(wanted);
    if room < wanted {
        tracing::warn!(
            "{descriptors} file descriptors are enough for {room} checks at once, not {wanted}; \
             `ulimit -n` raises them"
        );
    }
    wanted.min(room).max(1)
}

fn noun(count: usize) -> &'static str {
    if count == 1 { "endpoint" } else { "endpoints" }
}
