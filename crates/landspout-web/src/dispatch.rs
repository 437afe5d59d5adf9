//! From a request's path to the handler of its route.

use crate::endpoint::Endpoint;
use crate::{Routes, redirect};
use http::uri::PathAndQuery;
use landspout_handler::{BoxHandler, Error, Handler, Request, Response, Route, Watch, catch_panic};
use landspout_router::{Miss, Router};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The routes of an application, ready to be asked.
pub(crate) struct Dispatch {
    paths: Arc<Router<usize>>,
    /// At the places that `paths` leads to.
    entries: Vec<Entry>,
    fallback: Option<BoxHandler>,
    fallback_label: u32,
}

struct Entry {
    endpoint: Endpoint,
    /// Made once; every request of the route shares it.
    route: Arc<Route>,
    /// What the loop's watchdog knows the route by.
    label: u32,
}

impl Dispatch {
    pub(crate) fn new(routes: &Routes, fallback: Option<BoxHandler>) -> Dispatch {
        let mut entries: Vec<_> = routes.paths().routes().collect();
        entries.sort_by_key(|route| *route.value);
        let entries = entries.iter().map(|route| Entry {
            endpoint: routes.endpoint(*route.value).clone(),
            route: Arc::new(Route {
                pattern: route.pattern.into(),
                names: route.parameters.into(),
            }),
            label: Watch::label(route.pattern),
        });
        Dispatch {
            entries: entries.collect(),
            paths: Arc::clone(routes.paths()),
            fallback,
            fallback_label: Watch::label("fallback"),
        }
    }

    /// Finds who answers the request, whose path this is, tells the request its route, and asks.
    #[inline]
    pub(crate) fn begin(
        &self,
        path: &str,
        mut request: Request,
        cx: &mut Context<'_>,
    ) -> Result<Response, Handling<'_>> {
        let (handler, label, route) = match self.paths.at(path) {
            Ok(found) => {
                let entry = &self.entries[*found.value];
                let route = Arc::clone(&entry.route);
                match &*route.names {
                    [] => request.set_route(route, []),
                    _ => request.set_route(route, found.params.ranges()),
                }
                (entry.endpoint.at(request.method()), entry.label, Some(&entry.route))
            }
            Err(miss) => (self.without_route(miss, &request), self.fallback_label, None),
        };
        let begun = match handler {
            Ok(handler) => begin(handler, Some(label), request, cx),
            Err(response) => Ok(response),
        };
        match begun {
            Ok(response) => Ok(with_route(response, route)),
            Err(handling) => Err(Handling { route, ..handling }),
        }
    }

    fn without_route(&self, miss: Miss, request: &Request) -> Result<&BoxHandler, Response> {
        match (miss, &self.fallback) {
            (Miss::Redirect(path), _) => {
                let location = redirect::with_query(path, request.uri().query());
                Err(redirect::to(308, &location))
            }
            (Miss::NotFound, Some(fallback)) => Ok(fallback),
            (Miss::NotFound, None) => Err(Error::new(404, "").into()),
        }
    }
}

impl Handler for Dispatch {
    async fn handle(&self, request: Request) -> Response {
        let target = request.uri().path_and_query().cloned();
        let path = target.as_ref().map_or("", PathAndQuery::path);
        let mut request = Some(request);
        let begun = poll_fn(|cx| {
            let request = request.take().expect("it is asked once");
            Poll::Ready(self.begin(path, request, cx))
        });
        match begun.await {
            Ok(response) => response,
            Err(handling) => handling.await,
        }
    }
}

/// A handler at work that did not answer when it was first asked: watched, its panic contained, its
/// answer told its route. By hand what an async function for each of these would do, because this is
/// the way of every request.
pub(crate) struct Handling<'a> {
    future: Pin<Box<dyn Future<Output = Response> + 'a>>,
    /// `None` leaves the label of whoever asks.
    label: Option<u32>,
    route: Option<&'a Arc<Route>>,
}

/// Asks a handler, and polls it once.
#[inline]
pub(crate) fn begin<'a>(
    handler: &'a BoxHandler,
    label: Option<u32>,
    request: Request,
    cx: &mut Context<'_>,
) -> Result<Response, Handling<'a>> {
    // To make the future may panic, too, if it is not made by an `async fn`, and takes time.
    let begun = contained(label, || handler.begin(request, cx));
    match begun {
        Ok(begun) => begun.map_err(|future| Handling { future, label, route: None }),
        Err(failure) => Ok(failure),
    }
}

/// Runs a handler's code: watched, and its panic turned into an answer.
#[inline]
fn contained<T>(label: Option<u32>, run: impl FnOnce() -> T) -> Result<T, Response> {
    let run = || catch_panic(run);
    let ran = match label {
        Some(label) => Watch::during(label, run),
        None => run(),
    };
    ran.map_err(|panic| Error::from(panic).into())
}

#[inline]
fn with_route(mut response: Response, route: Option<&Arc<Route>>) -> Response {
    if let Some(route) = route {
        response.set_route(Arc::clone(route));
    }
    response
}

impl Future for Handling<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Handling { future, label, route } = &mut *self;
        let poll = contained(*label, || future.as_mut().poll(cx)).unwrap_or_else(Poll::Ready);
        poll.map(|response| with_route(response, *route))
    }
}
