//! The program as a service: it says how it is to whoever started it, and restarts without an
//! interruption.

mod config;
mod pulse;
mod restart;
mod systemd;

use landspout_loop::{sleep, spawn_named};
use landspout_server::{Server, ServerHandle};
use pulse::Pulse;
use restart::Program;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

pub use config::RestartConfig;

/// What all loops of the program report to. All clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    servers: Arc<[Server]>,
    restart: RestartConfig,
    program: Program,
    /// One for each loop.
    pulses: Vec<Pulse>,
    /// How many loops have begun to serve.
    begun: AtomicUsize,
    /// How often the service manager wants a sign of life.
    watchdog: Option<Duration>,
    /// Whether signals are heard.
    attended: watch::Sender<bool>,
}

impl Service {
    pub(crate) fn new(servers: &Arc<[Server]>, restart: RestartConfig) -> Service {
        Service(Arc::new(Inner {
            pulses: servers.iter().map(|_| Pulse::default()).collect(),
            servers: Arc::clone(servers),
            restart,
            program: Program::of_this_process(),
            begun: AtomicUsize::new(0),
            watchdog: systemd::watchdog(),
            attended: watch::Sender::new(false),
        }))
    }

    /// Says that a loop begins to serve; on that loop. With the last one the program is ready.
    ///
    /// It waits until signals are heard: whoever got an answer may send one, and until then SIGUSR2
    /// ends the process.
    pub(crate) async fn begin(&self, index: usize) {
        let attended = self.0.attended.subscribe().wait_for(|attended| *attended).await.is_ok();
        debug_assert!(attended, "this service is there, and so is its sender");
        if self.0.pulses[index].begin()
            && self.0.begun.fetch_add(1, Ordering::AcqRel) + 1 == self.0.pulses.len()
        {
            landspout_server::tell_predecessor();
            systemd::ready();
        }
        if let Some(interval) = self.0.watchdog {
            let service = self.clone();
            drop(spawn_named("pulse", async move {
                loop {
                    service.0.pulses[index].beat();
                    sleep(interval / 8).await;
                }
            }));
        }
    }

    /// Says that a loop has done its work.
    pub(crate) fn end(&self, index: usize) {
        self.0.pulses[index].end();
    }

    /// Says that the program is about to end.
    pub(crate) fn stopping(&self) {
        systemd::stopping();
    }

    /// Does what a service does beside serving, on the current loop, for as long as that runs.
    pub(crate) fn attend(&self, handle: &ServerHandle) {
        if let Some(interval) = self.0.watchdog {
            drop(spawn_named("systemd watchdog", self.clone().show_life(interval)));
        }
        if self.0.restart.on_signal {
            self.restart_on_signal(handle.clone());
        }
        self.0.attended.send_replace(true);
    }

    /// Tells the service manager that the program is alive, as long as every loop turns.
    async fn show_life(self, interval: Duration) {
        let mut seen = vec![0; self.0.pulses.len()];
        loop {
            sleep(interval / 3).await;
            let pulses = self.0.pulses.iter().zip(&mut seen);
            // All are to be asked, so that each is compared with its last beat.
            let alive = pulses.fold(true, |alive, (pulse, seen)| pulse.has_beaten(seen) && alive);
            if alive {
                systemd::alive();
            }
        }
    }
}
