//! Where a request goes: an origin, and what is asked for there.

use crate::plain_url::{PlainUrl, plain_path};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use url::{Position, Url};

/// Scheme, host and port: what a connection is made to, and what credentials belong to
/// (RFC 9110 §4.3.1). Each request has several of one, and so all share what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Origin(Arc<Place>);

/// What is in an [`Origin`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the other fields: each request's route is hashed.
    pub(crate) hash: u64,
    /// `https`, and not `http`.
    pub(crate) secure: bool,
    pub(crate) port: u16,
    /// The host in lower case, an IPv6 address in brackets; and the port, if it is not the
    /// scheme's own.
    authority: Box<str>,
    /// Bytes of the host in `authority`.
    host_len: usize,
    /// The value of `Host`.
    host_header: HeaderValue,
}

/// What makes hashes such that nobody outside can choose hosts whose hashes are the same.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Origin {
    fn with(secure: bool, port: u16, authority: Box<str>, host_len: usize) -> Origin {
        let hash = SEED.hash_one((&authority, port, secure));
        let host_header = HeaderValue::from_str(&authority);
        let host_header = host_header.expect("the authority of a URL is visible ASCII");
        Origin(Arc::new(Place { hash, secure, port, authority, host_len, host_header }))
    }

    /// `host` is in lower case.
    pub(crate) fn new(secure: bool, host: &str, port: u16) -> Origin {
        let authority = if port == default_port(secure) {
            Box::from(host)
        } else {
            format!("{host}:{port}").into()
        };
        Origin::with(secure, port, authority, host.len())
    }

    /// A hash of the origin and of something more.
    pub(crate) fn hash_with(&self, more: &impl Hash) -> u64 {
        SEED.hash_one((self.hash, more))
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The host, an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.authority[..self.host_len]
    }

    /// The host without the brackets of an IPv6 address, as the resolver and TLS want it.
    pub(crate) fn bare_host(&self) -> &str {
        let host = self.host();
        host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
    }

    /// A URI with only path and query, as a whole one (RFC 9112 §3.2.2).
    pub(crate) fn absolute(&self, uri: &Uri) -> Uri {
        let mut parts = Parts::default();
        parts.scheme = Some(if self.secure { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = self.authority.parse().ok();
        parts.path_and_query = uri.path_and_query().cloned();
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }

    /// The value of `Host`: without the port where it is the scheme's own (RFC 9110 §7.2).
    pub(crate) fn host_header(&self) -> &HeaderValue {
        &self.0.host_header
    }
}

impl Deref for Origin {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Origin) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme())?;
        f.write_str("://")?;
        f.write_str(&self.authority)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// A URL taken apart. It is shown without credentials.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// What stands in the request line.
    pub(crate) path: PathAndQuery,
    fragment: Option<String>,
    /// The value of `Authorization` that user and password in the URL ask for.
    pub(crate) credentials: Option<HeaderValue>,
}

impl Target {
    /// What stands in for a URL that could not be read.
    pub(crate) fn nowhere() -> Target {
        let origin = Origin::with(false, 80, "".into(), 0);
        Target { origin, path: PathAndQuery::from_static("/"), fragment: None, credentials: None }
    }

    /// Reads a URL that a person wrote: international host names and unescaped characters are put
    /// right as a browser does.
    pub(crate) fn parse(url: &str) -> Result<Target, TargetError> {
        let plain = PlainUrl::read(url);
        match plain.as_ref().and_then(|plain| Some((plain, plain.path_and_query()?))) {
            Some((plain, path)) => Ok(Target::from_plain(plain, path)),
            None => Target::parse_whole(url),
        }
    }

    /// The same, for a URL of this origin whose path needs no putting right; `None` for others. An
    /// origin's text is in the form that reading a URL would bring it to.
    pub(crate) fn parse_beside(origin: &Origin, url: &str) -> Option<Target> {
        let rest = url.strip_prefix(if origin.secure { "https://" } else { "http://" })?;
        let path = rest.strip_prefix(&*origin.authority)?;
        let path = plain_path(path)?;
        Some(Target { origin: origin.clone(), path, fragment: None, credentials: None })
    }

    /// The same, for any URL.
    pub(crate) fn parse_whole(url: &str) -> Result<Target, TargetError> {
        Target::from_url(&Url::parse(url).map_err(TargetError::Url)?)
    }

    fn from_plain(url: &PlainUrl<'_>, path: PathAndQuery) -> Target {
        let port = url.port.unwrap_or(default_port(url.secure));
        let origin = Origin::with(url.secure, port, url.authority.into(), url.host_len);
        Target { origin, path, fragment: None, credentials: None }
    }

    fn from_url(url: &Url) -> Result<Target, TargetError> {
        let secure = secure(url.scheme())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(TargetError::NoHost)?;
        let path = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]);
        Ok(Target {
            origin: Origin::with(
                secure,
                url.port().unwrap_or(default_port(secure)),
                // A URL's text does not have the scheme's own port.
                url[Position::BeforeHost..Position::AfterPort].into(),
                host.len(),
            ),
            path: path.map_err(|_| TargetError::Path)?,
            fragment: url.fragment().map(str::to_owned),
            credentials: basic(url.username(), url.password().unwrap_or_default()),
        })
    }

    /// Takes a URI as it is: its path and query go over the wire unchanged, which is what a proxy
    /// wants.
    pub(crate) fn from_uri(uri: &Uri) -> Result<Target, TargetError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(TargetError::NoHost);
        };
        let secure = secure(scheme)?;
        let host = authority.host();
        if host.is_empty() {
            return Err(TargetError::NoHost);
        }
        let (userinfo, place) =
            authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let port = match &place[host.len()..] {
            "" | ":" => default_port(secure),
            _ => authority.port_u16().ok_or(TargetError::Port)?,
        };
        Ok(Target {
            origin: Origin::new(secure, &host.to_ascii_lowercase(), port),
            path: uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")),
            fragment: None,
            credentials: basic(user, password),
        })
    }

    /// The target that `reference` names, seen from this one (RFC 3986 §5).
    ///
    /// A reference without a fragment inherits this target's (RFC 9110 §10.2.2).
    pub(crate) fn join(&self, reference: &str) -> Result<Target, TargetError> {
        let base = Url::parse(&self.to_string()).map_err(TargetError::Url)?;
        let mut target = Target::from_url(&base.join(reference).map_err(TargetError::Url)?)?;
        target.fragment = target.fragment.or_else(|| self.fragment.clone());
        Ok(target)
    }

    /// Adds to the query, which may already be there.
    pub(crate) fn append_query(&mut self, query: &str) -> Result<(), TargetError> {
        if query.is_empty() {
            return Ok(());
        }
        let separator = if self.path.query().is_some() { '&' } else { '?' };
        let path = format!("{}{separator}{query}", self.path);
        self.path = PathAndQuery::try_from(path).map_err(|_| TargetError::Path)?;
        Ok(())
    }

    /// What stands in the request line: origin-form (RFC 9112 §3.2.1).
    pub(crate) fn request_uri(&self) -> Uri {
        Uri::from(self.path.clone())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)?;
        f.write_str(self.path.as_str())?;
        match &self.fragment {
            Some(fragment) => write!(f, "#{fragment}"),
            None => Ok(()),
        }
    }
}

fn secure(scheme: &str) -> Result<bool, TargetError> {
    match scheme {
        "http" => Ok(false),
        "https" => Ok(true),
        other => Err(TargetError::Scheme(other.to_owned())),
    }
}

/// User and password from a URL, percent-encoded, as Basic authentication (RFC 7617 §2).
fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    if user.is_empty() && password.is_empty() {
        return None;
    }
    let user: Vec<u8> = percent_decode_str(user).collect();
    let password: Vec<u8> = percent_decode_str(password).collect();
    Some(basic_credentials(&user, &password))
}

/// The value of `Authorization` for a user and a password.
pub(crate) fn basic_credentials(user: &[u8], password: &[u8]) -> HeaderValue {
    let encoded = STANDARD.encode([user, b":", password].concat());
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .expect("base64 is made of characters that a header may have");
    value.set_sensitive(true);
    value
}

/// Why a URL is none that a request can go to.
#[derive(Debug)]
pub(crate) enum TargetError {
    Url(url::ParseError),
    Scheme(String),
    NoHost,
    Port,
    Path,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetError::Url(_) => f.write_str("the URL is malformed"),
            TargetError::Scheme(scheme) => {
                write!(f, "the URL's scheme must be http or https, and is {scheme}")
            }
            TargetError::NoHost => f.write_str("the URL names no host"),
            TargetError::Port => f.write_str("the URL's port is no number below 65536"),
            TargetError::Path => f.write_str("the URL's path or query is malformed"),
        }
    }
}

impl std::error::Error for TargetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TargetError::Url(error) => Some(error),
            _ => None,
        }
    }
}
