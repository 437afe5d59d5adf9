//! From a parsed request to the answer that can be written.

use crate::ServerConfig;
use crate::access_log::AccessLine;
use crate::check::check;
use crate::deadline::Phase;
use crate::link::Link;
use crate::request_body::Reading;
use crate::response_body::{Exchange, ResponseBody};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use landspout_handler::{Body, Error, Handler, Request, Response, Upgrade, contain_panic};
use std::rc::Rc;
use tracing::error;

/// Lets the handler answer a request that came on `link`.
///
/// `reading` tells of a request's body; without it there is none.
pub(crate) async fn answer(
    handler: &impl Handler,
    config: &ServerConfig,
    link: Rc<Link>,
    head: Parts,
    body: Body,
    reading: Option<Reading>,
) -> http::Response<ResponseBody> {
    link.enter(Phase::Answering);
    let line = AccessLine::begin(&head.method, &head.uri, link.connection.remote_addr());
    let exchange = Exchange { link, line, reading };
    let is_head = head.method == Method::HEAD;
    let version = head.version;
    let upgradable = version == Version::HTTP_11 && body.is_empty();
    let (response, upgraded) = match check(&head, config) {
        Err(error) => (error.into(), false),
        Ok(()) => {
            let request = receive(&exchange.link, config, head, body, upgradable);
            let response = contain_panic(handler.handle(request)).await;
            let response = response.unwrap_or_else(|panic| Error::from(panic).into());
            let upgrade = exchange.link.upgrade.borrow();
            (response, upgrade.as_ref().is_some_and(|sender| !sender.is_closed()))
        }
    };
    let mut response = make_sendable(response, is_head, upgraded);
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        exchange.link.upgrade.take();
        let leave = exchange.link.is_draining()
            || exchange.reading.as_ref().is_some_and(Reading::leaves_much);
        if leave {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    send(exchange, response, version, is_head)
}

/// The request as handlers know it.
fn receive(
    link: &Link,
    config: &ServerConfig,
    mut head: Parts,
    body: Body,
    upgradable: bool,
) -> Request {
    let upgradable = upgradable && head.headers.contains_key(UPGRADE);
    if upgradable {
        // The parser's own right to the connection, which it will not grant.
        head.extensions.clear();
    }
    let body = body.limit(config.body_bytes);
    let mut request = Request::from(http::Request::from_parts(head, body));
    request.set_connection(link.connection.clone());
    if upgradable {
        let (sender, upgrade) = Upgrade::channel();
        *link.upgrade.borrow_mut() = Some(sender);
        request.set_upgrade(upgrade);
    }
    request
}

/// Puts right, or replaces by a 500, an answer that HTTP has no form for.
fn make_sendable(mut response: Response, is_head: bool, upgraded: bool) -> Response {
    if let Err(mistake) = check_response(&mut response, is_head, upgraded) {
        response = Error::internal(mistake).into();
    }
    response
}

fn check_response(
    response: &mut Response,
    is_head: bool,
    upgraded: bool,
) -> Result<(), &'static str> {
    let status = response.status();
    // Framing is the server's, and RFC 9112 §6.1 forbids it beside a Content-Length.
    response.headers_mut().remove(TRANSFER_ENCODING);
    if status.is_informational() {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err("a handler answered with an interim status");
        }
        if !upgraded {
            return Err("a handler answered 101 and did not take the upgrade");
        }
    }
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        // RFC 9110 §8.6: these have no Content-Length, and no content.
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
    }
    if status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
    }
    let Some(declared) = declared_len(response.headers())? else { return Ok(()) };
    let bodiless = is_head || status == StatusCode::NOT_MODIFIED;
    match response.body().len() {
        Some(len) if len == declared => Ok(()),
        // RFC 9110 §8.6: then it tells of the body that a GET would bring.
        Some(_) | None if bodiless => {
            *response.body_mut() = Body::empty();
            Ok(())
        }
        Some(_) => Err("a handler's Content-Length is not the length of its body"),
        // Of an announced nothing, no missing piece could tell the client that there was more.
        None if declared == 0 => Err("a handler's Content-Length is 0 and its body is a stream"),
        None => Ok(()),
    }
}

fn declared_len(headers: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.as_bytes().iter().all(u8::is_ascii_digit) => {
            let len = value.to_str().ok().and_then(|value| value.parse().ok());
            len.map(Some).ok_or("a handler's Content-Length is not a number of bytes")
        }
        (Some(_), None) => Err("a handler's Content-Length is not a number of bytes"),
        (Some(_), Some(_)) => Err("a handler set more than one Content-Length"),
    }
}

/// The answer as the parser knows it.
fn send(
    mut exchange: Exchange,
    mut response: Response,
    version: Version,
    is_head: bool,
) -> http::Response<ResponseBody> {
    log_failure(&mut response, &exchange);
    if let Some(line) = &mut exchange.line {
        line.status = Some(response.status());
        line.route = response.route().cloned();
    }
    let declared = if is_head { None } else { declared_len(response.headers()).ok().flatten() };
    let framed = declared.is_some() || response.body().len().is_some();
    exchange.link.ends_by_close.set(version < Version::HTTP_11 && !framed);
    let (head, body) = response.into_http().into_parts();
    let bodiless = is_head || body.is_empty();
    http::Response::from_parts(head, exchange.respond(body, declared, bodiless))
}

/// The one log line of a failure that nobody has told of yet.
fn log_failure(response: &mut Response, exchange: &Exchange) {
    if !response.status().is_server_error() {
        return;
    }
    let route = response.route().map(|route| route.pattern.to_string());
    if let Some(error) = response.take_error()
        && error.cause().is_some()
    {
        let remote = exchange.link.connection.remote_addr().map(tracing::field::display);
        error!(target: "landspout::server", ?error, route, remote, "a request failed");
    }
}
