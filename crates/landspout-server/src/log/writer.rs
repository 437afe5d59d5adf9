//! The thread that writes the access log.

use super::LogConfig;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tracing::{error, warn};

/// How long the end of the last server waits for the lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes lines from any loop, and writes them on a thread of its own, because a disk or a pipe can
/// hold whoever writes to it. All clones are one.
#[derive(Debug, Clone)]
pub(crate) struct LogWriter(Arc<Shared>);

/// A writer that may have ended.
#[derive(Debug)]
pub(crate) struct WeakLogWriter(Weak<Shared>);

impl WeakLogWriter {
    pub(crate) fn upgrade(&self) -> Option<LogWriter> {
        self.0.upgrade().map(LogWriter)
    }
}

#[derive(Debug)]
struct Shared {
    /// A bound in bytes stands for the one in messages that the channel has not.
    sender: Mutex<Option<Sender<Order>>>,
    gauge: Arc<Gauge>,
    limit: usize,
    ended: Mutex<Receiver<()>>,
}

/// What waits, and what was thrown away.
#[derive(Debug, Default)]
struct Gauge {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Order {
    Write(String),
    Reopen,
}

impl LogWriter {
    /// The writer that the config asks for; none if the server writes no lines.
    ///
    /// # Errors
    /// The file cannot be opened; the error names it. Or there are no more threads.
    pub(crate) fn open(config: &LogConfig) -> io::Result<Option<LogWriter>> {
        if !config.format.is_text() {
            return Ok(None);
        }
        let target = Target::open(config.path.clone())?;
        let (sender, orders) = channel();
        let (end, ended) = channel();
        let gauge = Arc::new(Gauge::default());
        let seen = gauge.clone();
        let thread = std::thread::Builder::new().name("access log".to_owned());
        thread.spawn(move || {
            run(target, &orders, &seen);
            drop(end);
        })?;
        Ok(Some(LogWriter(Arc::new(Shared {
            sender: Mutex::new(Some(sender)),
            gauge,
            limit: config.buffer_bytes,
            ended: Mutex::new(ended),
        }))))
    }

    /// Has lines written, or thrown away if too many wait.
    pub(crate) fn write(&self, lines: String) {
        let gauge = &self.0.gauge;
        let len = lines.len();
        if gauge.bytes.fetch_add(len, Ordering::Relaxed) + len > self.0.limit {
            gauge.bytes.fetch_sub(len, Ordering::Relaxed);
            let count = lines.bytes().filter(|byte| *byte == b'\n').count() as u64;
            if gauge.dropped.fetch_add(count, Ordering::Relaxed) == 0 {
                warn!(target: "landspout::server", "the access log is too slow: lines are lost");
            }
            return;
        }
        self.order(Order::Write(lines));
    }

    /// The same, for who should not keep it from ending.
    pub(crate) fn downgrade(&self) -> WeakLogWriter {
        WeakLogWriter(Arc::downgrade(&self.0))
    }

    /// Opens the file again, after it was renamed.
    pub(crate) fn reopen(&self) {
        self.order(Order::Reopen);
    }

    fn order(&self, order: Order) {
        let sender = self.0.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*sender {
            // The thread ends after the last sender only.
            drop(sender.send(order));
        }
    }
}

/// The last one waits until all is written.
impl Drop for Shared {
    fn drop(&mut self) {
        self.sender.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            warn!(target: "landspout::server", "the end of the access log is not written");
        }
    }
}

fn run(mut target: Target, orders: &Receiver<Order>, gauge: &Gauge) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Write(lines) => {
                target.write(&lines);
                gauge.bytes.fetch_sub(lines.len(), Ordering::Relaxed);
            }
            Order::Reopen => target.reopen(),
        }
        let lost = gauge.dropped.load(Ordering::Relaxed);
        if lost > 0 && gauge.bytes.load(Ordering::Relaxed) == 0 {
            gauge.dropped.fetch_sub(lost, Ordering::Relaxed);
            warn!(target: "landspout::server", lost, "the access log has caught up");
        }
    }
}

/// Where the lines go.
struct Target {
    path: Option<PathBuf>,
    file: Option<File>,
    /// Whether the last write failed: of a full disk is told once.
    failing: bool,
}

impl Target {
    fn open(path: Option<PathBuf>) -> io::Result<Target> {
        let file = path.as_ref().map(open).transpose()?;
        Ok(Target { path, file, failing: false })
    }

    fn write(&mut self, lines: &str) {
        let written = match &mut self.file {
            Some(file) => file.write_all(lines.as_bytes()),
            None => {
                let mut out = io::stdout().lock();
                out.write_all(lines.as_bytes()).and_then(|()| out.flush())
            }
        };
        match written {
            Ok(()) => self.failing = false,
            Err(error) if !std::mem::replace(&mut self.failing, true) => {
                let path = self.path.as_ref().map(|path| path.display().to_string());
                error!(target: "landspout::server", %error, path, "the access log is not written");
            }
            Err(_) => {}
        }
    }

    fn reopen(&mut self) {
        match self.path.as_ref().map(open) {
            Some(Ok(file)) => self.file = Some(file),
            // The old one goes on.
            Some(Err(error)) => error!(target: "landspout::server", %error, "still the old file"),
            None => {}
        }
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
        let message = format!("cannot write the access log {}: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}
