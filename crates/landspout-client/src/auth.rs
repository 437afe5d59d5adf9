//! Who the client says it is.

#[cfg(feature = "digest")]
use crate::digest::DigestAuth;
use crate::target::{Origin, basic_credentials};
use http::header::{
    AUTHORIZATION, COOKIE, HeaderName, HeaderValue, InvalidHeaderValue, PROXY_AUTHORIZATION,
    SET_COOKIE,
};
use http::{HeaderMap, Method};
use std::fmt;
#[cfg(feature = "digest")]
use std::sync::Arc;

/// Who the client says it is, to the origin that a request goes to first. Redirects do not take it
/// to another origin, and do not bring it back.
///
/// ```
/// use landspout_client::{Client, Credentials, Request, RequestOptions};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::over(|request: Request| async move {
/// #     request.header("authorization").unwrap_or_default().to_owned()
/// # });
/// let options = RequestOptions::default().credentials(Credentials::bearer("t0ken")?);
/// let client = client.with_defaults(options);
/// assert_eq!(client.get("/").send().await?.text().await?, "Bearer t0ken");
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(Scheme);

#[derive(Clone)]
enum Scheme {
    None,
    Fixed(HeaderValue),
    #[cfg(feature = "digest")]
    Digest(Arc<DigestAuth>),
}

impl Credentials {
    /// None, where the client has some.
    pub fn none() -> Credentials {
        Credentials(Scheme::None)
    }

    /// A user and a password, which go out with each request as they are (RFC 7617): over https
    /// only.
    pub fn basic(user: &str, password: &str) -> Credentials {
        Credentials(Scheme::Fixed(basic_credentials(user.as_bytes(), password.as_bytes())))
    }

    /// A token (RFC 6750).
    ///
    /// # Errors
    /// The token has characters that a header cannot have.
    pub fn bearer(token: &str) -> Result<Credentials, InvalidHeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        Ok(Credentials(Scheme::Fixed(value)))
    }

    /// A user and a password, of which only digests go out, once the server has asked for them
    /// (RFC 7616): SHA-256, SHA-512/256 and MD5, each also as `-sess`, with `qop=auth` or none.
    ///
    /// A request that is answered by 401 and such a challenge goes out once more; if its body is a
    /// stream it cannot, and the 401 is the answer. What the server said is kept for the next
    /// request to its origin, in this value and its clones; of 16 origins at most.
    #[cfg(feature = "digest")]
    pub fn digest(user: &str, password: &str) -> Credentials {
        Credentials(Scheme::Digest(Arc::new(DigestAuth::new(user, password))))
    }

    /// The value of `Authorization`, if it is known what the server wants.
    #[cfg_attr(
        not(feature = "digest"),
        expect(unused_variables, reason = "a fixed value is known")
    )]
    pub(crate) fn authorize(
        &self,
        origin: &Origin,
        method: &Method,
        uri: &str,
    ) -> Option<HeaderValue> {
        match &self.0 {
            Scheme::None => None,
            Scheme::Fixed(value) => Some(value.clone()),
            #[cfg(feature = "digest")]
            Scheme::Digest(digest) => digest.authorize(origin, method, uri),
        }
    }

    /// Reads the challenges of a 401; whether it is worth another request, of which `answered` have
    /// gone out in answer to a challenge.
    #[cfg_attr(not(feature = "digest"), expect(unused_variables, reason = "nothing is learnt"))]
    pub(crate) fn learn(&self, origin: &Origin, headers: &HeaderMap, answered: u32) -> bool {
        match &self.0 {
            Scheme::None | Scheme::Fixed(_) => false,
            #[cfg(feature = "digest")]
            Scheme::Digest(digest) => digest.learn(origin, headers, answered),
        }
    }
}

/// Shows which scheme it is, and nothing that is secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Scheme::None => "Credentials(none)",
            Scheme::Fixed(_) => "Credentials(***)",
            #[cfg(feature = "digest")]
            Scheme::Digest(_) => "Credentials(digest, ***)",
        })
    }
}

/// Two of Digest are equal if they are clones of one.
impl PartialEq for Scheme {
    fn eq(&self, other: &Scheme) -> bool {
        match (self, other) {
            (Scheme::None, Scheme::None) => true,
            (Scheme::Fixed(one), Scheme::Fixed(other)) => one == other,
            #[cfg(feature = "digest")]
            (Scheme::Digest(one), Scheme::Digest(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Scheme {}

/// Whether a header's values are nobody else's business: `Debug` does not show them, and HTTP/2 does
/// not remember them (RFC 7541 §7.1.3).
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
}

/// Marks the value of a header that is secret.
pub(crate) fn conceal(name: &HeaderName, mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(value.is_sensitive() || is_secret(name));
    value
}

/// The headers of an answer as they can be shown: without the values that let others in.
pub(crate) struct Shown<'a>(pub(crate) &'a HeaderMap);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            self.0.iter().map(|(name, value)| match name == SET_COOKIE || is_secret(name) {
                true => (name, &"hidden" as &dyn fmt::Debug),
                false => (name, value as &dyn fmt::Debug),
            });
        f.debug_map().entries(shown).finish()
    }
}
