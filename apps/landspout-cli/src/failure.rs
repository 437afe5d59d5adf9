//! What went wrong, in one line and one number.

use landspout_client::FetchError;
use landspout_client::websocket::ConnectError;
use std::fmt::Display;

/// Why the program, or one of its URLs, failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the program exits with; `--help` tells what each number means.
    pub(crate) code: i32,
    message: String,
}

impl Failure {
    /// The command line asks for what cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { code: 2, message: message.into() }
    }

    /// Something on this machine cannot be read or written.
    pub(crate) fn local(what: impl Display, error: impl Display) -> Failure {
        Failure { code: 3, message: format!("{what}: {error}") }
    }

    /// An answer whose status `--fail` does not take.
    pub(crate) fn status(url: &str, status: http::StatusCode) -> Failure {
        Failure { code: 22, message: format!("{url}: the server answered {status}") }
    }

    /// What happened to a connection that was open.
    pub(crate) fn broken(message: impl Into<String>) -> Failure {
        Failure { code: 8, message: message.into() }
    }

    /// The same, where it does not tell which URL it is about.
    pub(crate) fn of(self, url: &str) -> Failure {
        Failure { message: format!("{url}: {}", self.message), ..self }
    }

    /// Prints the message, and gives the code.
    pub(crate) fn tell(&self) -> i32 {
        eprintln!("landspout: {}", self.message);
        self.code
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Failure {
        let phase = error.phase();
        // These say themselves what they interrupted.
        let is_said = error.is_timeout() || error.is_invalid_request() || error.is_redirect();
        let message = match is_said {
            true => format!("{error:?}"),
            false => format!("{error:?} (while {phase})"),
        };
        Failure { code: code(&error), message }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        match error {
            ConnectError::Fetch(error) => error.into(),
            ConnectError::Refused(response) => Failure::status(response.url(), response.status()),
            error => Failure::broken(match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            }),
        }
    }
}

fn code(error: &FetchError) -> i32 {
    match error {
        error if error.is_timeout() => 7,
        error if error.is_invalid_request() => 2,
        error if error.is_dns() => 4,
        error if error.is_connect() || error.is_proxy() => 5,
        error if error.is_tls() => 6,
        error if error.is_redirect() => 9,
        error if error.is_malformed() || error.is_body() || error.is_too_large() => 8,
        _ => 1,
    }
}
