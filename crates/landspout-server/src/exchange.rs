//! A request that is being answered.

use crate::check::{Checked, check};
use crate::deadline::Phase;
use crate::handlings::Handling;
use crate::http2::Lane;
use crate::layout::COPIED;
use crate::link::Link;
use crate::log::Record;
use crate::proxied;
use crate::refusals::Refused;
use crate::request_body::{Failure, Reading};
use crate::response_body::ResponseBody;
use crate::sendable::make_sendable;
use crate::{Refusal, ServerConfig};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode, Version};
use landspout_handler::{Body, Deadline, Error, Request, Response, Upgrade};
use std::rc::Rc;
use std::task::Context;
use tracing::error;

/// From the head of a request to the end of its answer's body.
#[derive(Debug)]
pub(crate) struct Exchange {
    link: Rc<Link>,
    /// Its share, if the connection is one of several requests at a time.
    lane: Option<Rc<Lane>>,
    pub(crate) record: Option<Box<Record>>,
    /// Of the request's body, if it has one.
    reading: Option<Reading>,
    /// The time of the handler, until it answers, if there is a limit.
    handling: Option<Box<Handling>>,
    /// Those of `HEAD`, `OLD` and `LAST` that hold, in a whole word: beside bools and enums, the
    /// exchange would be moved in pieces that overlap.
    marks: usize,
}

/// The request is a HEAD.
const HEAD: usize = 1;
/// The client speaks HTTP/1.0.
const OLD: usize = 2;
/// The connection ends with this answer.
const LAST: usize = 4;

impl Drop for Exchange {
    fn drop(&mut self) {
        let in_flight = &self.link.connections.in_flight;
        in_flight.set(in_flight.get() - 1);
        if self.lane.is_some() {
            // What it shared, it leaves when its share is dropped.
            return;
        }
        let (next, at_rest) = match &self.reading {
            None => (Phase::Idle, true),
            Some(reading) if reading.is_open() => (Phase::Body, false),
            Some(reading) => (Phase::Idle, reading.is_read()),
        };
        self.link.end_request(next, at_rest);
    }
}

impl Exchange {
    /// Begins with a request that came on `link`: as handlers know it, or why it is refused.
    /// `reading` tells of its body; without it there is none. `judged` says whether its framing has
    /// one reading.
    #[inline]
    pub(crate) fn begin(
        link: Rc<Link>,
        config: &ServerConfig,
        request: Request,
        reading: Option<Reading>,
        judged: Result<(), &'static str>,
    ) -> (Exchange, Result<Request, Error>) {
        link.begin_request();
        let judged = judged.map_err(|why| Refused::new(Refusal::BadRequest, why));
        let mut exchange = Exchange::new(link, None, &request, reading);
        let received = exchange.receive(config, request, judged);
        (exchange, received)
    }

    /// As [`begin`](Exchange::begin), on a share of a connection; `unified` says whether the request
    /// has the form that the checks know.
    #[cfg(feature = "http2")]
    pub(crate) fn begin_stream(
        lane: Rc<Lane>,
        config: &ServerConfig,
        request: Request,
        reading: Option<Reading>,
        unified: Result<(), Refused>,
    ) -> (Exchange, Result<Request, Error>) {
        lane.link().count_request();
        let mut exchange = Exchange::new(lane.link().clone(), Some(lane), &request, reading);
        let received = exchange.receive(config, request, unified);
        (exchange, received)
    }

    #[inline]
    fn new(
        link: Rc<Link>,
        lane: Option<Rc<Lane>>,
        request: &Request,
        reading: Option<Reading>,
    ) -> Exchange {
        let in_flight = &link.connections.in_flight;
        in_flight.set(in_flight.get() + 1);
        let mut marks = 0;
        if request.method() == Method::HEAD {
            marks |= HEAD;
        }
        if request.version() < Version::HTTP_11 {
            marks |= OLD;
        }
        Exchange { link, lane, record: None, reading, handling: None, marks }
    }

    /// Makes the request what handlers know, if it is fit for them.
    fn receive(
        &mut self,
        config: &ServerConfig,
        mut request: Request,
        judged: Result<(), Refused>,
    ) -> Result<Request, Error> {
        let connection = match &self.lane {
            None => &self.link.connection,
            Some(lane) => &lane.connection,
        };
        request.set_connection(connection.clone());
        if self.link.is_trusted {
            believe(&mut request, &self.link, config);
        }
        self.record = self.link.observer().begin(&mut request, self.link.is_trusted);
        match judged.and_then(|()| self.admit(&request, config)) {
            Ok(checked) => {
                self.equip(config, &mut request, checked);
                Ok(request)
            }
            Err(refused) => Err(self.refuse(refused)),
        }
    }

    /// Whether the request is fit to be answered, and there is room for it.
    fn admit(&self, request: &Request, config: &ServerConfig) -> Result<Checked, Refused> {
        let connections = &self.link.connections;
        let checked = check(request, config, &connections.hosts)?;
        if connections.in_flight.get() > connections.limits.in_flight {
            return Err(Refused::new(Refusal::InFlight, "the server is too busy"));
        }
        Ok(checked)
    }

    #[cold]
    fn refuse(&mut self, refused: Refused) -> Error {
        self.link.refuse(refused.cause, &refused.why);
        if refused.ends_connection() {
            self.marks |= LAST;
        }
        refused.to_error()
    }

    /// Gives the request what belongs to it.
    fn equip(&mut self, config: &ServerConfig, request: &mut Request, checked: Checked) {
        // The parser's own right to the connection, which it will not grant.
        request.extensions_mut().clear();
        request.body_mut().set_limit(config.body_bytes);
        let mut wants_upgrade = checked.wants_upgrade;
        if let Some(lane) = &self.lane {
            wants_upgrade = lane.protocol.is_some();
            if let Some(protocol) = &lane.protocol {
                request.set_protocol(protocol);
            }
        }
        if self.link.connections.limits.handler.is_some() {
            self.limit(request);
        }
        // What follows a body could be the body or the other protocol, depending on who reads it.
        if wants_upgrade && self.reading.is_none() {
            self.offer_upgrade(request);
        }
    }

    #[inline(never)]
    fn limit(&mut self, request: &mut Request) {
        let deadline = Deadline::default();
        request.set_deadline(deadline.clone());
        self.handling = Some(Box::new(Handling::new(self.link.clone(), deadline)));
    }

    #[inline(never)]
    fn offer_upgrade(&self, request: &mut Request) {
        let (sender, upgrade) = Upgrade::channel();
        let place = self.lane.as_ref().map_or(&self.link.upgrade, |lane| &lane.upgrade);
        place.replace(Some(sender));
        request.set_upgrade(upgrade);
    }

    /// The handler did not answer yet; gives the answer in its place if its time is over.
    pub(crate) fn wait(&mut self, cx: &Context<'_>) -> Option<Error> {
        let refused = self.handling.as_mut()?.wait(cx)?;
        Some(self.refuse(refused))
    }

    /// So many bytes of the answer's body were handed over, to its end if `is_last`.
    #[inline]
    pub(crate) fn hand_over(&mut self, len: usize, is_last: bool) {
        if let Some(record) = &mut self.record {
            record.bytes += len as u64;
            record.complete |= is_last;
        }
    }

    /// A large piece of the answer's body is to be handed over; gives how much of it at once.
    #[inline(never)]
    pub(crate) fn expect_large(&self) -> usize {
        if self.lane.is_some() {
            return COPIED;
        }
        self.link.expect_large();
        self.link.layout.most()
    }

    /// Ends with an answer: as the parser knows it.
    #[inline]
    pub(crate) fn end(mut self, mut response: Response) -> http::Response<ResponseBody> {
        if self.handling.is_some() {
            self.handling = None;
        }
        let declared = match &self.lane {
            None => self.prepare(&mut response),
            Some(lane) => self.prepare_stream(lane, &mut response),
        };
        if let Some(reading) = &self.reading {
            self.account(reading, &response);
        }
        if response.error().is_some() {
            self.tell_error(&mut response);
        }
        if let Some(record) = &mut self.record {
            record.answer(&mut response);
        }
        let unframed = || declared.is_none() && response.body().len().is_none();
        self.link.ends_by_close.set(self.is(OLD) && unframed());
        let room = if self.is(HEAD) { None } else { declared };
        response.into_http_with(|body| ResponseBody::new(body, room, self))
    }

    fn is(&self, mark: usize) -> bool {
        self.marks & mark != 0
    }

    /// Whether the request is one that is answered without a body.
    pub(crate) fn is_head(&self) -> bool {
        self.is(HEAD)
    }

    /// Makes the answer one that can be sent on this connection; its Content-Length, if it has one.
    #[inline]
    fn prepare(&self, response: &mut Response) -> Option<u64> {
        let upgrade = self.link.upgrade.take();
        let upgraded = upgrade.as_ref().is_some_and(|sender| !sender.is_closed());
        let declared = make_sendable(response, self.is_head(), upgraded)
            .unwrap_or_else(|mistake| replace(response, mistake));
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.link.upgrade.replace(upgrade);
            self.link.switches.set(true);
            return declared;
        }
        let spoilt = || self.reading.as_ref().is_some_and(Reading::spoils_connection);
        if self.is(LAST) || self.link.is_draining() || spoilt() || self.link.is_spent() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        declared
    }

    /// The same on a share of a connection: there is no 101, and what the answer says of the
    /// connection is not for the client.
    #[inline(never)]
    fn prepare_stream(&self, lane: &Lane, response: &mut Response) -> Option<u64> {
        let upgrade = lane.upgrade.take().filter(|sender| !sender.is_closed());
        if lane.protocol.is_some() && response.status().is_success() {
            if upgrade.is_some() {
                lane.upgrade.replace(upgrade);
                *response.body_mut() = Body::empty();
                response.headers_mut().remove(CONTENT_LENGTH);
                return None;
            }
            // RFC 8441 §5: a success opens the other protocol, and nobody speaks it.
            *response = Error::new(501, "the protocol is not spoken here").into();
        }
        let declared = make_sendable(response, self.is_head(), false)
            .unwrap_or_else(|mistake| replace(response, mistake));
        if self.is_head() {
            // This parser would send the body of an answer that has none (RFC 9110 §9.3.2).
            let body = std::mem::take(response.body_mut());
            if let (None, Some(len @ 1..)) = (declared, body.len()) {
                response.headers_mut().insert(CONTENT_LENGTH, len.into());
            }
        }
        declared
    }

    /// Counts a body that was refused. It was the handler that read it.
    #[inline(never)]
    fn account(&self, reading: &Reading, response: &Response) {
        let refused = match reading.failure() {
            Some(Failure::Timeout) => Some((Refusal::BodyTimeout, "the body was too slow")),
            Some(Failure::Malformed) => Some((Refusal::BadRequest, "the body is malformed")),
            // The limit is the handler's to set and to pass, so only its answer tells.
            None if response.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Some((Refusal::BodyTooLarge, "the body is too long"))
            }
            None => None,
        };
        if let Some((cause, why)) = refused {
            self.link.refuse(cause, &why);
        }
    }

    /// The one log line of a failure that nobody has told of yet.
    #[cold]
    fn tell_error(&self, response: &mut Response) {
        let Some(error) = response.take_error() else { return };
        if error.status().is_server_error() && error.cause().is_some() {
            let route = response.route().map(|route| &*route.pattern);
            let remote = self.link.connection.remote_addr().map(tracing::field::display);
            error!(target: "landspout::server", ?error, route, remote, "a request failed");
        }
    }
}

/// Tells the handler what a proxy that is believed told of the client.
#[inline(never)]
fn believe(request: &mut Request, link: &Link, config: &ServerConfig) {
    if let Some(told) = proxied::told(request.headers(), &link.connection, config) {
        request.set_forwarded(told);
    }
}

/// Puts a 500 in the place of an answer that cannot be sent.
#[cold]
fn replace(response: &mut Response, mistake: &'static str) -> Option<u64> {
    *response = Error::internal(mistake).into();
    None
}
