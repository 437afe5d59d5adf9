//! Digest authentication (RFC 7616).

mod answer;
mod challenge;

use crate::target::Origin;
use answer::{Answer, response};
use challenge::{DigestChallenge, digest_challenge};
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Origins whose challenges are kept.
const MAX_SESSIONS: usize = 16;

/// A challenge may be answered once; a second time only if the server says that the nonce of the
/// first answer was too old.
const MAX_ANSWERS: u32 = 2;

/// A user and a password, and what servers have asked of them.
pub(crate) struct DigestAuth {
    user: String,
    password: String,
    /// The one whose challenge came last is last.
    sessions: Mutex<Vec<Session>>,
}

/// The challenge of an origin, and how often it was answered.
struct Session {
    origin: Origin,
    challenge: DigestChallenge,
    count: u32,
}

impl DigestAuth {
    pub(crate) fn new(user: &str, password: &str) -> DigestAuth {
        let (user, password) = (user.to_owned(), password.to_owned());
        DigestAuth { user, password, sessions: Mutex::default() }
    }

    /// The value of `Authorization` for a request to an origin that has asked before.
    pub(crate) fn authorize(
        &self,
        origin: &Origin,
        method: &Method,
        uri: &str,
    ) -> Option<HeaderValue> {
        let mut sessions = self.lock();
        let session = sessions.iter_mut().find(|session| session.origin == *origin)?;
        // RFC 7616 §3.4: the count of requests that were sent with this nonce, this one included.
        session.count = session.count.saturating_add(1);
        let cnonce = crate::random::hex();
        let answer = Answer {
            user: &self.user,
            password: &self.password,
            method: method.as_str(),
            uri,
            cnonce: &cnonce,
            count: session.count,
        };
        let mut value = HeaderValue::try_from(response(&session.challenge, &answer)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Keeps the challenge of a 401; whether it is worth another request.
    pub(crate) fn learn(&self, origin: &Origin, headers: &HeaderMap, answered: u32) -> bool {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let values = values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        let Some(challenge) = digest_challenge(values) else { return false };
        if answered >= MAX_ANSWERS || (answered > 0 && !challenge.is_stale) {
            return false;
        }
        let mut sessions = self.lock();
        sessions.retain(|session| session.origin != *origin);
        if sessions.len() == MAX_SESSIONS {
            sessions.remove(0);
        }
        sessions.push(Session { origin: origin.clone(), challenge, count: 0 });
        true
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
