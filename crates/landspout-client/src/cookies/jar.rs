//! Which cookies are kept, and where they go (RFC 6265bis §5.7 and §5.8).

use super::cookie::{Cookie, SameSite, default_path, domain_matches, is_address, path_matches};
use super::set_cookie::SetCookie;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Cookies of one domain, and of all. What is over them goes: what was not used for the longest
/// time, and what is not `Secure` first.
const MAX_PER_DOMAIN: usize = 180;
const MAX_TOTAL: usize = 3000;

/// Where a request goes, as far as it concerns cookies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) secure: bool,
    /// In lower case; an IPv6 address in brackets.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

/// The cookies, by their domain. Nothing here reads a clock: `now` is milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Jar {
    domains: HashMap<String, Vec<Cookie>>,
    total: usize,
}

impl Jar {
    /// Keeps what a server said, unless it must not be kept. One that has expired takes away what
    /// it would replace.
    pub(super) fn set(&mut self, text: &str, place: Place<'_>, now: u64) -> bool {
        let Some(set) = SetCookie::parse(text, now / 1000) else { return false };
        let Some(cookie) = admit(set, place, now) else { return false };
        if !cookie.secure && !place.secure && self.hides_secure(&cookie) {
            return false;
        }
        self.put(cookie, now);
        true
    }

    /// RFC 6265bis §5.7: what came over http does not hide a `Secure` cookie of the same name.
    fn hides_secure(&self, cookie: &Cookie) -> bool {
        self.all().any(|other| {
            other.secure
                && other.name == cookie.name
                && (domain_matches(&other.domain, &cookie.domain)
                    || domain_matches(&cookie.domain, &other.domain))
                && path_matches(&cookie.path, &other.path)
        })
    }

    pub(super) fn put(&mut self, mut cookie: Cookie, now: u64) {
        let cookies = self.domains.entry(cookie.domain.clone()).or_default();
        if let Some(at) = cookies.iter().position(|other| other.is_replaced_by(&cookie)) {
            cookie.created = cookies[at].created;
            cookies.remove(at);
            self.total -= 1;
        }
        let is_expired = cookie.is_expired(now / 1000);
        if !is_expired {
            cookies.push(cookie);
            self.total += 1;
        }
        if cookies.len() > MAX_PER_DOMAIN {
            self.total -= shrink(cookies, now / 1000);
        }
        if self.total > MAX_TOTAL {
            self.make_room(now / 1000);
        }
        if is_expired {
            self.domains.retain(|_, cookies| !cookies.is_empty());
        }
    }

    /// Removes what has expired, and if that is not enough the tenth that was not used for the
    /// longest time: one at a time would mean to look at all for each.
    fn make_room(&mut self, now: u64) {
        self.keep(|cookie| !cookie.is_expired(now));
        if self.total > MAX_TOTAL {
            let mut times: Vec<u64> = self.all().map(|cookie| cookie.accessed).collect();
            let (_, &mut latest, _) = times.select_nth_unstable(MAX_TOTAL / 10);
            // Many may have been used at the same time: no more of them go than must.
            let before = times.iter().filter(|&&time| time < latest).count();
            let mut others = (MAX_TOTAL / 10 + 1).saturating_sub(before);
            self.keep(|cookie| {
                let goes = cookie.accessed < latest || (cookie.accessed == latest && others > 0);
                others -= usize::from(goes && cookie.accessed == latest);
                !goes
            });
        }
    }

    fn keep(&mut self, mut keeps: impl FnMut(&Cookie) -> bool) {
        self.domains.retain(|_, cookies| {
            cookies.retain(&mut keeps);
            !cookies.is_empty()
        });
        self.total = self.domains.values().map(Vec::len).sum();
    }

    /// The cookies for a request, those of longer paths first, and older ones before newer.
    pub(super) fn at(&mut self, place: Place<'_>, now: u64) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for domain in domains(place.host) {
            for cookie in self.domains.get_mut(domain).into_iter().flatten() {
                let goes = (!cookie.host_only || domain == place.host)
                    && (!cookie.secure || place.secure)
                    && !cookie.is_expired(now / 1000)
                    && path_matches(place.path, &cookie.path);
                if goes {
                    cookie.accessed = now;
                    let rank = (Reverse(cookie.path.len()), cookie.created);
                    found.push((rank, (cookie.name.clone(), cookie.value.clone())));
                }
            }
        }
        found.sort_by_key(|&(rank, _)| rank);
        found.into_iter().map(|(_, cookie)| cookie).collect()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Cookie> {
        self.domains.values().flatten()
    }

    pub(super) fn clear(&mut self) {
        *self = Jar::default();
    }
}

/// The cookie that is kept of what was said there, if any may be.
fn admit(set: SetCookie, place: Place<'_>, now: u64) -> Option<Cookie> {
    let (domain, host_only) = match set.domain {
        Some(domain) if !domain.is_ascii() => return None,
        Some(domain) if domain == place.host && is_public(&domain) => (domain, true),
        Some(domain) if is_public(&domain) || !domain_matches(place.host, &domain) => return None,
        Some(domain) => (domain, false),
        None => (place.host.to_owned(), true),
    };
    if set.secure && !place.secure {
        return None;
    }
    if set.same_site == SameSite::None && !set.secure {
        return None;
    }
    let says_root = set.path.as_deref() == Some("/");
    if !keeps_promise(&set.name, &set.value, set.secure, host_only && says_root) {
        return None;
    }
    let path = set.path.unwrap_or_else(|| default_path(place.path).to_owned());
    Some(Cookie {
        name: set.name,
        value: set.value,
        domain,
        host_only,
        path,
        expires: set.expires,
        secure: set.secure,
        http_only: set.http_only,
        same_site: set.same_site,
        created: now,
        accessed: now,
    })
}

/// Whether a domain is one below which anybody may have a name, as `co.uk`. An address is none.
fn is_public(domain: &str) -> bool {
    !is_address(domain) && psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

/// What the prefix of the name promises (RFC 6265bis §4.1.3). One without a name promises nothing,
/// and must not look to a server as if it did.
fn keeps_promise(name: &str, value: &str, secure: bool, is_of_host: bool) -> bool {
    let begins = |text: &str, prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if name.is_empty() {
        return !begins(value, "__Secure-") && !begins(value, "__Host-");
    }
    (!begins(name, "__Secure-") || secure) && (!begins(name, "__Host-") || (secure && is_of_host))
}

/// The host, and the domains above it.
fn domains(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), move |domain| match is_address(host) {
        true => None,
        false => domain.split_once('.').map(|(_, parent)| parent),
    })
}

/// Removes what has expired, and if that is nothing one other; says how many.
fn shrink(cookies: &mut Vec<Cookie>, now: u64) -> usize {
    let before = cookies.len();
    cookies.retain(|cookie| !cookie.is_expired(now));
    if cookies.len() == before {
        let least = (0..before).min_by_key(|&at| (cookies[at].secure, cookies[at].accessed));
        if let Some(at) = least {
            cookies.remove(at);
        }
    }
    before - cookies.len()
}
