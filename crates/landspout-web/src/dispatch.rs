//! From a request's path to the handler of its route.

use crate::endpoint::Endpoint;
use crate::{Routes, redirect};
use landspout_handler::{
    BoxHandler, Error, Handler, Request, Response, Route, Watch, contain_panic, watched,
};
use landspout_router::{Miss, Router};
use smallvec::SmallVec;
use std::sync::Arc;

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

    /// Finds who answers the request, and tells the request its route.
    fn choose(&self, request: &mut Request) -> Choice<'_> {
        let found = match self.paths.at(request.uri().path()) {
            Ok(found) => found,
            Err(miss) => {
                let handler = self.without_route(miss, request);
                return Choice { handler, label: self.fallback_label, route: None };
            }
        };
        let entry = &self.entries[*found.value];
        let ranges: SmallVec<[_; 4]> = found.params.ranges().collect();
        request.set_route(Arc::clone(&entry.route), ranges);
        let handler = entry.endpoint.at(request.method());
        Choice { handler, label: entry.label, route: Some(&entry.route) }
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

/// Who answers a request; or the answer, where nobody has to be asked.
struct Choice<'a> {
    handler: Result<&'a BoxHandler, Response>,
    label: u32,
    route: Option<&'a Arc<Route>>,
}

impl Handler for Dispatch {
    async fn handle(&self, mut request: Request) -> Response {
        let Choice { handler, label, route } = self.choose(&mut request);
        let mut response = match handler {
            Ok(handler) => watched(label, contained(handler, request)).await,
            Err(response) => response,
        };
        if let Some(route) = route {
            response.set_route(Arc::clone(route));
        }
        response
    }
}

/// Asks a handler, and answers 500 where it panics.
pub(crate) async fn contained(handler: &BoxHandler, request: Request) -> Response {
    // The function that makes the future may panic, too, if it is not an `async fn`: it is called
    // within the block for that.
    let answer = contain_panic(async { handler.handle(request).await }).await;
    answer.unwrap_or_else(|panic| Error::from(panic).into())
}
