//! What systemd is told, if it has started the program.

use sd_notify::NotifyState;
use std::time::Duration;

/// How often it wants a sign of life.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero())
}

pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// A restart has begun.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The service goes on in another process.
pub(super) fn succeeded_by(id: u32) {
    tell(&[NotifyState::MainPid(id), NotifyState::Ready]);
}

fn tell(states: &[NotifyState<'_>]) {
    // Without systemd this does nothing.
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be told of {states:?}: {error}");
    }
}
