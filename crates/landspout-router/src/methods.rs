//! One value for each method of a path.

use crate::error::DuplicateMethod;
use http::{HeaderValue, Method};
use std::collections::BTreeSet;
use std::fmt;

/// The values of one path, by method.
///
/// ```
/// use http::Method;
/// use landspout_router::Methods;
///
/// let methods = Methods::new()
///     .with(Method::GET, "read")?
///     .with(Method::PUT, "write")?;
///
/// assert_eq!(methods.at(&Method::PUT), Ok(&"write"));
/// assert_eq!(methods.at(&Method::HEAD), Ok(&"read"));
/// let allow = methods.at(&Method::DELETE).unwrap_err();
/// assert_eq!(allow.as_str(), "GET, HEAD, OPTIONS, PUT");
/// # Ok::<(), landspout_router::DuplicateMethod>(())
/// ```
#[derive(Clone, Debug)]
pub struct Methods<T> {
    /// No method occurs twice.
    entries: Vec<(Method, T)>,
    any: Option<T>,
    /// Always what `entries` and `any` call for.
    allow: Allow,
}

impl<T> Methods<T> {
    /// A map without methods.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `method` a value.
    ///
    /// # Errors
    /// When it has one already; that one stays.
    pub fn insert(&mut self, method: Method, value: T) -> Result<(), DuplicateMethod> {
        if self.entries.iter().any(|(known, _)| *known == method) {
            return Err(DuplicateMethod { method: Some(method) });
        }
        self.entries.push((method, value));
        self.allow = Allow::of(self);
        Ok(())
    }

    /// Gives a value to every method that has none of its own, HEAD and OPTIONS
    /// included, and methods that no standard knows.
    ///
    /// # Errors
    /// When there is such a value already; that one stays.
    pub fn insert_any(&mut self, value: T) -> Result<(), DuplicateMethod> {
        if self.any.is_some() {
            return Err(DuplicateMethod { method: None });
        }
        self.any = Some(value);
        self.allow = Allow::of(self);
        Ok(())
    }

    /// As [`insert`](Self::insert), for writing one after the other.
    ///
    /// # Errors
    /// When the method has a value already.
    pub fn with(mut self, method: Method, value: T) -> Result<Self, DuplicateMethod> {
        self.insert(method, value)?;
        Ok(self)
    }

    /// The value for a request with `method`: its own; for HEAD then that of GET
    /// (RFC 9110 §9.3.2); then that of [`insert_any`](Self::insert_any).
    ///
    /// # Errors
    /// When there is none: what a response of 405, or one to OPTIONS, has to say.
    pub fn at(&self, method: &Method) -> Result<&T, &Allow> {
        self.own(method)
            .or_else(|| (*method == Method::HEAD).then(|| self.own(&Method::GET))?)
            .or(self.any.as_ref())
            .ok_or(&self.allow)
    }

    /// The methods to name in an `Allow` field.
    pub fn allow(&self) -> &Allow {
        &self.allow
    }

    /// The methods that were inserted, in that order, with their values; `None`
    /// stands for [`insert_any`](Self::insert_any) and comes last.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&Method>, &T)> {
        let entries = self.entries.iter();
        let any = self.any.iter().map(|value| (None, value));
        entries.map(|(method, value)| (Some(method), value)).chain(any)
    }

    fn own(&self, method: &Method) -> Option<&T> {
        let mut entries = self.entries.iter();
        entries.find(|(known, _)| known == method).map(|(_, value)| value)
    }
}

impl<T> Default for Methods<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), any: None, allow: Allow(HeaderValue::from_static("OPTIONS")) }
    }
}

/// The value of an `Allow` field (RFC 9110 §10.2.1), such as `GET, HEAD, OPTIONS`.
///
/// Sorted by the alphabet. HEAD is in it where GET is, and OPTIONS always, because
/// a server answers it from this very list. Where
/// [`Methods::insert_any`] was called it has every method of RFC 9110 and RFC 5789,
/// without CONNECT and TRACE, which are no business of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow(HeaderValue);

impl Allow {
    fn of<T>(methods: &Methods<T>) -> Self {
        let mut names: BTreeSet<&str> = ["OPTIONS"].into();
        for (method, _) in methods.iter() {
            match method {
                Some(method) if *method == Method::GET => names.extend(["GET", "HEAD"]),
                Some(method) => names.extend([method.as_str()]),
                None => names.extend(["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]),
            }
        }
        let names: Vec<_> = names.into_iter().collect();
        let value = HeaderValue::from_str(&names.join(", "));
        Self(value.expect("a method is made of characters that a field may have"))
    }

    /// The list as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("a method is visible ASCII")
    }

    /// The list as the value of a field. Cloning it is cheap.
    pub fn to_header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
