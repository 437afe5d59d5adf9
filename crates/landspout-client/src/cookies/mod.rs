//! Cookies (RFC 6265bis).

mod cookie;
mod date;
mod jar;
mod set_cookie;
#[cfg(test)]
mod tests;

pub use cookie::{Cookie, SameSite};

use crate::target::Target;
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use jar::{Jar, Place};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Keeps cookies, and gives each request those that are for it. A clone is the same jar.
///
/// Cookies are set and sent by the rules of browsers (RFC 6265bis), of which these matter most: a
/// server sets them for itself and its own domain only, and not for a public suffix as `co.uk`;
/// `Secure` ones come and go over https only; `__Host-` and `__Secure-` keep their promise. It
/// holds 180 cookies of one domain and 3 000 in all, of 4 096 bytes each, for 400 days at most.
///
/// ```
/// use landspout_client::{Client, CookieJar, Request, RequestOptions, Response};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::over(|request: Request| async move {
/// #     let seen = request.header("cookie").unwrap_or("none").to_owned();
/// #     let visited = http::HeaderValue::from_static("visited=yes; Max-Age=60");
/// #     Response::text(seen).with_header(http::header::SET_COOKIE, visited)
/// # });
/// let jar = CookieJar::new();
/// let client = client.with_defaults(RequestOptions::default().cookies(jar.clone()));
/// assert_eq!(client.get("/").send().await?.text().await?, "none");
/// assert_eq!(client.get("/").send().await?.text().await?, "visited=yes");
/// let saved = jar.to_json();
/// assert_eq!(CookieJar::from_json(&saved)?.cookies(), jar.cookies());
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct CookieJar(Arc<Mutex<Jar>>);

impl CookieJar {
    /// An empty jar.
    pub fn new() -> CookieJar {
        CookieJar::default()
    }

    /// Sets a cookie as an answer from this URL would by `Set-Cookie`. Whether it was kept.
    pub fn set(&self, url: &str, set_cookie: &str) -> bool {
        Target::parse(url).is_ok_and(|target| self.lock().set(set_cookie, place(&target), now()))
    }

    /// All cookies that have not expired, in no order.
    pub fn cookies(&self) -> Vec<Cookie> {
        let now = now() / 1000;
        self.lock().all().filter(|cookie| !cookie.is_expired(now)).cloned().collect()
    }

    /// Removes all of them.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// All cookies that have not expired, those of the session too, as JSON. Whoever keeps it keeps
    /// the keys to what its owner is logged in to.
    pub fn to_json(&self) -> String {
        let mut cookies = self.cookies();
        cookies
            .sort_by(|one, other| (&one.domain, one.created).cmp(&(&other.domain, other.created)));
        serde_json::to_string_pretty(&cookies).expect("strings and numbers are JSON")
    }

    /// The jar that was written by [`to_json`](CookieJar::to_json).
    ///
    /// # Errors
    /// The text is not what that writes.
    pub fn from_json(json: &str) -> Result<CookieJar, LoadError> {
        let cookies: Vec<Cookie> = serde_json::from_str(json).map_err(LoadError)?;
        let mut jar = Jar::default();
        cookies.into_iter().for_each(|cookie| jar.put(cookie, now()));
        Ok(CookieJar(Arc::new(Mutex::new(jar))))
    }

    /// The value of `Cookie` for a request.
    pub(crate) fn header(&self, target: &Target) -> Option<HeaderValue> {
        let cookies = self.lock().at(place(target), now());
        let mut text = String::new();
        for (name, value) in cookies {
            if !text.is_empty() {
                text.push_str("; ");
            }
            if !name.is_empty() {
                text.push_str(&name);
                text.push('=');
            }
            text.push_str(&value);
        }
        // What came from a file may have characters that no server can have sent.
        let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok();
        value.filter(|value| !value.is_empty())
    }

    /// Keeps what an answer sets.
    pub(crate) fn learn(&self, target: &Target, headers: &HeaderMap) {
        let mut values = headers.get_all(SET_COOKIE).iter().peekable();
        if values.peek().is_some() {
            let (mut jar, now) = (self.lock(), now());
            let texts = values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
            for text in texts {
                jar.set(text, place(target), now);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows how many cookies there are, and none of them.
impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieJar({})", self.lock().all().count())
    }
}

/// Two are equal if they are one.
impl PartialEq for CookieJar {
    fn eq(&self, other: &CookieJar) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CookieJar {}

/// A text is not a cookie jar's.
#[derive(Debug)]
pub struct LoadError(serde_json::Error);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not the JSON of a cookie jar")
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn place(target: &Target) -> Place<'_> {
    let Target { origin, path, .. } = target;
    Place { secure: origin.secure, host: origin.host(), path: path.path() }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
