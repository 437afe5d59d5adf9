//! What has been written to the log, by any thread of this process.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, Once};
use std::time::Duration;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static WRITTEN: Condvar = Condvar::new();
static START: Once = Once::new();

/// Far longer than any line takes, so that only a missing one is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins to collect lines. The watchdog writes from a thread of its own, so
/// that the subscriber has to be the process's.
pub(crate) fn start() {
    START.call_once(|| {
        tracing_subscriber::fmt().with_ansi(false).with_writer(|| Writer).init();
    });
}

/// Waits for `count` lines that contain all of `parts`.
#[track_caller]
pub(crate) fn wait_for(count: usize, parts: &[&str]) -> Vec<String> {
    let find = |lines: &[String]| -> Vec<String> {
        let has_all = |line: &&String| parts.iter().all(|part| line.contains(part));
        lines.iter().filter(has_all).take(count).cloned().collect()
    };
    let lines = LINES.lock().unwrap();
    let waited = WRITTEN.wait_timeout_while(lines, PATIENCE, |lines| find(lines).len() < count);
    let lines = waited.unwrap().0.clone();
    let found = find(&lines);
    assert_eq!(found.len(), count, "lines with {parts:?} in {lines:#?}");
    found
}

/// Whether a line has been written so far that contains all of `parts`.
pub(crate) fn has(parts: &[&str]) -> bool {
    let lines = LINES.lock().unwrap();
    lines.iter().any(|line| parts.iter().all(|part| line.contains(part)))
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().push(String::from_utf8_lossy(buf).into_owned());
        WRITTEN.notify_all();
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
