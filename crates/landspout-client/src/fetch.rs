//! One fetch, from the call to the head of its last answer.

use crate::call::Call;
use crate::client::Inner;
use crate::decompress;
use crate::error::{Failure, Kind};
use crate::exchange::{Exchange, has_no_body};
use crate::redirect::{self, RedirectError, Step};
use crate::timings::Stopwatch;
use crate::{ClientResponse, FetchError, Phase, Redirect};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use landspout_handler::Body;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a redirect's own body that are read so that its connection can be used again. A longer
/// one costs more than a new connection.
const MAX_DRAIN: u64 = 16 * 1024;

/// How long that may take: the same holds for a slow one.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// One fetch under way.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    exchange: Exchange<'a>,
    history: Vec<Redirect>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(inner: &'a Inner, call: Call, stopwatch: Stopwatch) -> Fetch<'a> {
        Fetch { exchange: Exchange::new(inner, call, stopwatch), history: Vec::new() }
    }

    /// Sends the request, follows redirects, and returns when the head of the last answer is there.
    pub(crate) async fn run(mut self) -> Result<ClientResponse, FetchError> {
        match self.follow().await.and_then(|response| self.decompress(response)) {
            Ok(response) => Ok(self.respond(response)),
            Err(failure) => Err(self.fail(failure)),
        }
    }

    async fn follow(&mut self) -> Result<Response<Body>, Failure> {
        self.exchange.call.check()?;
        loop {
            let again = self.exchange.call.body.try_clone();
            let response = self.exchange.run().await?;
            if self.exchange.call.rules.max_redirects == 0 {
                return Ok(response);
            }
            let Some(step) = self.step(response.status(), response.headers(), again.is_some())?
            else {
                return Ok(response);
            };
            let (status, url) = (response.status(), self.exchange.call.target.to_string());
            self.history.push(Redirect { status, url });
            drain(response.into_body()).await;
            let body = again.filter(|_| step.keeps_body);
            self.exchange.call.follow(step, body);
            self.exchange.stopwatch.restart();
        }
    }

    /// What the answer asks for, if that can be done.
    fn step(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        can_repeat: bool,
    ) -> Result<Option<Step>, Failure> {
        let Call { method, target, rules, .. } = &self.exchange.call;
        let limit = rules.max_redirects;
        let step = redirect::step(status, headers, method, target);
        let step = match step {
            Ok(Some(_)) if self.history.len() >= limit => Err(RedirectError::TooMany(limit)),
            Ok(Some(step)) if step.keeps_body && !can_repeat => Err(RedirectError::BodyIsGone),
            step => step,
        };
        step.map_err(|error| {
            self.exchange.stopwatch.enter(Phase::Prepare);
            Failure::new(Kind::Redirect, error)
        })
    }

    fn decompress(&self, response: Response<Body>) -> Result<Response<Body>, Failure> {
        let call = &self.exchange.call;
        if !call.asks_for_compression() || has_no_body(&call.method, response.status()) {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let body = decompress::decompress(&mut head.headers, body, &call.rules)?;
        Ok(Response::from_parts(head, body))
    }

    fn respond(self, response: Response<Body>) -> ClientResponse {
        let (head, body) = response.into_parts();
        let Fetch { exchange, history } = self;
        let Exchange { call, stopwatch, remote_addr, .. } = exchange;
        ClientResponse::new(head, body, call, stopwatch, history, remote_addr)
    }

    fn fail(self, failure: Failure) -> FetchError {
        let Exchange { call, stopwatch, .. } = self.exchange;
        let url = Some(call.target.to_string());
        FetchError::new(failure, stopwatch.phase(), &call.method, url, stopwatch.read())
    }
}

/// Reads what a redirect has for a body, so that its connection can be used again.
async fn drain(body: Body) {
    if !body.is_empty() && body.size_hint().lower() <= MAX_DRAIN {
        let mut body = body.limit(MAX_DRAIN);
        let reading = async { while let Ok(Some(_)) = body.chunk().await {} };
        let _ = timeout(DRAIN_TIME, reading).await;
    }
}
