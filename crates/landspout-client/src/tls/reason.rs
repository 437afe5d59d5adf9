//! What was wrong with a server's certificate, in words.

use super::verify::NotPinned;
use rustls::{CertificateError, Error};
use std::fmt;
use std::io;

/// Why TLS could not be negotiated, and with whom.
#[derive(Debug)]
pub(super) struct TlsError {
    host: String,
    source: io::Error,
}

impl TlsError {
    pub(super) fn new(host: &str, source: io::Error) -> TlsError {
        TlsError { host: host.to_owned(), source }
    }

    fn certificate(&self) -> Option<&CertificateError> {
        match self.source.get_ref()?.downcast_ref()? {
            Error::InvalidCertificate(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.certificate() {
            Some(error) => write!(f, "the certificate of {} {}", self.host, what_is_wrong(error)),
            None => write!(f, "the handshake with {} failed", self.host),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn what_is_wrong(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::UnknownIssuer => "is not vouched for by anybody who is trusted",
        E::Expired | E::ExpiredContext { .. } => "has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "is not valid yet",
        E::NotValidForName | E::NotValidForNameContext { .. } => "is for another name",
        E::Revoked => "has been revoked",
        E::BadEncoding => "is malformed",
        E::BadSignature => "has a signature that is not its issuer's",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "was not made for servers",
        E::Other(other) if other.0.is::<NotPinned>() => "has a key that is not pinned",
        // An error of the crate webpki, whose types are not in reach.
        E::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => {
            "is an authority's own; have it make one for the server (without CA:TRUE)"
        }
        _ => "was not accepted",
    }
}
