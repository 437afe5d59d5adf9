//! What a Prometheus sees.

mod exposition;
mod samples;

use crate::tally::{BOUNDS, RouteTally, Tally};
use crate::{Refusals, ServerHandle};
use exposition::Exposition;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use landspout_handler::{Handler, Request, Response};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use samples::Samples;

/// OpenMetrics, which every Prometheus since 2.5 reads.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Collects the figures of servers, and answers a scrape with them: it is a [`Handler`], for a path
/// such as `/metrics`. All clones are one; each loop counts for itself, and the sums are made when
/// somebody asks.
///
/// | metric | labels | what |
/// |---|---|---|
/// | `http_requests_total` | `route`, `method`, `status` | requests that were answered |
/// | `http_request_duration_seconds` | `route` | from the head of a request to the end of its answer |
/// | `http_requests_in_flight` | | requests that are being answered |
/// | `http_received_bytes_total`, `http_sent_bytes_total` | | bytes that came in; bytes of answers' bodies |
/// | `http_connections_accepted_total`, `http_connections_open` | | connections |
/// | `http_refusals_total` | `cause` | what the server [refused](crate::Refusal) |
/// | `http_draining` | | 1 while the server stops |
///
/// `route` is the pattern that the request took, never its path, and empty without one; `status` is
/// 499 where the client left before its answer.
///
/// ```
/// use landspout_server::{Metrics, Server};
///
/// let metrics = Metrics::new();
/// let server = Server::bind("127.0.0.1:0")?.metrics(&metrics);
/// metrics.add(|samples| samples.gauge("queue_length", "Jobs that wait", &[("queue", "mail")], 3.0));
/// assert!(metrics.text().contains("queue_length{queue=\"mail\"} 3.0"));
/// assert!(metrics.text().contains("http_connections_open 0.0"));
/// # drop(server);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Sources>>);

/// Adds figures to those of a scrape.
type Source = Arc<dyn Fn(&mut Samples) + Send + Sync>;

#[derive(Default)]
struct Sources {
    loops: Vec<(Arc<Tally>, Refusals, ServerHandle)>,
    others: Vec<Source>,
}

impl Metrics {
    /// No figures yet.
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// Adds figures of others: `source` is called at each scrape, on the loop that answers it.
    pub fn add(&self, source: impl Fn(&mut Samples) + Send + Sync + 'static) {
        self.lock().others.push(Arc::new(source));
    }

    /// What a scrape is answered with.
    pub fn text(&self) -> String {
        let mut samples = Samples::default();
        let sources = self.lock();
        sources.sum(&mut samples);
        let others = sources.others.clone();
        // A source may add another one.
        drop(sources);
        others.iter().for_each(|source| source(&mut samples));
        Exposition(samples).text()
    }

    pub(crate) fn enter(&self, refusals: Refusals, handle: ServerHandle) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        self.lock().loops.push((tally.clone(), refusals, handle));
        tally
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sources> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Metrics {
    async fn handle(&self, _: Request) -> Response {
        let mut response = Response::text(self.text());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
        response
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Sources {
    fn sum(&self, samples: &mut Samples) {
        let sum = |count: fn(&Tally) -> u64| -> u64 {
            self.loops.iter().map(|(tally, ..)| count(tally)).sum()
        };
        let open = sum(|tally| tally.accepted.get()).saturating_sub(sum(|t| t.closed.get()));
        let in_flight = sum(|tally| tally.begun.get()).saturating_sub(sum(|t| t.ended.get()));
        let draining = self.loops.iter().any(|(.., handle)| handle.is_shutdown());
        let accepted = sum(|tally| tally.accepted.get());
        samples.counter("http_connections_accepted", "Connections accepted", &[], accepted);
        samples.gauge("http_connections_open", "Connections that are open", &[], open as f64);
        samples.gauge("http_requests_in_flight", "Being answered", &[], in_flight as f64);
        let received = sum(|tally| tally.received.get());
        samples.counter("http_received_bytes", "Bytes that came in", &[], received);
        let sent = sum(|tally| tally.sent.get());
        samples.counter("http_sent_bytes", "Bytes of answers' bodies", &[], sent);
        let draining = f64::from(u8::from(draining));
        samples.gauge("http_draining", "1 while the server stops", &[], draining);
        self.sum_refusals(samples);
        self.sum_routes(samples);
    }

    fn sum_refusals(&self, samples: &mut Samples) {
        for cause in crate::Refusal::ALL {
            let count = self.loops.iter().map(|(_, refusals, _)| refusals.count(cause)).sum();
            let labels = [("cause", cause.name())];
            samples.counter("http_refusals", "Refused by the server itself", &labels, count);
        }
    }

    fn sum_routes(&self, samples: &mut Samples) {
        let mut routes: BTreeMap<String, RouteTally> = BTreeMap::new();
        for route in self.loops.iter().flat_map(|(tally, ..)| tally.routes()) {
            let pattern = route.route.as_ref().map_or("", |route| &route.pattern).to_owned();
            routes.entry(pattern).or_default().add(&route);
        }
        for (pattern, tally) in &routes {
            let labels = [("route", pattern.as_str())];
            let bounds = BOUNDS.into_iter().chain([f64::MAX]).zip(tally.latency);
            let help = "From a request's head to the end of its answer";
            let name = "http_request_duration_seconds";
            samples.histogram(name, help, &labels, tally.seconds, bounds);
            for ((method, status), count) in &tally.requests {
                let status = status.to_string();
                let labels = [labels[0], ("method", *method), ("status", status.as_str())];
                samples.counter("http_requests", "Requests answered", &labels, *count);
            }
        }
    }
}
