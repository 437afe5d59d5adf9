//! The way back from a route's name to a URL.

use landspout_handler::Error;
use landspout_router::Router;
use std::fmt::Display;
use std::sync::Arc;

/// Makes the URLs of an application's [named](crate::Application::named) routes.
///
/// Handlers find it among the application's shared values. A handler that runs on another thread
/// may keep a clone.
///
/// ```
/// use landspout_web::{Application, Error, Handler, Request, Urls};
///
/// async fn index(request: Request) -> Result<String, Error> {
///     let urls = request.shared::<Urls>()?;
///     Ok(format!("read {}", urls.url("story", &[("id", &7)])?))
/// }
///
/// async fn story(_: Request) -> &'static str { "a story" }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let application = Application::new().route("/", index).named("story", "/story/{id}", story);
/// let response = application.handle(Request::get("/")).await;
/// assert_eq!(response.into_body().text().await.unwrap(), "read /story/7");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Urls(pub(crate) Arc<Router<usize>>);

impl Urls {
    /// The path of the route with this name, its parameters filled in and escaped.
    ///
    /// # Errors
    /// No route has the name; a value is missing, surplus or empty; or the path would not lead back
    /// to the route, as one with `..` for a value does not. A 500 with that as its cause.
    pub fn url(&self, name: &str, args: &[(&str, &dyn Display)]) -> Result<String, Error> {
        self.0.url(name, args).map_err(Error::internal)
    }
}
