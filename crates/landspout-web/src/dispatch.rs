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

    async fn without_route(&self, miss: Miss, request: Request) -> Response {
        match (miss, &self.fallback) {
            (Miss::Redirect(path), _) => {
                redirect::to(308, &redirect::with_query(path, request.uri().query()))
            }
            (Miss::NotFound, None) => Error::new(404, "").into(),
            (Miss::NotFound, Some(fallback)) => {
                let answer = contain_panic(fallback.handle(request));
                watched(self.fallback_label, answer)
                    .await
                    .unwrap_or_else(|panic| Error::from(panic).into())
            }
        }
    }
}

impl Handler for Dispatch {
    async fn handle(&self, mut request: Request) -> Response {
        let found = match self.paths.at(request.uri().path()) {
            Ok(found) => found,
            Err(miss) => return self.without_route(miss, request).await,
        };
        let entry = &self.entries[*found.value];
        let ranges: SmallVec<[_; 4]> = found.params.ranges().collect();
        request.set_route(Arc::clone(&entry.route), ranges);
        let answer = contain_panic(entry.endpoint.handle(request));
        let mut response =
            watched(entry.label, answer).await.unwrap_or_else(|panic| Error::from(panic).into());
        response.set_route(Arc::clone(&entry.route));
        response
    }
}
