//! What is known of an encrypted connection.

use bytes::Bytes;

/// What the two ends of a TLS connection agreed on, and who the client showed itself to be.
///
/// ```
/// use landspout_handler::{Error, Request};
///
/// async fn members_only(request: Request) -> Result<String, Error> {
///     let session = request.connection().tls().ok_or(Error::new(403, "over TLS only"))?;
///     match session.client_certificates.first() {
///         Some(certificate) => Ok(format!("a certificate of {} bytes", certificate.len())),
///         None => Err(Error::new(403, "show a certificate")),
///     }
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSession {
    /// The version, as `"TLSv1.3"`.
    pub version: String,
    /// The cipher suite by the name that the IANA gave it, as `"TLS13_AES_256_GCM_SHA384"`.
    pub cipher_suite: String,
    /// The name that the client asked for (SNI, RFC 6066 §3), in lower case.
    pub server_name: Option<String>,
    /// The certificate that the client showed, and after it those that lead to its authority, each
    /// in DER. The server believed them, or there would be no connection. None if it showed none or
    /// was not asked.
    pub client_certificates: Vec<Bytes>,
    /// Whether the client went on with an earlier session, and so proved in it who it is.
    pub resumed: bool,
}
