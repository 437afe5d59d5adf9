//! A tunnel through an HTTP proxy.

use crate::error::{Failure, Kind};
use crate::io::Io;
use http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use landspout_handler::Body;

/// Asks the HTTP proxy at the other end for a tunnel to a host and port, as `host:port` (RFC 9110
/// §9.3.6). After that the I/O leads there.
///
/// # Cancel safety
/// Dropping the future closes the connection.
pub(crate) async fn tunnel(
    io: Io,
    to: &str,
    authorization: Option<HeaderValue>,
    max_header_size: usize,
) -> Result<Io, Failure> {
    let failed = |error: hyper::Error| Failure::new(Kind::Failed, error);
    let request = request(to, authorization)?;
    let io = TokioIo::new(io);
    let handshake = Builder::new().max_header_size(max_header_size).handshake(io).await;
    let (mut sender, driver) = handshake.map_err(failed)?;
    // It ends with the tunnel's opening, or with the sender.
    tokio::spawn(driver.with_upgrades());
    let response = sender.send_request(request).await.map_err(failed)?;
    match response.status() {
        status if status.is_success() => {}
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            let wanted = response.headers().get(PROXY_AUTHENTICATE);
            let wanted = wanted.and_then(|value| value.to_str().ok()).unwrap_or("no known way");
            let why = format!("the proxy wants other credentials, by {wanted}");
            return Err(Failure::new(Kind::ProxyAuth, why));
        }
        status => {
            let why = format!("the proxy made no tunnel to {to}, and answered {status}");
            return Err(Failure::new(Kind::Failed, why));
        }
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(failed)?;
    let parts = upgraded.downcast::<TokioIo<Io>>();
    let parts = parts.expect("what comes out of the connection is what went in");
    // A host that speaks first, as with HTTP/2, may be heard together with the proxy's answer.
    Ok(parts.io.into_inner().after(parts.read_buf))
}

fn request(to: &str, authorization: Option<HeaderValue>) -> Result<Request<Body>, Failure> {
    let invalid = |error: http::Error| Failure::new(Kind::Invalid, error);
    // RFC 9112 §3.2.3: host and port are all there is of the target.
    let uri = Uri::builder().authority(to);
    let uri = uri.build().map_err(invalid)?;
    let host = HeaderValue::from_str(to).map_err(|error| invalid(error.into()))?;
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri;
    request.headers_mut().insert(HOST, host);
    if let Some(authorization) = authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
    }
    Ok(request)
}
