//! What the operating system tells the process.

use std::fmt;
use std::io;

#[cfg(unix)]
use crate::spawn::Task;

/// A wish that the process end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: a service manager, or `kill`.
    Terminate,
    /// SIGINT: a person's Ctrl-C.
    Interrupt,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Terminate => "SIGTERM",
            Signal::Interrupt => "SIGINT",
        })
    }
}

/// Waits for SIGTERM or SIGINT (elsewhere than on Unix, for Ctrl-C).
///
/// From its first poll on, for the rest of the process, these signals do not
/// end the process any more. One that comes while nobody waits is lost; to
/// treat a second one as "now", wait again at once.
///
/// When the system refuses to tell of a signal, the refusal is written to the
/// log, and the signal keeps its usual effect of ending the process.
///
/// # Panics
/// Outside of a tokio runtime with I/O enabled, when polled.
///
/// # Cancel safety
/// Cancel safe, but for a signal that comes before the next call.
pub async fn shutdown_signal() -> Signal {
    match wait_for_shutdown().await {
        Ok(signal) => signal,
        Err(error) => {
            tracing::error!("signals keep their default effect: {error}");
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
async fn wait_for_shutdown() -> io::Result<Signal> {
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let first = poll_fn(|cx| {
        if terminate.poll_recv(cx).is_ready() {
            return Poll::Ready(Signal::Terminate);
        }
        interrupt.poll_recv(cx).map(|_| Signal::Interrupt)
    });
    Ok(first.await)
}

#[cfg(not(unix))]
async fn wait_for_shutdown() -> io::Result<Signal> {
    tokio::signal::ctrl_c().await?;
    Ok(Signal::Interrupt)
}

/// Calls `callback` on the current loop each time the process gets a signal
/// of this kind, until the returned task is aborted.
///
/// For the rest of the process the signal has lost its usual effect. Signals
/// that come faster than the loop turns are seen as one. A panic in the
/// callback is written to the log, and ends the task.
///
/// ```
/// use landspout_loop::{EventLoop, on_signal};
/// use tokio::signal::unix::SignalKind;
///
/// # fn main() -> std::io::Result<()> {
/// EventLoop::new()?.run_until(async {
///     let reload = on_signal(SignalKind::hangup(), || println!("reading the settings again"))?;
///     reload.abort();
///     Ok(())
/// })
/// # }
/// ```
///
/// # Errors
/// When the system does not let this signal be caught, such as SIGKILL.
///
/// # Panics
/// Outside of a loop; see [the crate's page](crate#where-it-works).
#[cfg(unix)]
#[track_caller]
pub fn on_signal(
    kind: tokio::signal::unix::SignalKind,
    mut callback: impl FnMut() + 'static,
) -> io::Result<Task<()>> {
    use crate::label::Site;
    use crate::spawn::spawn_labelled;
    use std::panic::Location;

    let mut signals = tokio::signal::unix::signal(kind)?;
    let label = Site::Signal.label(Location::caller());
    Ok(spawn_labelled(label, async move {
        while signals.recv().await.is_some() {
            callback();
        }
    }))
}
