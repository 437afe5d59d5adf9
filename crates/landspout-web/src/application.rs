//! The application.

use crate::dispatch::{self, Dispatch, Handling};
use crate::error_page::{Asked, ErrorPages};
use crate::layer::{Layer, wrap_all};
use crate::{ErrorPage, Routes, Urls};
use landspout_handler::{
    BoxHandler, Error, Handler, Middleware, Request, Response, State, StateBuilder,
};
use landspout_router::TrailingSlash;
use std::cell::{OnceCell, RefCell};
use std::fmt::{self, Display};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Routes, the middleware around them, the values they share, and the pages of their errors; as one
/// [`Handler`].
///
/// An application is made once for each loop, by the same function, and stays on it. The order of
/// its settings does not matter, but for the order of middleware among themselves.
///
/// ```
/// use landspout_web::{Application, Error, Handler, Request, Response};
///
/// async fn hello(_: Request) -> &'static str { "Hello, world" }
///
/// async fn story(request: Request) -> Result<Response, Error> {
///     let (id,): (u64,) = request.path()?;
///     Ok(Response::text(format!("this is story {id}")))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let application = Application::new().route("/", hello).route("/story/{id}", story);
/// application.check()?;
///
/// let response = application.handle(Request::get("/story/7")).await;
/// assert_eq!(response.into_body().text().await.unwrap(), "this is story 7");
/// assert_eq!(application.handle(Request::get("/story/x")).await.status(), 400);
/// assert_eq!(application.handle(Request::get("/nowhere")).await.status(), 404);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
///
/// # Mistakes among the routes
///
/// `route` and its like return the application and not a `Result`, so that the chain of calls
/// stays a chain, and they do not panic, because a panic in a function that runs once for each loop
/// ends in a loop that is started again and again. The first mistake is kept instead:
/// [`check`](Handler::check) returns it, as a [`RouteError`](crate::RouteError) with the line it was made in, and who
/// serves applications calls that before the first request. An application that was served all the
/// same answers every request with 500, and says in the log why.
///
/// ```
/// use landspout_web::{Application, Handler, Request};
/// use std::error::Error;
///
/// async fn story(_: Request) -> &'static str { "a story" }
///
/// let application = Application::new().route("/{id}", story).route("/{slug}", story);
/// let error = application.check().unwrap_err();
/// let cause = error.cause().and_then(|cause| cause.source()).unwrap();
/// assert_eq!(cause.to_string(), "`/{slug}` conflicts with `/{id}`");
/// ```
///
/// # Panics in handlers
///
/// A handler that panics is answered for with 500; the log line of that error names the route.
pub struct Application {
    routes: Routes,
    fallback: Option<BoxHandler>,
    pages: ErrorPages,
    state: RefCell<StateBuilder>,
    /// What the settings above come to; made by the first request, unmade by the next setting.
    ready: OnceCell<Ready>,
}

struct Ready {
    dispatch: Rc<Dispatch>,
    /// `dispatch` with the middleware around it, if there is any.
    wrapped: Option<BoxHandler>,
    state: State,
}

/// Routes.
impl Application {
    /// An application without routes: it answers 404.
    pub fn new() -> Application {
        Application::default()
    }

    /// Adds a route: the paths that fit `pattern` are this handler's.
    ///
    /// A parameter is a segment in braces, or part of one, `/story/{id}.json`; `{*rest}` is all that
    /// is left. Handlers read them with [`Request::path`]. Plain text comes before a parameter,
    /// whatever the order in which they are added.
    ///
    /// A bare handler sees every method; [`get`](crate::get), [`post`](crate::post) and their like
    /// make one that answers 405 and OPTIONS, and so does [`Resource`](crate::Resource).
    #[must_use]
    #[track_caller]
    pub fn route(self, pattern: &str, handler: impl Handler + 'static) -> Application {
        let mut application = self.changed();
        application.routes.insert(pattern, handler);
        application
    }

    /// Adds a route with a name, so that URLs can be made for it: by [`Application::url`], and in
    /// handlers by [`Urls`].
    #[must_use]
    #[track_caller]
    pub fn named(self, name: &str, pattern: &str, handler: impl Handler + 'static) -> Application {
        let mut application = self.changed();
        application.routes.insert_named(name, pattern, handler);
        application
    }

    /// Adds routes under a prefix, which may have parameters; the handlers see these beside their
    /// own. The middleware of `routes` stays around its routes and around nothing else.
    ///
    /// The route `/` of `routes` becomes the prefix as it is written, with or without a slash at
    /// its end.
    #[must_use]
    #[track_caller]
    pub fn nest(self, prefix: &str, routes: Routes) -> Application {
        let mut application = self.changed();
        application.routes.insert_nested(prefix, routes);
        application
    }

    /// Hands everything under a prefix to one handler, which sees the path without the prefix:
    /// files of a directory, or another application with values and error pages of its own.
    ///
    /// Other routes under the prefix come first. The prefix without a slash is redirected to the one
    /// with, so that relative links hold. It has no parameters: the handler could not see them.
    #[must_use]
    #[track_caller]
    pub fn mount(self, prefix: &str, handler: impl Handler + 'static) -> Application {
        let mut application = self.changed();
        application.routes.insert_mounted(prefix, handler);
        application
    }

    /// Answers the paths that no route has. Without it they are answered with 404.
    #[must_use]
    pub fn fallback(self, handler: impl Handler + 'static) -> Application {
        let mut application = self.changed();
        application.fallback = Some(handler.boxed());
        application
    }

    /// Says what becomes of a path whose route exists only with, or only without, a slash at its
    /// end: 404 by default, a redirection (308, which keeps method and body), or the route itself.
    #[must_use]
    pub fn trailing_slash(self, policy: TrailingSlash) -> Application {
        let mut application = self.changed();
        application.routes.set_trailing_slash(policy);
        application
    }

    /// The path of the route with this name, its parameters filled in and escaped.
    ///
    /// # Errors
    /// As [`Urls::url`].
    pub fn url(&self, name: &str, args: &[(&str, &dyn Display)]) -> Result<String, Error> {
        self.urls().url(name, args)
    }

    fn urls(&self) -> Urls {
        Urls(Arc::clone(self.routes.paths()))
    }
}

/// What stands around the routes.
impl Application {
    /// Puts a middleware around everything that this application answers: the routes, those added
    /// later included, the fallback, 404 and 405. The first one added is the outermost.
    ///
    /// It sees errors as [`Response::error`] with their plain text; their pages are made outside of
    /// all middleware, so that the errors of middleware get theirs, too, and keep the headers that
    /// middleware adds.
    #[must_use]
    pub fn wrap(self, middleware: impl Middleware) -> Application {
        let mut application = self.changed();
        application.routes.push_layer(Layer::new(middleware));
        application
    }

    /// Adds a value that all loops share; handlers reach it by [`Request::shared`].
    ///
    /// It comes in an [`Arc`] that was made before the loops were, because a value that is made in
    /// the function that makes the application is made once for each loop, however it is meant. What
    /// is of one loop by intention goes to [`per_loop`](Application::per_loop), which takes
    /// no `Arc`.
    ///
    /// ```
    /// use landspout_web::{Application, Error, Request};
    /// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    ///
    /// struct Visits(AtomicU64);
    ///
    /// async fn count(request: Request) -> Result<String, Error> {
    ///     let visits = request.shared::<Visits>()?;
    ///     Ok(visits.0.fetch_add(1, Ordering::Relaxed).to_string())
    /// }
    ///
    /// let visits = Arc::new(Visits(0.into()));
    /// let make = || Application::new().shared(Arc::clone(&visits)).route("/", count);
    /// # let _ = make();
    /// ```
    #[must_use]
    pub fn shared<T: Send + Sync + 'static>(self, value: Arc<T>) -> Application {
        let application = self.changed();
        application.state.borrow_mut().insert_shared(value);
        application
    }

    /// Adds a value of this loop alone, which may hold `Rc` and `RefCell`; handlers reach it by
    /// [`Request::per_loop`]. Two requests of one client may come to different loops: what has to be
    /// the same for all is [`shared`](Application::shared).
    #[must_use]
    pub fn per_loop<T: 'static>(self, value: T) -> Application {
        let application = self.changed();
        application.state.borrow_mut().insert_per_loop(value);
        application
    }

    /// Lets error pages tell the causes of errors, which are otherwise for the log alone. For
    /// development: causes name files, addresses and queries. Default false.
    #[must_use]
    pub fn debug(self, debug: bool) -> Application {
        let mut application = self.changed();
        application.pages.debug = debug;
        application
    }

    /// Makes the pages of errors, where the function does not return `None`. Its body and headers
    /// are taken; the status, and headers such as `Allow`, are the error's.
    ///
    /// A response that a handler made itself, of whatever status, never comes here; nor does
    /// an error that a [`RequestHandler::write_error`](crate::RequestHandler::write_error) or
    /// a middleware gave a body of another content type.
    ///
    /// ```
    /// use landspout_web::{Application, Handler, PageFormat, Request, Response};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let application = Application::new().error_page(|page| match page.format {
    ///     PageFormat::Html => Some(Response::html(format!("<h1>Oh, {}</h1>", page.status))),
    ///     _ => None,
    /// });
    /// let request = Request::get("/").with_header(http::header::ACCEPT, "text/html".parse().unwrap());
    /// let response = application.handle(request).await;
    /// assert_eq!(response.status(), 404);
    /// assert_eq!(response.into_body().text().await.unwrap(), "<h1>Oh, 404 Not Found</h1>");
    /// # });
    /// ```
    #[must_use]
    pub fn error_page(
        self,
        make: impl Fn(&ErrorPage<'_>) -> Option<Response> + 'static,
    ) -> Application {
        let mut application = self.changed();
        application.pages.custom = Some(Box::new(make));
        application
    }

    fn changed(mut self) -> Application {
        self.ready = OnceCell::new();
        self
    }

    #[inline]
    fn begin(
        &self,
        path: &str,
        mut request: Request,
        cx: &mut Context<'_>,
    ) -> Result<Response, Handling<'_>> {
        let ready = self.ready.get_or_init(|| self.make_ready());
        request.set_state(ready.state.clone());
        match (self.routes.fault(), &ready.wrapped) {
            (Some(fault), _) => Ok(Error::internal(fault.clone()).into()),
            (None, None) => ready.dispatch.begin(path, request, cx),
            (None, Some(wrapped)) => dispatch::begin(wrapped, None, request, cx),
        }
    }

    fn make_ready(&self) -> Ready {
        let dispatch = Rc::new(Dispatch::new(&self.routes, self.fallback.clone()));
        let wrapped = match self.routes.layers() {
            [] => None,
            layers => Some(wrap_all(layers, Rc::clone(&dispatch).boxed())),
        };
        let mut state = self.state.borrow_mut();
        state.insert_shared(Arc::new(self.urls()));
        Ready { dispatch, wrapped, state: state.state() }
    }
}

impl Handler for Application {
    fn handle(&self, request: Request) -> impl Future<Output = Response> {
        Answering { application: self, request: Some(request), waiting: None }
    }

    fn check(&self) -> Result<(), Error> {
        match (self.routes.fault(), &self.fallback) {
            (Some(fault), _) => Err(Error::internal(fault.clone())),
            (None, Some(fallback)) => fallback.check(),
            (None, None) => Ok(()),
        }
    }
}

/// A request that the application answers. By hand, so that nothing is kept for a handler that
/// answers when it is first asked, as most do.
struct Answering<'a> {
    application: &'a Application,
    /// Until the handler is asked.
    request: Option<Request>,
    /// From then on.
    waiting: Option<Box<(Handling<'a>, Asked)>>,
}

impl Future for Answering<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Answering { application, request, waiting } = &mut *self;
        if let Some(request) = request.take() {
            let asked = Asked::of(&request);
            return match application.begin(asked.path(), request, cx) {
                Ok(response) => Poll::Ready(application.pages.finish(&asked, response)),
                Err(handling) => {
                    *waiting = Some(Box::new((handling, asked)));
                    Poll::Pending
                }
            };
        }
        let (handling, asked) = &mut **waiting.as_mut().expect("it was asked, and did not answer");
        Pin::new(handling).poll(cx).map(|response| application.pages.finish(asked, response))
    }
}

impl Default for Application {
    fn default() -> Application {
        Application {
            routes: Routes::new(),
            fallback: None,
            pages: ErrorPages::default(),
            state: RefCell::new(StateBuilder::new()),
            ready: OnceCell::new(),
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("routes", &self.routes).finish_non_exhaustive()
    }
}
