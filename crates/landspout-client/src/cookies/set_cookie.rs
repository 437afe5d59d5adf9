//! What a server says in `Set-Cookie` (RFC 6265bis §5.6).

use super::SameSite;
use super::date;

/// Bytes of name and value together.
const MAX_PAIR: usize = 4096;

/// Bytes of the value of one attribute; one that has more counts for nothing.
const MAX_ATTRIBUTE: usize = 1024;

/// Seconds that a cookie may be kept: 400 days (RFC 6265bis §5.5).
const MAX_AGE: u64 = 400 * 86_400;

/// One `Set-Cookie`, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie {
    pub(super) name: String,
    pub(super) value: String,
    /// When it ends, in seconds since 1970; `None` is with the session.
    pub(super) expires: Option<u64>,
    /// In lower case, without a dot before it.
    pub(super) domain: Option<String>,
    /// Begins with `/`.
    pub(super) path: Option<String>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

impl SetCookie {
    /// `None` if it is to be ignored.
    pub(super) fn parse(text: &str, now: u64) -> Option<SetCookie> {
        if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return None;
        }
        let mut parts = text.split(';');
        let pair = parts.next()?;
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (trim(name), trim(value));
        if (name.is_empty() && value.is_empty()) || name.len() + value.len() > MAX_PAIR {
            return None;
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        let mut cookie = SetCookie { name, value, ..SetCookie::default() };
        let mut max_age = None;
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let (name, value) = (trim(name).to_ascii_lowercase(), trim(value));
            if value.len() > MAX_ATTRIBUTE {
                continue;
            }
            match name.as_str() {
                "max-age" => max_age = age(value).or(max_age),
                _ => cookie.set(&name, value),
            }
        }
        if let Some(seconds) = max_age {
            cookie.expires = Some(now.saturating_add(seconds));
        }
        let latest = now.saturating_add(MAX_AGE);
        cookie.expires = cookie.expires.map(|expires| expires.min(latest));
        // A moment that has passed is one that ends it at once.
        if max_age == Some(0) {
            cookie.expires = Some(0);
        }
        Some(cookie)
    }

    /// Of attributes that come twice the last one counts.
    fn set(&mut self, name: &str, value: &str) {
        match name {
            "expires" => self.expires = date::parse(value).or(self.expires),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                self.domain = Some(domain).filter(|domain| !domain.is_empty());
            }
            "path" => self.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "samesite" => {
                self.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "lax" => SameSite::Lax,
                    "none" => SameSite::None,
                    _ => SameSite::Unset,
                };
            }
            _ => {}
        }
    }
}

/// Seconds, of which a number below 1 is none. `None` if it is no number.
fn age(value: &str) -> Option<u64> {
    let (digits, is_negative) = match value.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (value, false),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if is_negative { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
