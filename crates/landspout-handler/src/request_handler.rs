//! A handler with a method for each verb.

use crate::{Error, Handler, IntoResponse, Request, Response};
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A resource: one type, a method for each verb that it knows.
///
/// A verb whose method is not there is answered with 405 and the right `Allow`; HEAD is answered by
/// [`get`](RequestHandler::get) and OPTIONS with `Allow`, unless they have methods of their own. No
/// list is kept for that: [`Resource`] sees which methods a type has when it is compiled.
///
/// The state of the application is the struct's fields. One value answers all requests of its loop,
/// many at a time.
///
/// ```
/// use landspout_handler::{Error, Handler, Request, RequestHandler, Resource, Response};
///
/// struct Story { title: &'static str }
///
/// impl RequestHandler for Story {
///     async fn prepare(&self, request: &mut Request) -> Result<Option<Response>, Error> {
///         match request.header("authorization") {
///             Some(_) => Ok(None),
///             None => Ok(Some(Response::empty(401))),
///         }
///     }
///
///     async fn get(&self, _: Request) -> Result<Response, Error> {
///         Ok(Response::text(self.title))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let story = Resource(Story { title: "a story" });
/// assert_eq!(story.handle(Request::get("/")).await.status(), 401);
///
/// let authorized = |r: Request| r.with_header(http::header::AUTHORIZATION, "me".parse().unwrap());
/// let response = story.handle(authorized(Request::post("/"))).await;
/// assert_eq!(response.status(), 405);
/// assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
/// # });
/// ```
pub trait RequestHandler: Sized {
    /// Runs before the verb's method: returns `None` to go on, or an answer to stop at.
    fn prepare(
        &self,
        request: &mut Request,
    ) -> impl Future<Output = Result<Option<Response>, Error>> {
        let _ = request;
        std::future::ready(Ok(None))
    }

    /// Answers GET, and HEAD if [`head`](RequestHandler::head) is not there.
    fn get(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers HEAD.
    fn head(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers POST.
    fn post(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers PUT.
    fn put(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers DELETE.
    fn delete(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers PATCH.
    fn patch(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Answers OPTIONS, in place of the 204 with `Allow`.
    fn options(&self, _: Request) -> impl Future<Output = Result<Response, Error>> {
        Missing::<Self>::new()
    }

    /// Turns an error of this resource into its answer.
    fn write_error(&self, error: Error) -> Response {
        error.into_response()
    }

    /// Headers for each answer of this resource. One that the answer has already stays as it is.
    fn default_headers(&self, headers: &mut HeaderMap) {
        let _ = headers;
    }

    /// Runs once for each request, after the handler is done with it: also when it failed, panicked
    /// or was dropped. The answer may still be on its way to the client.
    fn on_finish(&self) {}
}

/// Makes a [`Handler`] of a [`RequestHandler`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Resource<T>(pub T);

impl<T: RequestHandler> Handler for Resource<T> {
    async fn handle(&self, request: Request) -> Response {
        let resource = &self.0;
        let _finish = Finish(resource);
        let mut response = match self.respond(request).await {
            Ok(response) => response,
            Err(error) => resource.write_error(error),
        };
        add_defaults(resource, response.headers_mut());
        response
    }
}

impl<T: RequestHandler> Resource<T> {
    async fn respond(&self, mut request: Request) -> Result<Response, Error> {
        let resource = &self.0;
        if let Some(response) = resource.prepare(&mut request).await? {
            return Ok(response);
        }
        let verbs = const { Verbs::of::<T>() };
        match *request.method() {
            Method::GET if verbs.get => resource.get(request).await,
            Method::HEAD if verbs.head => resource.head(request).await,
            Method::HEAD if verbs.get => resource.get(request).await,
            Method::POST if verbs.post => resource.post(request).await,
            Method::PUT if verbs.put => resource.put(request).await,
            Method::DELETE if verbs.delete => resource.delete(request).await,
            Method::PATCH if verbs.patch => resource.patch(request).await,
            Method::OPTIONS if verbs.options => resource.options(request).await,
            Method::OPTIONS => Ok(Response::empty(204).with_header(ALLOW, verbs.allow())),
            _ => Err(Error::with_status(StatusCode::METHOD_NOT_ALLOWED, "")
                .with_header(ALLOW, verbs.allow())),
        }
    }
}

/// RFC 9110 §15.5.6: which verbs a resource knows.
#[derive(Clone, Copy)]
struct Verbs {
    get: bool,
    head: bool,
    post: bool,
    put: bool,
    delete: bool,
    patch: bool,
    options: bool,
}

impl Verbs {
    const fn of<T: RequestHandler>() -> Verbs {
        Verbs {
            get: is_there(&T::get),
            head: is_there(&T::head),
            post: is_there(&T::post),
            put: is_there(&T::put),
            delete: is_there(&T::delete),
            patch: is_there(&T::patch),
            options: is_there(&T::options),
        }
    }

    fn allow(self) -> HeaderValue {
        let names = [
            (self.get, "GET"),
            (self.get || self.head, "HEAD"),
            (self.post, "POST"),
            (self.put, "PUT"),
            (self.delete, "DELETE"),
            (self.patch, "PATCH"),
            (true, "OPTIONS"),
        ];
        let allowed: Vec<_> = names.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        HeaderValue::from_str(&allowed.join(", ")).expect("names of methods are valid in a header")
    }
}

/// Whether a method was written by its type. The future of the method that the trait provides has
/// no size; one that answers holds at least the request.
const fn is_there<'a, T: 'a, F, R>(_: &F) -> bool
where
    F: Fn(&'a T, Request) -> R,
{
    size_of::<R>() != 0
}

/// The future of a method that is not there: of no size, and never polled.
struct Missing<T>(PhantomData<fn() -> T>);

impl<T> Missing<T> {
    fn new() -> Missing<T> {
        Missing(PhantomData)
    }
}

impl<T> Future for Missing<T> {
    type Output = Result<Response, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Response, Error>> {
        Poll::Ready(Err(Error::with_status(StatusCode::METHOD_NOT_ALLOWED, "")))
    }
}

struct Finish<'a, T: RequestHandler>(&'a T);

impl<T: RequestHandler> Drop for Finish<'_, T> {
    fn drop(&mut self) {
        self.0.on_finish();
    }
}

fn add_defaults<T: RequestHandler>(resource: &T, headers: &mut HeaderMap) {
    let mut defaults = HeaderMap::new();
    resource.default_headers(&mut defaults);
    for name in
        defaults.keys().filter(|name| !headers.contains_key(*name)).cloned().collect::<Vec<_>>()
    {
        for value in defaults.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
}
