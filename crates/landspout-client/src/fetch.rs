//! One fetch, from the call to the head of its last answer.

use crate::call::Call;
use crate::client::Inner;
use crate::decompress;
use crate::error::{Failure, Kind};
use crate::exchange::{Exchange, has_no_body};
use crate::redirect::{self, RedirectError, Step};
use crate::replay::Spare;
use crate::watch::{Outcome, Sight};
use crate::{
    Attempt, ClientResponse, FetchError, Phase, Redirect, RedirectAction, RedirectAttempt,
};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use landspout_handler::Body;
use std::time::{Duration, SystemTime};
use tokio::time::{sleep, timeout};
use tracing::{Instrument, Span, debug_span, field};

/// Bytes of an answer that nobody asked for, a redirect's or a challenge's, that are read so that
/// its connection can be used again. A longer one costs more than a new connection.
const MAX_DRAIN: u64 = 16 * 1024;

/// How long that may take: the same holds for a slow one.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// One fetch under way.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    exchange: Exchange<'a>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(inner: &'a Inner, call: Box<Call>) -> Fetch<'a> {
        Fetch { exchange: Exchange { inner, call } }
    }

    /// Sends the request, follows redirects, and returns when the head of the last answer is there.
    pub(crate) async fn run(mut self) -> Result<ClientResponse, FetchError> {
        let (number, counted) = self.exchange.inner.counters.begin();
        let call = &self.exchange.call;
        let span = debug_span!(
            "fetch",
            method = %call.method,
            url = %call.target,
            status = field::Empty,
            error = field::Empty,
        );
        self.show(number);
        let result = match span.is_disabled() {
            true => self.follow().await,
            // On the heap, so that the future of those that nobody traces is small.
            false => Box::pin(self.follow()).instrument(span.clone()).await,
        };
        match result.and_then(|response| self.decompress(response)) {
            Ok(response) => {
                counted.answered(response.status());
                span.record("status", response.status().as_u16());
                Ok(self.respond(response))
            }
            Err(failure) => {
                let error = self.fail(failure, &span);
                counted.failed(&error);
                Err(error)
            }
        }
    }

    /// Tells whoever watches that the request begins.
    fn show(&mut self, number: u64) {
        let call = &mut self.exchange.call;
        if let Some(watcher) = call.rules.policies.as_ref().and_then(|own| own.watch.as_ref()) {
            let url = call.target.to_string();
            call.sight = Some(Sight::start(watcher, number, &call.method, url));
        }
    }

    async fn follow(&mut self) -> Result<Response<Body>, Failure> {
        self.exchange.call.check()?;
        let Exchange { inner, call } = &mut self.exchange;
        let defaults = inner.headers.as_ref();
        let defaults = defaults.map_err(|error| Failure::new(Kind::Invalid, error.as_str()))?;
        call.add_lasting(defaults, &inner.config);
        let mut challenges = 0;
        loop {
            let mut spare = self.exchange.call.spare();
            let response = self.attempt(&mut spare).await?;
            if self.answers(&response, spare.as_ref(), challenges) {
                challenges += 1;
                drain(response.into_body()).await;
                self.exchange.call.stopwatch.restart();
                continue;
            }
            if self.exchange.call.rules.max_redirects == 0 {
                return Ok(response);
            }
            let Some(step) = self.step(response.status(), response.headers(), spare.is_some())?
            else {
                return Ok(response);
            };
            challenges = 0;
            self.go(step, response.status(), spare);
            drain(response.into_body()).await;
        }
    }

    /// Sends the request, with the cookies of the jar, and again while its policy says so.
    async fn attempt(&mut self, spare: &mut Option<Spare>) -> Result<Response<Body>, Failure> {
        let mut retries = 0;
        loop {
            self.add_cookies();
            let result = self.exchange.run().await;
            if self.drops_expectation(&result) {
                continue;
            }
            if let Ok(response) = &result {
                self.keep_cookies(response.headers());
            }
            if retries == 0 {
                self.exchange.inner.budget.deposit();
            }
            let Some(delay) = self.delay(&result, spare.is_some(), retries) else { return result };
            self.note_attempt(&result, delay);
            if let Ok(response) = result {
                drain(response.into_body()).await;
            }
            sleep(delay).await;
            retries += 1;
            self.exchange.call.body = spare.as_ref().map(Spare::body).unwrap_or_default();
            self.exchange.call.stopwatch.restart();
        }
    }

    /// Whether the server would rather have the request without its expectation: it goes again at
    /// once then, with the body that was held back.
    fn drops_expectation(&mut self, result: &Result<Response<Body>, Failure>) -> bool {
        let call = &mut self.exchange.call;
        let Some(held_back) = call.gate.take().and_then(|gate| gate.hold_back()) else {
            return false;
        };
        let is_refused = matches!(result, Ok(response) if response.status() == 417);
        if is_refused {
            call.expect_continue = Duration::ZERO;
            call.body = held_back;
            call.stopwatch.restart();
        }
        is_refused
    }

    #[cfg(feature = "cookies")]
    fn add_cookies(&mut self) {
        let call = &mut self.exchange.call;
        call.cookies = call.jar().and_then(|jar| jar.header(&call.target));
    }

    #[cfg(feature = "cookies")]
    fn keep_cookies(&self, headers: &HeaderMap) {
        let call = &self.exchange.call;
        if let Some(jar) = call.jar() {
            jar.learn(&call.target, headers);
        }
    }

    #[cfg(not(feature = "cookies"))]
    fn add_cookies(&mut self) {}

    #[cfg(not(feature = "cookies"))]
    fn keep_cookies(&self, _: &HeaderMap) {}

    /// How long to wait before another attempt; `None` if this was the last.
    fn delay(
        &self,
        result: &Result<Response<Body>, Failure>,
        can_repeat: bool,
        retries: u32,
    ) -> Option<Duration> {
        let Exchange { inner, call } = &self.exchange;
        let own = call.policies().and_then(|policies| policies.retry.as_ref());
        let retry = own.unwrap_or(&inner.config.retry);
        if retry.max_retries == 0 || !can_repeat {
            return None;
        }
        let random = crate::random::fraction();
        let delay = match result {
            Ok(response) => {
                let answer = (response.status(), response.headers());
                let now = (SystemTime::now(), random);
                retry.after_answer(answer, &call.method, retries, now)
            }
            Err(failure) => {
                retry.after_failure(failure, call.stopwatch.phase(), &call.method, retries, random)
            }
        }?;
        let fits = self.exchange.time_left().is_none_or(|left| delay < left);
        (fits && inner.budget.withdraw()).then_some(delay)
    }

    fn note_attempt(&mut self, result: &Result<Response<Body>, Failure>, waited: Duration) {
        let Exchange { inner, call } = &self.exchange;
        let url = call.target.to_string();
        let attempt = match result {
            Ok(response) => Attempt { url, status: Some(response.status()), error: None, waited },
            Err(failure) => {
                let error = Some(failure.describe(call.stopwatch.phase()));
                Attempt { url, status: None, error, waited }
            }
        };
        tracing::debug!(?attempt, "another attempt follows");
        inner.counters.retried();
        if let Some(sight) = &call.sight {
            sight.retried(&attempt);
        }
        self.exchange.call.attempts.push(attempt);
    }

    /// Whether the answer is a challenge that can be answered; the request is then ready for it.
    fn answers(
        &mut self,
        response: &Response<Body>,
        spare: Option<&Spare>,
        challenges: u32,
    ) -> bool {
        let call = &mut self.exchange.call;
        let (Some(spare), StatusCode::UNAUTHORIZED) = (spare, response.status()) else {
            return false;
        };
        let answers = call.credentials.as_ref().is_some_and(|credentials| {
            credentials.learn(&call.target.origin, response.headers(), challenges)
        });
        if answers {
            call.body = spare.body();
        }
        answers
    }

    /// What the answer asks for, if that can be done and is wanted.
    fn step(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        can_repeat: bool,
    ) -> Result<Option<Step>, Failure> {
        let Call { method, target, rules, .. } = &*self.exchange.call;
        let policies = self.exchange.call.policies();
        let limit = rules.max_redirects;
        let allowed = policies.and_then(|policies| policies.allow_downgrade);
        let allows_downgrade = allowed.unwrap_or(self.exchange.inner.config.allow_downgrade);
        let step = redirect::step(status, headers, method, target);
        let step = match step {
            Ok(Some(_)) if self.exchange.call.history.len() >= limit => {
                Err(RedirectError::TooMany(limit))
            }
            Ok(Some(step)) if step.is_downgrade && !allows_downgrade => {
                Err(RedirectError::Downgrade)
            }
            Ok(Some(step)) => match self.decide(&step, status) {
                RedirectAction::Stop => Ok(None),
                RedirectAction::Refuse(reason) => Err(RedirectError::Refused(reason)),
                _ if step.keeps_body && !can_repeat => Err(RedirectError::BodyIsGone),
                RedirectAction::Follow => Ok(Some(step)),
                RedirectAction::FollowWithTls => Ok(Some(Step { keeps_tls: true, ..step })),
            },
            step => step,
        };
        step.map_err(|error| {
            self.exchange.call.stopwatch.enter(Phase::Prepare);
            Failure::new(Kind::Redirect, error)
        })
    }

    fn decide(&self, step: &Step, status: StatusCode) -> RedirectAction {
        let call = &self.exchange.call;
        let Some(policy) = call.policies().and_then(|policies| policies.redirects.as_ref()) else {
            return RedirectAction::Follow;
        };
        policy.decide(&RedirectAttempt {
            status,
            from: &call.target.to_string(),
            to: &step.target.to_string(),
            method: &step.method,
            is_same_origin: step.same_origin,
            history: &call.history,
        })
    }

    fn go(&mut self, step: Step, status: StatusCode, spare: Option<Spare>) {
        let Exchange { inner, call } = &mut self.exchange;
        let redirect = Redirect { status, url: call.target.to_string() };
        inner.counters.redirected();
        if let Some(sight) = &call.sight {
            sight.redirected(&redirect);
        }
        call.history.push(redirect);
        let body = spare.filter(|_| step.keeps_body).map(|spare| spare.body());
        call.follow(step, body);
        call.stopwatch.restart();
    }

    fn decompress(&self, response: Response<Body>) -> Result<Response<Body>, Failure> {
        let call = &self.exchange.call;
        let is_coded = response.headers().contains_key(CONTENT_ENCODING);
        if !is_coded || !call.asks_for_compression() || has_no_body(&call.method, response.status())
        {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let body = decompress::decompress(&mut head.headers, body, &call.rules)?;
        Ok(Response::from_parts(head, body))
    }

    fn respond(self, response: Response<Body>) -> ClientResponse {
        let (head, mut body) = response.into_parts();
        let mut call = self.exchange.call;
        if let Some(sight) = call.sight.take() {
            sight.answered(head.status, &head.headers);
            body = sight.body(body, call.stopwatch);
        }
        ClientResponse::new(head, body, call)
    }

    fn fail(self, failure: Failure, span: &Span) -> FetchError {
        let call = self.exchange.call;
        let (url, timings) = (Some(call.target.to_string()), call.stopwatch.read());
        let error = FetchError::new(failure, call.stopwatch.phase(), &call.method, url, timings);
        let error = error.with_attempts(call.attempts);
        span.record("error", field::display(&error));
        if let Some(sight) = call.sight {
            sight.ended(Outcome::Failed(&error), &timings, 0);
        }
        error
    }
}

/// Reads what an answer that nobody asked for has for a body, so that its connection can be used
/// again.
async fn drain(body: Body) {
    if !body.is_empty() && body.size_hint().lower() <= MAX_DRAIN {
        let mut body = body.limit(MAX_DRAIN);
        let reading = async { while let Ok(Some(_)) = body.chunk().await {} };
        let _ = timeout(DRAIN_TIME, reading).await;
    }
}
