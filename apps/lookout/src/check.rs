//! One check: a request, its answer, and what to make of both.

use std::error::Error;
use std::io;
use std::time::Duration;

use landspout::client::{ClientConfig, ClientResponse, FetchError, Timings};
use landspout::{Body, Client};

use crate::clock::wall;
use crate::duration::show_duration;
use crate::endpoint::Endpoint;
use crate::expect::{Answer, BODY_CAP, Finding};
use crate::outcome::{Outcome, Phases, Verdict};

/// The client of a monitor that runs so many checks at once.
///
/// Every check makes its own connection, so that each one measures all there is to reaching the
/// endpoint, and nothing but the number of checks limits how many there are.
pub fn client(limit: usize) -> Client {
    let config = ClientConfig::default()
        .keep_alive(false)
        .max_connections(limit)
        .max_connections_per_host(0)
        .connect_timeout(Duration::ZERO)
        .max_body_size(u64::MAX)
        .user_agent(concat!("lookout/", env!("CARGO_PKG_VERSION")));
    Client::with_config(config)
}

/// Checks an endpoint once, within its timeout.
///
/// Returns what was found, and what became of each expectation if there was an answer to hold
/// against them.
///
/// # Cancel safety
///
/// Dropping the future ends the check; it has left nothing behind.
pub async fn check(client: &Client, endpoint: &Endpoint) -> (Outcome, Vec<Finding>) {
    let at = wall();
    let (result, timings) = ask(client, endpoint).await;
    let outcome = Outcome { at, phases: phases(&timings), ..Outcome::default() };
    match result {
        Ok(answered) => {
            let judgement = endpoint.expect.judge(&Answer {
                status: answered.status,
                body: &answered.body,
                cut: answered.cut,
                total: total(&timings).unwrap_or_default(),
            });
            let (verdict, reason) = (judgement.verdict(), judgement.reason());
            let status = Some(answered.status);
            (Outcome { verdict, reason, status, ..outcome }, judgement.findings)
        }
        Err(error) => {
            let verdict = if is_our_fault(&error) { Verdict::NotMeasured } else { Verdict::Failed };
            let reason = Some(reason(&error, endpoint.timeout));
            (Outcome { verdict, reason, ..outcome }, Vec::new())
        }
    }
}

/// A check that could not be made, for a fault of ours.
pub fn not_measured(reason: impl ToString) -> Outcome {
    Outcome {
        at: wall(),
        verdict: Verdict::NotMeasured,
        reason: Some(reason.to_string()),
        ..Outcome::default()
    }
}

struct Answered {
    status: u16,
    body: Vec<u8>,
    /// There was more than is looked at.
    cut: bool,
}

async fn ask(client: &Client, endpoint: &Endpoint) -> (Result<Answered, FetchError>, Timings) {
    // An endpoint that is expected to redirect is not followed: the redirect is the answer.
    let max_redirects = if endpoint.expect.status.wants_redirect() { 0 } else { 5 };
    let request = client
        .request(endpoint.method.clone(), endpoint.url.to_string())
        .headers(endpoint.headers.clone())
        .body(endpoint.body.clone().map_or_else(Body::empty, Body::from))
        .timeout(endpoint.timeout)
        .max_redirects(max_redirects);
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            let timings = error.timings();
            return (Err(error), timings);
        }
    };
    let answered = read(&mut response).await;
    (answered, response.timings())
}

/// Reads as much of the body as is looked at.
async fn read(response: &mut ClientResponse) -> Result<Answered, FetchError> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece);
        if body.len() > BODY_CAP {
            body.truncate(BODY_CAP);
            return Ok(Answered { status, body, cut: true });
        }
    }
    Ok(Answered { status, body, cut: false })
}

fn phases(timings: &Timings) -> Phases {
    let micros = |took: Option<Duration>| {
        took.map(|took| u32::try_from(took.as_micros()).unwrap_or(u32::MAX))
    };
    let sent_and_answered = timings.first_byte.map(|took| took + timings.send.unwrap_or_default());
    Phases {
        dns: micros(timings.dns),
        connect: micros(timings.connect),
        tls: micros(timings.tls),
        first_byte: micros(sent_and_answered),
        total: micros(total(timings)),
    }
}

/// The whole check, without the wait for a place among the connections: that is ours.
fn total(timings: &Timings) -> Option<Duration> {
    timings.total.map(|total| total.saturating_sub(timings.queue.unwrap_or_default()))
}

/// Why there was no answer, in a sentence that fits under a name. The URL is not in it: keys stand
/// in queries, and whoever sees the page sees this.
fn reason(error: &FetchError, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {}, while {}", show_duration(timeout), error.phase());
    }
    let mut innermost = error.source();
    while let Some(source) = innermost.and_then(|error| error.source()) {
        innermost = Some(source);
    }
    let sentence = match innermost {
        Some(cause) => format!("{}: {cause}", error.phase()),
        None => error.reason(),
    };
    // It is to be one line, in the log too, whatever a server or a library had to say.
    sentence.replace(|character: char| character.is_control(), " ")
}

/// Whether the check failed for want of something of our own: then it says nothing about the
/// endpoint.
fn is_our_fault(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(is_want) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether the system said that it has no more of what a connection needs.
fn is_want(error: &io::Error) -> bool {
    // ENFILE and EMFILE: no file descriptor was left. EADDRNOTAVAIL: no local port was.
    let none_left = matches!(error.raw_os_error(), Some(23 | 24));
    // An error around another one is no link of the chain of sources; the other one has to be asked
    // for.
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    none_left || error.kind() == io::ErrorKind::AddrNotAvailable || inner.is_some_and(is_want)
}

#[cfg(test)]
mod tests {
    use super::is_our_fault;
    use std::io::{Error, ErrorKind};

    #[test]
    fn want_of_descriptors_or_ports_is_our_fault_and_nothing_else_is() {
        for (code, ours) in [(23, true), (24, true), (111, false), (104, false)] {
            let below = Error::from_raw_os_error(code);
            assert_eq!(is_our_fault(&below), ours, "{below}");
            assert_eq!(is_our_fault(&Error::other(below)), ours, "as a cause: {code}");
        }
        assert!(is_our_fault(&Error::from(ErrorKind::AddrNotAvailable)));
        assert!(!is_our_fault(&std::fmt::Error));
    }
}
