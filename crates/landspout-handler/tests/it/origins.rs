//! Where a request came from.

use http::HeaderValue;
use http::header::HOST;
use landspout_handler::{Connection, Forwarded, Request, Route};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

fn request() -> Request {
    let mut request = Request::get("/").with_header(HOST, HeaderValue::from_static("inner:8080"));
    request.set_connection(Connection::new(Some(([10, 0, 0, 1], 4000).into()), None, false));
    request
}

#[test]
fn without_a_proxy_it_is_the_connection_that_tells() {
    let request = request();
    assert_eq!(request.client_ip(), Some([10, 0, 0, 1].into()));
    assert_eq!((request.scheme(), request.host()), ("http", Some("inner:8080")));
    let mut request = request;
    request.set_connection(Connection::new(None, None, true));
    assert_eq!((request.client_ip(), request.scheme()), (None, "https"));
}

#[test]
fn what_a_proxy_told_comes_first() {
    let mut request = request();
    let mut told = Forwarded::default();
    told.secure = true;
    request.set_forwarded(told.clone());
    // It said that the client is not known, and nothing of a host.
    assert_eq!((request.client_ip(), request.host()), (None, Some("inner:8080")));
    assert!(request.is_secure());
    told.client = Some([192, 0, 2, 1].into());
    told.host = Some("example.com".into());
    request.set_forwarded(told);
    assert_eq!(request.client_ip(), Some([192, 0, 2, 1].into()));
    assert_eq!(request.host(), Some("example.com"));
}

#[test]
fn an_id_is_there_if_it_was_given() {
    let mut request = request();
    assert_eq!(request.id(), None);
    request.set_id(HeaderValue::from_static("a-1"));
    assert_eq!(request.id(), Some("a-1"));
}

/// Notes that a span was told its route.
struct Routed(Arc<AtomicBool>);

impl Visit for Routed {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.fetch_or(field.name() == "route" && value == "/{id}", Ordering::SeqCst);
    }
}

impl Subscriber for Routed {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Routed(Arc::clone(&self.0)));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_span_is_told_the_route() {
    let routed = Arc::new(AtomicBool::new(false));
    let subscriber = Routed(Arc::clone(&routed));
    tracing::subscriber::with_default(subscriber, || {
        let mut request = Request::get("/7");
        assert!(request.span().is_disabled());
        request.set_span(tracing::info_span!("request", route = tracing::field::Empty));
        assert!(!request.span().is_disabled());
        let route = Route { pattern: "/{id}".into(), names: Box::new(["id".into()]) };
        request.set_route(Arc::new(route), std::iter::once(1..2));
    });
    assert!(routed.load(Ordering::SeqCst));
}
