//! A table of routes, with the middleware around them.

use crate::endpoint::Endpoint;
use crate::layer::{Layer, wrap_all};
use crate::mount::Mounted;
use crate::{RouteError, mount};
use landspout_handler::{Error, Handler, Middleware, Request};
use landspout_router::{Router, TrailingSlash};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Routes that belong together: a part of an [`Application`](crate::Application), which
/// [nests](crate::Application::nest) it under a prefix.
///
/// ```
/// use landspout_web::{Application, Error, Handler, Next, Request, Response, Routes};
///
/// async fn users(_: Request) -> &'static str { "all users" }
///
/// async fn only_admins(request: Request, next: Next) -> Result<Response, Error> {
///     match request.header("x-admin") {
///         Some(_) => Ok(next.run(request).await),
///         None => Err(Error::new(403, "for administrators")),
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let admin = Routes::new().wrap(only_admins).route("/users", users);
/// let application = Application::new().nest("/admin", admin);
/// assert_eq!(application.handle(Request::get("/admin/users")).await.status(), 403);
/// # });
/// ```
///
/// A pattern that is not well formed or conflicts with another does not end the chain of calls: the
/// first such mistake is kept, for the [application](crate::Application) to tell of.
#[derive(Default)]
pub struct Routes {
    /// From patterns to places in `endpoints`. Shared with whoever makes URLs.
    paths: Arc<Router<usize>>,
    endpoints: Vec<Endpoint>,
    layers: Vec<Layer>,
    fault: Option<RouteError>,
}

impl Routes {
    /// No routes yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// Adds a route; see [`Application::route`](crate::Application::route).
    #[must_use]
    #[track_caller]
    pub fn route(mut self, pattern: &str, handler: impl Handler + 'static) -> Routes {
        self.insert(pattern, handler);
        self
    }

    /// Adds a route with a name; see [`Application::named`](crate::Application::named).
    #[must_use]
    #[track_caller]
    pub fn named(mut self, name: &str, pattern: &str, handler: impl Handler + 'static) -> Routes {
        self.insert_named(name, pattern, handler);
        self
    }

    /// Adds other routes under a prefix; see [`Application::nest`](crate::Application::nest).
    #[must_use]
    #[track_caller]
    pub fn nest(mut self, prefix: &str, routes: Routes) -> Routes {
        self.insert_nested(prefix, routes);
        self
    }

    /// Hands everything under a prefix to one handler; see
    /// [`Application::mount`](crate::Application::mount).
    #[must_use]
    #[track_caller]
    pub fn mount(mut self, prefix: &str, handler: impl Handler + 'static) -> Routes {
        self.insert_mounted(prefix, handler);
        self
    }

    /// Puts a middleware around each of these routes, those added later included. The first one
    /// added is the outermost. It sees nothing but these routes: a path that none of them has is
    /// the application's fallback's.
    #[must_use]
    pub fn wrap(mut self, middleware: impl Middleware) -> Routes {
        self.layers.push(Layer::new(middleware));
        self
    }

    #[track_caller]
    pub(crate) fn insert(&mut self, pattern: &str, handler: impl Handler + 'static) {
        let inserted = self.try_insert(pattern, handler);
        self.note(inserted, Location::caller());
    }

    #[track_caller]
    pub(crate) fn insert_named(
        &mut self,
        name: &str,
        pattern: &str,
        handler: impl Handler + 'static,
    ) {
        let inserted = self
            .try_insert(pattern, handler)
            .and_then(|()| Ok(Arc::make_mut(&mut self.paths).name(name, pattern)?));
        self.note(inserted, Location::caller());
    }

    #[track_caller]
    pub(crate) fn insert_nested(&mut self, prefix: &str, routes: Routes) {
        self.fault = self.fault.take().or(routes.fault);
        let offset = self.endpoints.len();
        let paths = Arc::unwrap_or_clone(routes.paths).map(|route| route.value + offset);
        let nested = Arc::make_mut(&mut self.paths).nest(prefix, paths);
        if nested.is_ok() {
            let layers = &routes.layers;
            self.endpoints.extend(routes.endpoints.into_iter().map(|endpoint| match &layers[..] {
                [] => endpoint,
                layers => Endpoint::Whole(wrap_all(layers, endpoint.boxed())),
            }));
        }
        self.note(nested.map_err(Error::from), Location::caller());
    }

    #[track_caller]
    pub(crate) fn insert_mounted(&mut self, prefix: &str, handler: impl Handler + 'static) {
        let inserted = self.try_insert_mounted(prefix, handler);
        self.note(inserted, Location::caller());
    }

    fn try_insert(&mut self, pattern: &str, handler: impl Handler + 'static) -> Result<(), Error> {
        handler.check()?;
        Arc::make_mut(&mut self.paths).insert(pattern, self.endpoints.len())?;
        self.endpoints.push(Endpoint::new(handler));
        Ok(())
    }

    fn try_insert_mounted(
        &mut self,
        prefix: &str,
        handler: impl Handler + 'static,
    ) -> Result<(), Error> {
        if prefix.contains(['{', '}']) {
            let reason = format!("`{prefix}` has parameters, which a mounted handler cannot see");
            return Err(Error::internal(reason));
        }
        let place = prefix.strip_suffix('/').unwrap_or(prefix);
        let handler = Mounted::new(place, handler.boxed()).boxed();
        self.try_insert(&format!("{place}/"), handler.clone())?;
        self.try_insert(&format!("{place}/{{*path}}"), handler)?;
        if !place.is_empty() {
            self.try_insert(place, async |request: Request| mount::add_slash(request.uri()))?;
        }
        Ok(())
    }

    fn note(&mut self, result: Result<(), Error>, location: &'static Location<'static>) {
        let fault = result.err().map(|fault| RouteError::new(fault, location));
        self.fault = self.fault.take().or(fault);
    }

    pub(crate) fn set_trailing_slash(&mut self, policy: TrailingSlash) {
        let paths = Arc::make_mut(&mut self.paths);
        *paths = std::mem::take(paths).trailing_slash(policy);
    }

    pub(crate) fn paths(&self) -> &Arc<Router<usize>> {
        &self.paths
    }

    pub(crate) fn endpoint(&self, place: usize) -> &Endpoint {
        &self.endpoints[place]
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn fault(&self) -> Option<&RouteError> {
        self.fault.as_ref()
    }

    pub(crate) fn push_layer(&mut self, layer: Layer) {
        self.layers.push(layer);
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths.routes().map(|route| route.pattern)).finish()
    }
}
