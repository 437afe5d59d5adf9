//! A handler for each method of one path.

use http::Method;
use http::header::ALLOW;
use landspout_handler::{BoxHandler, Error, Handler, Request, Response};
use landspout_router::{DuplicateMethod, Methods};
use std::fmt;

/// A handler for each method of one path, begun by [`get`], [`post`], [`any`] and their like.
///
/// A method without a handler is answered with 405 and the right `Allow` (RFC 9110 §15.5.6). HEAD
/// is answered by GET's handler and OPTIONS with 204 and `Allow`, unless they have their own.
///
/// A method that is given two handlers is a mistake, of which [`check`](Handler::check) tells; what
/// is served all the same answers with 500.
///
/// ```
/// use landspout_web::{Handler, Request, get};
///
/// async fn list(_: Request) -> &'static str { "all items" }
/// async fn create(_: Request) -> (http::StatusCode, &'static str) {
///     (http::StatusCode::CREATED, "made")
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let items = get(list).post(create);
/// assert_eq!(items.handle(Request::post("/items")).await.status(), 201);
///
/// let delete = Request::get("/items").with_method(http::Method::DELETE);
/// let response = items.handle(delete).await;
/// assert_eq!(response.status(), 405);
/// assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS, POST");
/// # });
/// ```
#[derive(Clone, Default)]
pub struct ByMethod {
    methods: Methods<BoxHandler>,
    fault: Option<DuplicateMethod>,
}

/// Answers GET, and HEAD, with this handler.
pub fn get(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().get(handler)
}

/// Answers HEAD with this handler.
pub fn head(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().head(handler)
}

/// Answers POST with this handler.
pub fn post(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().post(handler)
}

/// Answers PUT with this handler.
pub fn put(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().put(handler)
}

/// Answers DELETE with this handler.
pub fn delete(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().delete(handler)
}

/// Answers PATCH with this handler.
pub fn patch(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().patch(handler)
}

/// Answers OPTIONS with this handler, in place of the 204 with `Allow`.
pub fn options(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().options(handler)
}

/// Answers with this handler every method that gets none of its own. Alone it is no different from
/// the bare handler.
pub fn any(handler: impl Handler + 'static) -> ByMethod {
    ByMethod::default().any(handler)
}

impl ByMethod {
    /// Adds a handler for GET, and for HEAD unless that has its own.
    #[must_use]
    pub fn get(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::GET, handler)
    }

    /// Adds a handler for HEAD.
    #[must_use]
    pub fn head(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::HEAD, handler)
    }

    /// Adds a handler for POST.
    #[must_use]
    pub fn post(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::POST, handler)
    }

    /// Adds a handler for PUT.
    #[must_use]
    pub fn put(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::PUT, handler)
    }

    /// Adds a handler for DELETE.
    #[must_use]
    pub fn delete(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::DELETE, handler)
    }

    /// Adds a handler for PATCH.
    #[must_use]
    pub fn patch(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::PATCH, handler)
    }

    /// Adds a handler for OPTIONS.
    #[must_use]
    pub fn options(self, handler: impl Handler + 'static) -> ByMethod {
        self.on(Method::OPTIONS, handler)
    }

    /// Adds a handler for any method, such as `PROPFIND`.
    #[must_use]
    pub fn on(mut self, method: Method, handler: impl Handler + 'static) -> ByMethod {
        let inserted = self.methods.insert(method, handler.boxed());
        self.fault = self.fault.or(inserted.err());
        self
    }

    /// Adds a handler for every method that has none of its own.
    #[must_use]
    pub fn any(mut self, handler: impl Handler + 'static) -> ByMethod {
        let inserted = self.methods.insert_any(handler.boxed());
        self.fault = self.fault.or(inserted.err());
        self
    }

    /// The handler of a method, or what to answer where there is none.
    pub(crate) fn at(&self, method: &Method) -> Result<&BoxHandler, Response> {
        if let Some(fault) = &self.fault {
            return Err(Error::internal(fault.clone()).into());
        }
        self.methods.at(method).map_err(|allow| {
            let allow = allow.to_header_value();
            match *method {
                Method::OPTIONS => Response::empty(204).with_header(ALLOW, allow),
                _ => Error::new(405, "").with_header(ALLOW, allow).into(),
            }
        })
    }
}

impl Handler for ByMethod {
    async fn handle(&self, request: Request) -> Response {
        match self.at(request.method()) {
            Ok(handler) => handler.handle(request).await,
            Err(response) => response,
        }
    }

    fn check(&self) -> Result<(), Error> {
        match &self.fault {
            Some(fault) => Err(Error::internal(fault.clone())),
            None => self.methods.iter().try_for_each(|(_, handler)| handler.check()),
        }
    }
}

impl fmt::Debug for ByMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByMethod").field(&self.methods.allow().as_str()).finish()
    }
}
