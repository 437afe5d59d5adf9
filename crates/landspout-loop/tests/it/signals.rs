//! Signals. One test holds all of them: they are the process's.

use crate::settle;
use landspout_loop::{EventLoop, LoopHandle, Signal, on_signal, shutdown_signal, spawn};
use std::process::Command;
use tokio::signal::unix::SignalKind;

/// Sends a signal to this process.
fn kill(signal: &str) {
    let id = std::process::id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

#[test]
fn wake_the_loop_and_name_themselves() {
    let event_loop = EventLoop::new().unwrap();
    for (name, signal) in [("-TERM", Signal::Terminate), ("-INT", Signal::Interrupt)] {
        let received = event_loop.run_until(async {
            let waiting = spawn(shutdown_signal());
            settle().await;
            kill(name);
            waiting.await
        });
        assert_eq!(received, Ok(signal));
    }

    event_loop.run_until(async {
        let stop = || LoopHandle::current().stop();
        drop(on_signal(SignalKind::user_defined1(), stop).unwrap());
        kill("-USR1");
    });
    event_loop.start();
    assert_eq!(Signal::Terminate.to_string(), "SIGTERM");
}

#[test]
fn one_that_cannot_be_caught_is_an_error() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until(async {
        assert!(on_signal(SignalKind::from_raw(9), || ()).is_err());
    });
}
