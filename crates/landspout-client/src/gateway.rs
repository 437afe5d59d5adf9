//! A client as a handler: a gateway.

use crate::call::Role;
use crate::{Client, ClientResponse, FetchError, RequestOptions};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue};
use landspout_handler::{Error, Handler, Request, Response, Upgrade};
use std::io;
use tokio::io::copy_bidirectional;

/// Headers that are meant for one connection (RFC 9110 §7.6.1), whether or not `Connection` names
/// them.
const OF_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The one protocol that an upgrade is passed on to. Others, `h2c` above all, would let a client
/// speak to the server behind without this side seeing what it asks for.
const WEBSOCKET: &str = "websocket";

/// Passes requests on to where their URI says, and answers with what comes back: a gateway.
///
/// The request goes on as it came, without the headers that were meant for the connection it came
/// on, and with the `Host` of its URI. Bodies are not decompressed. Redirects are answers and are
/// not followed, unless the request's [`RequestOptions`] say otherwise. An upgrade to a WebSocket,
/// and to nothing else, goes through: its bytes are passed on both ways until both sides have ended,
/// however long that takes. A fetch that fails is
/// answered with 504 if it ran out of time and with 502 if not; the [`FetchError`] is the cause.
///
/// ```
/// use landspout_client::{Client, Handler, Request, Response};
///
/// # async fn run() {
/// # let client = Client::over(|request: Request| async move { request.uri().path().to_owned() });
/// let proxy = async |mut request: Request| {
///     let uri = format!("http://backend.internal{}", request.uri());
///     request.set_uri(uri.parse().expect("a path behind a host is a URI"));
///     client.handle(request).await
/// };
/// let response = proxy(Request::get("/news")).await;
/// assert_eq!(response.into_body().text().await.unwrap(), "/news");
/// # }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run());
/// ```
impl Handler for Client {
    async fn handle(&self, mut request: Request) -> Response {
        let headers = request.headers_mut();
        if headers.contains_key(TRANSFER_ENCODING) {
            // RFC 9112 §6.1: beside a coding the length counts for nothing, and must not go on.
            headers.remove(CONTENT_LENGTH);
        }
        let is_websocket = wants_websocket(headers);
        strip(headers);
        headers.remove(HOST);
        let upgrade = request.take_upgrade().filter(|_| is_websocket);
        if upgrade.is_some() {
            add_upgrade(request.headers_mut());
        }
        let as_is = RequestOptions::default().max_redirects(0);
        match self.fetch_as(Role::Gateway, request, as_is).await {
            Ok(response) => pass_on(response, upgrade),
            Err(error) => refuse(error),
        }
    }
}

fn pass_on(mut response: ClientResponse, upgrade: Option<Upgrade>) -> Response {
    let upgraded = response.take_upgrade();
    let mut response = Response::from(response);
    strip(response.headers_mut());
    if let (Some(front), Some(back)) = (upgrade, upgraded) {
        add_upgrade(response.headers_mut());
        tokio::spawn(tunnel(front, back));
    }
    response
}

/// Passes bytes on in both directions, until both sides have ended or one has broken off.
async fn tunnel(front: Upgrade, back: Upgrade) -> io::Result<()> {
    let (mut front, mut back) = (front.await?, back.await?);
    copy_bidirectional(&mut front, &mut back).await?;
    Ok(())
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(UPGRADE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    value.as_bytes().trim_ascii().eq_ignore_ascii_case(WEBSOCKET.as_bytes())
}

fn add_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
}

fn refuse(error: FetchError) -> Response {
    let (status, message) = match error.is_timeout() {
        true => (504, "the server behind this one did not answer in time"),
        false => (502, "the server behind this one did not answer"),
    };
    Error::new(status, message).caused_by(error).into()
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value: &HeaderValue| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OF_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}
