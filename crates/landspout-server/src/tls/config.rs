//! What a listener needs to speak TLS.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The settings of TLS on a listener; [`Tls::new`](crate::Tls::new) reads what they name.
///
/// In TOML, paths are strings and durations are numbers of seconds. A name that is not a field is
/// an error.
///
/// ```
/// use landspout_server::{TlsConfig, TlsVersion};
///
/// let read: TlsConfig = toml::from_str(r#"
///     min_version = "1.3"
///     certificates = [
///         { certificate = "/etc/example/fullchain.pem", key = "/etc/example/key.pem" },
///     ]
/// "#)?;
/// let made = TlsConfig::new("/etc/example/fullchain.pem", "/etc/example/key.pem")
///     .min_version(TlsVersion::Tls13);
/// assert_eq!(read, made);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The certificates, at least one. A client is shown the one for the name that it asks for
    /// (SNI, RFC 6066 §3), which may be a wildcard's; of several for one name the first whose key
    /// the client can verify, so that an RSA and an ECDSA certificate may stand side by side. A
    /// client that asks for no name, or for one that none is for, is shown the first.
    pub certificates: Vec<CertificateFiles>,

    /// Whether a client that asks for a name that no certificate is for is refused instead of being
    /// shown the first; false. A client that asks for none, as one that connects to an address, is
    /// refused too.
    pub refuse_unknown_names: bool,

    /// Whether clients show certificates of their own; not asked for.
    pub client_auth: ClientAuth,

    /// The PEM files of the authorities by which clients' certificates are believed; none. Needed
    /// when they are asked for.
    pub client_roots: Vec<PathBuf>,

    /// The PEM files of revocation lists for clients' certificates; none. Where there are some, a
    /// certificate whose authority has no list here is refused.
    pub client_revocations: Vec<PathBuf>,

    /// The oldest version that is spoken; TLS 1.2. There is none older, and none newer than 1.3.
    pub min_version: TlsVersion,

    /// How long a client may take from the connection to the end of its handshake; 10 s. Then the
    /// connection is closed. 0 is no deadline.
    #[serde(with = "crate::seconds")]
    pub handshake_timeout: Duration,

    /// How often the files are looked at for changes; every 10 s. Changed ones are read, and new
    /// connections get what is in them; while they cannot be used, the old ones stay and the log
    /// says why. 0 looks only when [told to](crate::Tls::reload).
    #[serde(with = "crate::seconds")]
    pub reload_interval: Duration,
}

/// The files of one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CertificateFiles {
    /// A PEM file with the certificate, and after it those of the authorities between it and a
    /// root.
    pub certificate: PathBuf,
    /// A PEM file with its private key: PKCS #8, PKCS #1 or SEC 1, not encrypted. It may be the
    /// same file.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// A certificate and its key.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> CertificateFiles {
        CertificateFiles { certificate: certificate.into(), key: key.into() }
    }
}

/// Whether clients show certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    None,
    /// They are asked. One that shows none is served, and its handlers see that; one that shows a
    /// certificate that is not believed is refused.
    Optional,
    /// One that shows none is refused.
    Required,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 5246.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    Tls13,
}

impl Default for TlsConfig {
    fn default() -> TlsConfig {
        TlsConfig {
            certificates: Vec::new(),
            refuse_unknown_names: false,
            client_auth: ClientAuth::None,
            client_roots: Vec::new(),
            client_revocations: Vec::new(),
            min_version: TlsVersion::Tls12,
            handshake_timeout: Duration::from_secs(10),
            reload_interval: Duration::from_secs(10),
        }
    }
}

impl TlsConfig {
    /// The defaults with one certificate.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> TlsConfig {
        TlsConfig::default().certificates(vec![CertificateFiles::new(certificate, key)])
    }

    /// Sets [`certificates`](TlsConfig#structfield.certificates).
    #[must_use]
    pub fn certificates(mut self, certificates: Vec<CertificateFiles>) -> TlsConfig {
        self.certificates = certificates;
        self
    }

    /// Sets [`refuse_unknown_names`](TlsConfig#structfield.refuse_unknown_names).
    #[must_use]
    pub fn refuse_unknown_names(mut self, refuse_unknown_names: bool) -> TlsConfig {
        self.refuse_unknown_names = refuse_unknown_names;
        self
    }

    /// Sets [`client_auth`](TlsConfig#structfield.client_auth).
    #[must_use]
    pub fn client_auth(mut self, client_auth: ClientAuth) -> TlsConfig {
        self.client_auth = client_auth;
        self
    }

    /// Sets [`client_roots`](TlsConfig#structfield.client_roots).
    #[must_use]
    pub fn client_roots(mut self, client_roots: Vec<PathBuf>) -> TlsConfig {
        self.client_roots = client_roots;
        self
    }

    /// Sets [`client_revocations`](TlsConfig#structfield.client_revocations).
    #[must_use]
    pub fn client_revocations(mut self, client_revocations: Vec<PathBuf>) -> TlsConfig {
        self.client_revocations = client_revocations;
        self
    }

    /// Sets [`min_version`](TlsConfig#structfield.min_version).
    #[must_use]
    pub fn min_version(mut self, min_version: TlsVersion) -> TlsConfig {
        self.min_version = min_version;
        self
    }

    /// Sets [`handshake_timeout`](TlsConfig#structfield.handshake_timeout).
    #[must_use]
    pub fn handshake_timeout(mut self, handshake_timeout: Duration) -> TlsConfig {
        self.handshake_timeout = handshake_timeout;
        self
    }

    /// Sets [`reload_interval`](TlsConfig#structfield.reload_interval).
    #[must_use]
    pub fn reload_interval(mut self, reload_interval: Duration) -> TlsConfig {
        self.reload_interval = reload_interval;
        self
    }

    /// The files that it names.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let certificates = self.certificates.iter();
        certificates
            .flat_map(|files| [&files.certificate, &files.key])
            .chain(&self.client_roots)
            .chain(&self.client_revocations)
    }
}
