//! The talk with what started this program.

use serde::Serialize;
use std::io::{self, BufRead, Error};
use std::time::Duration;

/// What was done.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Messages or deliveries.
    count: u64,
    microseconds: u64,
}

/// Says that all is ready, and waits for the line that begins.
///
/// Nothing else is to be done meanwhile, so the thread may wait.
///
/// # Errors
/// Nobody is there to begin.
pub(crate) fn ready() -> io::Result<()> {
    println!("ready");
    match io::stdin().lock().read_line(&mut String::new())? {
        0 => Err(Error::other("nobody wants the load any more")),
        _ => Ok(()),
    }
}

/// Tells what was done.
pub(crate) fn done(count: u64, elapsed: Duration) {
    let microseconds = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let summary = Summary { count, microseconds };
    println!("{}", serde_json::to_string(&summary).unwrap_or_default());
}

/// Waits until the input ends.
pub(crate) fn dismissed() -> io::Result<()> {
    while io::stdin().lock().read_line(&mut String::new())? > 0 {}
    Ok(())
}
