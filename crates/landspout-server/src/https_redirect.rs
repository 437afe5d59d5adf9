//! Sending clients from http to https.

use http::uri::Authority;
use landspout_handler::{Error, Handler, Request, Response};

/// A handler that sends each request to the same URL under https; for the plain listener beside
/// the encrypted one.
///
/// It answers 308, which keeps the method and the body (RFC 9110 §15.4.9), and 400 to a client so
/// old that it does not name the host that it asks for.
///
/// ```
/// use landspout_server::{Handler, HttpsRedirect, Request};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let request = Request::get("http://example.org:8080/story?id=7");
/// let response = HttpsRedirect::to_port(8443).handle(request).await;
/// assert_eq!(response.status(), 308);
/// assert_eq!(response.headers()["location"], "https://example.org:8443/story?id=7");
/// # });
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HttpsRedirect {
    port: u16,
}

impl HttpsRedirect {
    /// To this port; 443 is not written into the URL.
    pub fn to_port(port: u16) -> HttpsRedirect {
        HttpsRedirect { port }
    }

    fn redirect(self, request: &Request) -> Result<Response, Error> {
        let host = request.host().and_then(|host| host.parse::<Authority>().ok());
        let host = host.ok_or(Error::new(400, "there is no host to be sent to"))?;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let path = if path == "*" { "/" } else { path };
        let location = match self.port {
            443 => format!("https://{}{path}", host.host()),
            port => format!("https://{}:{port}{path}", host.host()),
        };
        Response::redirect(308, &location)
    }
}

impl Default for HttpsRedirect {
    /// To port 443.
    fn default() -> HttpsRedirect {
        HttpsRedirect::to_port(443)
    }
}

impl Handler for HttpsRedirect {
    async fn handle(&self, request: Request) -> Response {
        self.redirect(&request).unwrap_or_else(Response::from)
    }
}
