//! A request that was understood, and can be sent as often as redirects ask.

use crate::ClientConfig;
use crate::decompress;
use crate::error::{Failure, Kind};
use crate::options::Rules;
use crate::redirect::Step;
use crate::target::Target;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, RANGE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, Method, Request};
use landspout_handler::Body;

/// Whether a request is the client's own, or one that is passed on for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What a request lacks is added.
    Agent,
    /// The request goes on as it came.
    Gateway,
}

/// A request that was understood.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) rules: Rules,
    pub(crate) role: Role,
}

impl Call {
    /// Refuses what HTTP cannot carry, or what would make the framing ambiguous.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let refuse = |why: &'static str| Err(Failure::new(Kind::Invalid, why));
        if self.method == Method::CONNECT {
            return refuse("CONNECT makes a tunnel, which this client does not do");
        }
        if self.headers.contains_key(TRANSFER_ENCODING) {
            return refuse("Transfer-Encoding is the client's to set");
        }
        if self.headers.contains_key(CONTENT_LENGTH) && content_length(&self.headers).is_none() {
            return refuse("Content-Length is not a number");
        }
        Ok(())
    }

    /// The request as it goes over the wire. The body goes with it.
    pub(crate) fn request(&mut self, config: &ClientConfig) -> Result<Request<Body>, Failure> {
        let body = std::mem::take(&mut self.body);
        let mut headers = self.headers.clone();
        self.add_authority(&mut headers)?;
        add_framing(&mut headers, &self.method, &body);
        if self.role == Role::Agent {
            self.add_defaults(&mut headers, config)?;
        }
        if !config.keep_alive && !self.wants_upgrade() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.request_uri();
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Turns into the request that a redirect asks for.
    pub(crate) fn follow(&mut self, step: Step, body: Option<Body>) {
        step.strip(&mut self.headers);
        self.method = step.method;
        self.target = step.target;
        self.body = body.unwrap_or_default();
    }

    /// Whether an answer may be decompressed: the client asked for compression, and not the caller.
    pub(crate) fn asks_for_compression(&self) -> bool {
        // RFC 9110 §14.2: a range is one of the coded bytes, and cannot be decoded on its own.
        decompress::ACCEPTED.is_some()
            && self.rules.decompress
            && self.role == Role::Agent
            && !self.headers.contains_key(ACCEPT_ENCODING)
            && !self.headers.contains_key(RANGE)
    }

    /// Whether the connection shall speak another protocol afterwards.
    pub(crate) fn wants_upgrade(&self) -> bool {
        self.headers.contains_key(UPGRADE)
    }

    /// Whether doing it twice is doing it once (RFC 9110 §9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    fn add_authority(&self, headers: &mut HeaderMap) -> Result<(), Failure> {
        if !headers.contains_key(HOST) {
            let host = HeaderValue::from_str(self.target.origin.host_header());
            headers.insert(HOST, host.map_err(|error| Failure::new(Kind::Invalid, error))?);
        }
        if let Some(credentials) = &self.target.credentials {
            headers.entry(AUTHORIZATION).or_insert_with(|| credentials.clone());
        }
        Ok(())
    }

    fn add_defaults(&self, headers: &mut HeaderMap, config: &ClientConfig) -> Result<(), Failure> {
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        if let Some(codings) = decompress::ACCEPTED
            && self.asks_for_compression()
        {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
        }
        if !config.user_agent.is_empty() && !headers.contains_key(USER_AGENT) {
            let user_agent = HeaderValue::from_str(&config.user_agent);
            let user_agent = user_agent.map_err(|error| Failure::new(Kind::Invalid, error))?;
            headers.insert(USER_AGENT, user_agent);
        }
        Ok(())
    }
}

/// Says how long the body is, or that it ends when it ends.
fn add_framing(headers: &mut HeaderMap, method: &Method, body: &Body) {
    match body.len() {
        // RFC 9110 §8.6: a method that gives a body a meaning says so where there is none.
        Some(0) if !gives_body_meaning(method) => {
            headers.remove(CONTENT_LENGTH);
        }
        Some(len) => {
            headers.insert(CONTENT_LENGTH, len.into());
        }
        None if headers.contains_key(CONTENT_LENGTH) => {}
        // hyper would send a GET without this stream.
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

fn gives_body_meaning(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let text = value.to_str().ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}
