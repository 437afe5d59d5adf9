//! Restarting without an interruption.

use super::{Service, systemd};
use landspout_loop::{run_blocking, spawn_named};
use landspout_server::{ServerHandle, Successor};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// How this process was started, seen at its start: later the path may lead to a newer file, which
/// is the one to start then.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    pub(super) fn of_this_process() -> Program {
        let mut arguments = env::args_os();
        let name = arguments.next().unwrap_or_default();
        let path = if Path::new(&name).components().count() > 1 {
            env::current_dir().unwrap_or_default().join(name)
        } else {
            // It was found by the shell, or its name was made up.
            env::current_exe().unwrap_or_else(|_| name.into())
        };
        Program { path, arguments: arguments.collect() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments);
        command
    }
}

impl Service {
    /// Restarts at each SIGUSR2 from now on.
    pub(super) fn restart_on_signal(&self, handle: ServerHandle) {
        let mut signals = match signal(SignalKind::user_defined2()) {
            Ok(signals) => signals,
            Err(error) => return tracing::error!("SIGUSR2 does not restart: {error}"),
        };
        let service = self.clone();
        drop(spawn_named("restart", async move {
            while signals.recv().await.is_some() {
                service.restart(&handle).await;
            }
        }));
    }

    async fn restart(&self, handle: &ServerHandle) {
        if handle.is_shutdown() {
            return tracing::warn!("SIGUSR2: the server is stopping already");
        }
        systemd::reloading();
        match self.start_successor(handle).await {
            Some(id) => {
                tracing::info!("process {id} serves: finishing what runs here");
                systemd::succeeded_by(id);
                handle.hand_over();
            }
            // That it stops has been said.
            None if handle.is_shutdown() => {}
            None => systemd::ready(),
        }
    }

    /// Starts the program anew, and waits until it serves; its process number.
    async fn start_successor(&self, handle: &ServerHandle) -> Option<u32> {
        let program = &self.0.program;
        tracing::info!("SIGUSR2: starting {}", program.path.display());
        let mut successor = match Successor::start(program.command(), self.0.servers.iter()) {
            Ok(successor) => Unready(Some(successor)),
            Err(error) => {
                tracing::error!("{} does not start: {error}", program.path.display());
                return None;
            }
        };
        let process = successor.0.as_mut().expect("it is taken below");
        let id = process.id();
        let is_ready = process.is_ready(self.0.restart.ready_timeout).await;
        if is_ready && !handle.is_shutdown() {
            drop(successor.0.take());
            return Some(id);
        }
        if !is_ready {
            tracing::error!("process {id} does not serve: it is ended, and this one goes on");
        }
        drop(run_blocking(move || drop(successor)).await);
        None
    }
}

/// A process that is to serve, and has not said yet that it does. Without this value it ends: whoever
/// stops the one process while it restarts is not left with the other.
struct Unready(Option<Successor>);

impl Drop for Unready {
    fn drop(&mut self) {
        if let Some(successor) = self.0.take() {
            successor.stop();
        }
    }
}
