//! A request that was understood, and can be sent as often as redirects ask.

use crate::decompress;
use crate::error::{Failure, Kind};
use crate::expect::Gate;
use crate::options::Rules;
use crate::redirect::Step;
use crate::replay::Spare;
use crate::target::Target;
use crate::timings::Stopwatch;
use crate::watch::Sight;
use crate::{Attempt, ClientConfig, Credentials, Policies, Redirect, Replay};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST,
    HeaderValue, RANGE, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, Method, Request};
use landspout_handler::Body;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Whether a request is the client's own, or one that is passed on for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What a request lacks is added.
    Agent,
    /// The request goes on as it came.
    Gateway,
}

/// A request that was understood, and what is known of its way so far.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Makes the body anew, where it streams and can be.
    pub(crate) replay: Option<Replay>,
    pub(crate) rules: Rules,
    pub(crate) role: Role,
    pub(crate) credentials: Option<Credentials>,
    /// Those of the jar, for this target.
    pub(crate) cookies: Option<HeaderValue>,
    /// Whether it opens a WebSocket, and can do so over HTTP/2 too.
    pub(crate) is_handshake: bool,
    /// How long the body waits for the server to want it.
    pub(crate) expect_continue: Duration,
    /// What the body waits behind.
    pub(crate) gate: Option<Gate>,
    pub(crate) sight: Option<Sight>,
    pub(crate) stopwatch: Stopwatch,
    /// Who was asked last.
    pub(crate) remote_addr: Option<SocketAddr>,
    /// The redirects that were followed.
    pub(crate) history: Vec<Redirect>,
    /// The attempts that were followed by another.
    pub(crate) attempts: Vec<Attempt>,
}

impl Call {
    pub(crate) fn new(
        (method, target): (Method, Target),
        headers: HeaderMap,
        (body, replay): (Body, Option<Replay>),
        rules: Rules,
        role: Role,
    ) -> Call {
        let credentials = credentials(&rules);
        Call {
            method,
            target,
            headers,
            body,
            replay,
            rules,
            role,
            credentials,
            cookies: None,
            is_handshake: false,
            expect_continue: Duration::ZERO,
            gate: None,
            sight: None,
            stopwatch: Stopwatch::new(),
            remote_addr: None,
            history: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// Sets other rules than those that the call was made with.
    pub(crate) fn set_rules(&mut self, rules: Rules) {
        self.credentials = credentials(&rules);
        self.rules = rules;
    }

    pub(crate) fn policies(&self) -> Option<&Policies> {
        self.rules.policies.as_deref()
    }

    /// Adds what the client says in each request, and what belongs to this one wherever it goes.
    pub(crate) fn add_lasting(&mut self, defaults: &HeaderMap, config: &ClientConfig) {
        let wait = self.policies().and_then(|policies| policies.expect_continue);
        self.expect_continue = wait.unwrap_or(config.expect_continue);
        if let Some(trace) = self.rules.policies.as_ref().and_then(|own| own.trace.as_ref()) {
            trace.add_to(&mut self.headers);
        }
        if self.role == Role::Gateway {
            return;
        }
        for (name, value) in defaults {
            if !self.is_without(name) {
                self.headers.entry(name).or_insert_with(|| value.clone());
            }
        }
    }

    /// Whether the caller does not want a header that the client would add.
    fn is_without(&self, name: &http::HeaderName) -> bool {
        self.policies().is_some_and(|policies| policies.without_headers.contains(name))
    }

    /// What the body can be had from once more.
    pub(crate) fn spare(&self) -> Option<Spare> {
        Spare::of(&self.body, self.replay.as_ref())
    }

    /// The jar that the request's cookies come from.
    #[cfg(feature = "cookies")]
    pub(crate) fn jar(&self) -> Option<&crate::CookieJar> {
        let policies = self.policies().filter(|policies| policies.use_cookies != Some(false))?;
        policies.cookies.as_ref().filter(|_| self.role == Role::Agent)
    }

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
        if self.headers.get_all(HOST).iter().nth(1).is_some() {
            // RFC 9112 §3.2: a server must refuse it, or two of them read different hosts.
            return refuse("there is more than one Host");
        }
        Ok(())
    }

    /// The request as it goes over the wire. The body goes with it.
    pub(crate) fn request(&mut self, config: &ClientConfig, usual: &HeaderMap) -> Request<Body> {
        let mut body = std::mem::take(&mut self.body);
        // What waits before a connection that has closed can go over another.
        if let Some(waiting) = self.gate.take().and_then(|gate| gate.hold_back()) {
            body = waiting;
        }
        let mut headers = match self.role {
            Role::Agent => self.headers_over(usual),
            Role::Gateway => self.headers.clone(),
        };
        self.add_authority(&mut headers);
        self.add_framing(&mut headers, &body);
        if !config.keep_alive && !self.wants_upgrade() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(cookies) = &self.cookies {
            add_cookies(&mut headers, cookies);
        }
        if !self.expect_continue.is_zero() && !http_body::Body::is_end_stream(&body) {
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
            let (gate, gated) = Gate::shut(body, self.expect_continue);
            self.gate = Some(gate);
            body = gated;
        }
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.request_uri();
        *request.headers_mut() = headers;
        if let Some(gate) = &self.gate {
            request.extensions_mut().insert(gate.clone());
        }
        request
    }

    /// Turns into the request that a redirect asks for.
    pub(crate) fn follow(&mut self, step: Step, body: Option<Body>) {
        step.strip(&mut self.headers);
        if !step.same_origin {
            self.credentials = None;
        }
        if !step.keeps_tls
            && let Some(options) = &mut self.rules.connect
            && let Some(tls) = &options.tls
        {
            let tls = tls.for_other_origin();
            Arc::make_mut(options).tls = Some(tls);
        }
        if body.is_none() {
            self.replay = None;
        }
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
            && !self.is_without(&ACCEPT_ENCODING)
    }

    /// Whether the connection shall speak another protocol afterwards.
    pub(crate) fn wants_upgrade(&self) -> bool {
        self.headers.contains_key(UPGRADE)
    }

    /// Whether doing it twice is doing it once (RFC 9110 §9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// The request's own headers, and where they say nothing those that the client adds.
    fn headers_over(&self, usual: &HeaderMap) -> HeaderMap {
        let mut headers = usual.clone();
        if !self.asks_for_compression() {
            headers.remove(ACCEPT_ENCODING);
        }
        for name in self.policies().iter().flat_map(|policies| &policies.without_headers) {
            headers.remove(name);
        }
        if !self.headers.is_empty() {
            headers.extend(self.headers.clone());
        }
        headers
    }

    fn add_authority(&self, headers: &mut HeaderMap) {
        let host = self.target.origin.host_header();
        match headers.get_mut(HOST) {
            Some(_) if self.headers.contains_key(HOST) => {}
            Some(value) => *value = host.clone(),
            None => drop(headers.insert(HOST, host.clone())),
        }
        if let Some(credentials) = &self.target.credentials {
            headers.entry(AUTHORIZATION).or_insert_with(|| credentials.clone());
        }
        if let Some(credentials) = &self.credentials
            && !headers.contains_key(AUTHORIZATION)
        {
            let Target { origin, path, .. } = &self.target;
            let value = credentials.authorize(origin, &self.method, path.as_str());
            value.map(|value| headers.insert(AUTHORIZATION, value));
        }
    }

    /// Says how long the body is, or that it ends when it ends.
    fn add_framing(&self, headers: &mut HeaderMap, body: &Body) {
        let has_length = self.headers.contains_key(CONTENT_LENGTH);
        match body.len() {
            // RFC 9110 §8.6: a method that gives a body a meaning says so where there is none.
            Some(0) if !gives_body_meaning(&self.method) => {
                if has_length {
                    headers.remove(CONTENT_LENGTH);
                }
            }
            Some(len) => {
                headers.insert(CONTENT_LENGTH, len.into());
            }
            None if has_length => {}
            // hyper would send a GET without this stream.
            None => {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
        }
    }
}

fn credentials(rules: &Rules) -> Option<Credentials> {
    rules.policies.as_ref().and_then(|own| own.credentials.clone())
}

/// The headers that the client adds to a request of its own. `Host` comes first, and is filled in.
pub(crate) fn usual_headers(user_agent: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(HOST, HeaderValue::from_static(""));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(codings) = decompress::ACCEPTED {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
    }
    if let Some(user_agent) = user_agent {
        headers.insert(USER_AGENT, user_agent);
    }
    headers
}

/// Adds to the cookies that the caller has set: there is one header for all (RFC 6265bis §5.8).
fn add_cookies(headers: &mut HeaderMap, cookies: &HeaderValue) {
    let all = match headers.get(COOKIE) {
        Some(own) => HeaderValue::from_bytes(&[own.as_bytes(), b"; ", cookies.as_bytes()].concat()),
        None => Ok(cookies.clone()),
    };
    if let Ok(mut all) = all {
        all.set_sensitive(true);
        headers.insert(COOKIE, all);
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
