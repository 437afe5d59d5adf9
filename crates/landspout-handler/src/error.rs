//! What a handler returns when it cannot answer as it was asked.

use crate::BodyError;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write};

/// A status, a message for the client, and a cause that the client never sees.
///
/// An `Error` becomes a [`Response`](crate::Response) by
/// [`IntoResponse`](crate::IntoResponse): its status, its headers and its message as text. An
/// application may make a page of it; whoever logs it finds the cause in
/// [`Response::error`](crate::Response::error).
///
/// Any other error turns into one with `?`: as the cause of a 500, whose message says no more than
/// the status does.
///
/// ```
/// use landspout_handler::{Error, Request};
///
/// async fn read(request: Request) -> Result<String, Error> {
///     let (name,): (String,) = request.path()?;           // 400 with the parameter's name
///     if name.starts_with('.') {
///         return Err(Error::new(403, "that file is not for you"));
///     }
///     Ok(std::fs::read_to_string("/nowhere")?)            // 500 with a private cause
/// }
///
/// let error = Error::from(std::io::Error::other("disk on fire"));
/// assert_eq!(error.status(), 500);
/// assert_eq!(error.message(), "Internal Server Error");
/// assert_eq!(error.cause().unwrap().to_string(), "disk on fire");
/// ```
///
/// It does not implement `std::error::Error` itself, because then no `?` could turn other errors
/// into it.
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    /// Empty: the reason phrase of the status says all there is.
    message: Cow<'static, str>,
    headers: HeaderMap,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with this status, and this message for the client.
    ///
    /// # Panics
    /// `status` is not a status between 400 and 599: any other is no error.
    #[track_caller]
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Error {
        let valid = (400..600).contains(&status);
        assert!(valid, "an error's status is between 400 and 599, and {status} is not");
        let status = StatusCode::from_u16(status).expect("400 to 599 are valid status codes");
        Error::with_status(status, message)
    }

    pub(crate) fn with_status(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Error {
        let inner =
            Inner { status, message: message.into(), headers: HeaderMap::new(), cause: None };
        Error(Box::new(inner))
    }

    /// A 500 with a private cause.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        Error::with_status(StatusCode::INTERNAL_SERVER_ERROR, "").caused_by(cause)
    }

    /// Adds the private cause: for the log, never for the client.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds a header to the answer, such as `Allow` or `Retry-After`, beside any of the same name.
    /// A content type takes the place of that of the text.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Error {
        self.0.headers.append(name, value);
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What the client is told: the message, or the status's reason phrase where there is none.
    pub fn message(&self) -> &str {
        match &*self.0.message {
            "" => self.0.status.canonical_reason().unwrap_or("Error"),
            message => message,
        }
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// What lies behind it, for the log.
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

/// The message, without the cause.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// Status, message and the whole chain of causes: one line for a log. Control characters are
/// escaped, because messages repeat what clients send.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.status().as_u16())?;
        write_in_one_line(f, self.message())?;
        let mut cause = self.0.cause.as_deref().map(|cause| cause as &dyn StdError);
        while let Some(error) = cause {
            // A cause whose words are the message already is not told twice.
            let text = error.to_string();
            if text != self.message() {
                f.write_str(": ")?;
                write_in_one_line(f, &text)?;
            }
            cause = error.source();
        }
        Ok(())
    }
}

fn write_in_one_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| match character.is_control() {
        true => write!(f, "{}", character.escape_default()),
        false => f.write_char(character),
    })
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(cause: E) -> Error {
        let cause: Box<dyn StdError + Send + Sync> = Box::new(cause);
        match cause.downcast::<BodyError>() {
            Ok(error) => from_body(*error),
            Err(cause) => Error::internal(cause),
        }
    }
}

/// A body that cannot be read is the client's doing, but for a source of our own that failed.
fn from_body(error: BodyError) -> Error {
    let status = match &error {
        error if error.is_too_large() => StatusCode::PAYLOAD_TOO_LARGE,
        error if error.is_timeout() => StatusCode::REQUEST_TIMEOUT,
        error if error.is_incomplete() || error.is_malformed() => StatusCode::BAD_REQUEST,
        _ => return Error::internal(error),
    };
    Error::with_status(status, error.to_string()).caused_by(error)
}
