//! From a request's path to the handler of its route.

use crate::endpoint::Endpoint;
use crate::{Routes, redirect};
use http::uri::PathAndQuery;
use landspout_handler::{BoxHandler, Error, Handler, Request, Response, Route, Watch, catch_panic};
use landspout_router::{Miss, Router};
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

    /// Finds who answers the request, whose path this is, and tells the request its route.
    pub(crate) fn ask(&self, path: &str, mut request: Request) -> Handling<'_> {
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
        let stage = match handler {
            Ok(handler) => Stage::Asked(handler, request),
            Err(response) => Stage::Answered(response),
        };
        Handling { stage, label: Some(label), route }
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
    fn handle(&self, request: Request) -> impl Future<Output = Response> {
        let target = request.uri().path_and_query().cloned();
        self.ask(target.as_ref().map_or("", PathAndQuery::path), request)
    }
}

/// A handler at work: watched, its panic contained, its answer told its route. By hand what an
/// async function for each of these would do, because this is the way of every request.
pub(crate) struct Handling<'a> {
    stage: Stage<'a>,
    /// `None` leaves the label of whoever asks.
    label: Option<u32>,
    route: Option<&'a Arc<Route>>,
}

impl<'a> Handling<'a> {
    /// A handler that needs no route.
    pub(crate) fn by(handler: &'a BoxHandler, request: Request) -> Handling<'a> {
        Handling { stage: Stage::Asked(handler, request), label: None, route: None }
    }

    /// No handler: this is the answer.
    pub(crate) fn answered(response: Response) -> Handling<'a> {
        Handling { stage: Stage::Answered(response), label: None, route: None }
    }
}

enum Stage<'a> {
    /// The handler was not called yet. To make the future may panic, too, if it is not made by an
    /// `async fn`, and takes time: it is done within the first poll.
    Asked(&'a BoxHandler, Request),
    Working(Pin<Box<dyn Future<Output = Response> + 'a>>),
    Answered(Response),
    Done,
}

impl Stage<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        if let Stage::Working(future) = self {
            return future.as_mut().poll(cx);
        }
        match std::mem::replace(self, Stage::Done) {
            Stage::Asked(handler, request) => {
                let mut future = handler.call(request);
                let poll = future.as_mut().poll(cx);
                if poll.is_pending() {
                    *self = Stage::Working(future);
                }
                poll
            }
            Stage::Answered(response) => Poll::Ready(response),
            Stage::Working(_) | Stage::Done => unreachable!("a future is not polled after its end"),
        }
    }
}

impl Future for Handling<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Handling { stage, label, route } = &mut *self;
        let mut work = || catch_panic(|| stage.poll(cx));
        let poll = match *label {
            Some(label) => Watch::during(label, work),
            None => work(),
        };
        let Poll::Ready(mut response) = poll.unwrap_or_else(|panic| {
            // It is not to be polled again.
            *stage = Stage::Done;
            Poll::Ready(Error::from(panic).into())
        }) else {
            return Poll::Pending;
        };
        if let Some(route) = route {
            response.set_route(Arc::clone(route));
        }
        Poll::Ready(response)
    }
}
