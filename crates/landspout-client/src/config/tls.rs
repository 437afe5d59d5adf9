//! How servers are trusted.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// How a client trusts servers over https, and who it says it is. Without the crate's feature `tls`
/// it has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsConfig {
    /// Whether to trust the certificate authorities that the system trusts. Default true. They are
    /// read when the first https connection is made.
    pub system_roots: bool,

    /// Further certificate authorities, as PEM; one text may hold several certificates. Default
    /// none. A text that holds none, or a broken one, fails every https request.
    pub extra_roots: Vec<String>,

    /// Files of further certificate authorities, as PEM. Default none. They are read when the first
    /// https connection is made; one that cannot be read fails every https request.
    pub extra_root_files: Vec<PathBuf>,

    /// Who the client is, for servers that ask: any server, if it is among the client's settings,
    /// and those of its origin, if it is among a request's. Default nobody.
    pub client_certificate: Option<ClientCertificate>,

    /// The name that the server is asked for (SNI) and must prove to be, in place of the URL's
    /// host. Default none.
    pub server_name: Option<String>,

    /// SHA-256 of the public keys (`SubjectPublicKeyInfo`) that the server may have, in base64, as
    /// curl and HPKP write them; a `sha256/` or `sha256//` before it is passed over. Default none:
    /// any key will do. The certificate is checked as ever besides.
    pub pinned_keys: Vec<String>,

    /// The oldest version of TLS to speak. Default `1.2`.
    pub min_version: TlsVersion,

    /// Whether to take any certificate, of anybody. Default false. Whoever is on the way can then
    /// read and change everything: for tests only. Pinned keys count nevertheless.
    pub danger_accept_invalid_certs: bool,

    /// Whether to take a certificate that is trusted but was made for another name. Default false.
    /// Whoever has any certificate can then pretend to be any server: for tests only.
    pub danger_accept_invalid_hostnames: bool,
}

/// A certificate and its key, for servers that want to know who asks. Its `Debug` does not show the
/// key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate, and those that lead from it to an authority, as PEM.
    pub chain: String,
    /// The private key, as PEM: PKCS #8, PKCS #1 or SEC 1.
    pub key: String,
}

/// A version of TLS.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    Tls13,
}

impl Default for TlsConfig {
    fn default() -> TlsConfig {
        TlsConfig {
            system_roots: true,
            extra_roots: Vec::new(),
            extra_root_files: Vec::new(),
            client_certificate: None,
            server_name: None,
            pinned_keys: Vec::new(),
            min_version: TlsVersion::Tls12,
            danger_accept_invalid_certs: false,
            danger_accept_invalid_hostnames: false,
        }
    }
}

impl TlsConfig {
    setters! {
        system_roots: bool,
        min_version: TlsVersion,
        danger_accept_invalid_certs: bool,
        danger_accept_invalid_hostnames: bool,
    }

    /// Adds to [`extra_roots`](Self#structfield.extra_roots).
    #[must_use]
    pub fn extra_root(mut self, pem: impl Into<String>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// Adds to [`extra_root_files`](Self#structfield.extra_root_files).
    #[must_use]
    pub fn extra_root_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.extra_root_files.push(path.into());
        self
    }

    /// Sets [`client_certificate`](Self#structfield.client_certificate).
    #[must_use]
    pub fn client_certificate(mut self, chain: impl Into<String>, key: impl Into<String>) -> Self {
        self.client_certificate = Some(ClientCertificate { chain: chain.into(), key: key.into() });
        self
    }

    /// Sets [`server_name`](Self#structfield.server_name).
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Adds to [`pinned_keys`](Self#structfield.pinned_keys).
    #[must_use]
    pub fn pinned_key(mut self, sha256: impl Into<String>) -> Self {
        self.pinned_keys.push(sha256.into());
        self
    }

    /// What a request's own settings are at another origin that it was sent on to: whom to trust,
    /// without what was said of one server, and to it.
    pub(crate) fn for_other_origin(&self) -> TlsConfig {
        TlsConfig {
            client_certificate: None,
            server_name: None,
            pinned_keys: Vec::new(),
            danger_accept_invalid_certs: false,
            danger_accept_invalid_hostnames: false,
            ..self.clone()
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("chain", &self.chain).finish_non_exhaustive()
    }
}
