//! Certificates by the names that they are for.

use super::{CertificateFiles, TlsError};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use webpki::EndEntityCert;

/// Chooses the certificate that a client is shown.
#[derive(Debug)]
pub(super) struct Certificates {
    /// Lower-case names, wildcards among them as they are written.
    by_name: HashMap<String, Vec<Arc<CertifiedKey>>>,
    /// For clients that ask for none of the names.
    fallback: Vec<Arc<CertifiedKey>>,
}

impl Certificates {
    pub(super) fn read(
        files: &[CertificateFiles],
        refuse_unknown_names: bool,
        provider: &CryptoProvider,
    ) -> Result<Certificates, TlsError> {
        let mut by_name = HashMap::<String, Vec<_>>::new();
        let mut first = None;
        for files in files {
            let key = Arc::new(certified_key(files, provider)?);
            for name in names(&key, &files.certificate)? {
                by_name.entry(name).or_default().push(key.clone());
            }
            first.get_or_insert(key);
        }
        let first = first.ok_or_else(|| TlsError::new("TLS needs a certificate and its key"))?;
        let fallback = if refuse_unknown_names { Vec::new() } else { vec![first] };
        Ok(Certificates { by_name, fallback })
    }

    /// Those for a name, which may be a wildcard's for its last label but one (RFC 9525 §6.3).
    fn named(&self, name: &str) -> Option<&Vec<Arc<CertifiedKey>>> {
        let name = name.to_ascii_lowercase();
        self.by_name.get(&name).or_else(|| {
            let (_, rest) = name.split_once('.')?;
            self.by_name.get(&format!("*.{rest}"))
        })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.named(name));
        let candidates = named.unwrap_or(&self.fallback);
        let schemes = hello.signature_schemes();
        let usable = candidates.iter().find(|key| key.key.choose_scheme(schemes).is_some());
        // With none that it can verify, rustls tells the client so.
        usable.or(candidates.first()).cloned()
    }
}

fn certified_key(
    files: &CertificateFiles,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| TlsError::of("cannot read a private key", &files.key).because(error))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            let certificate = files.certificate.display();
            TlsError::of(format!("this key is not that of {certificate}"), &files.key)
        }
        Error::InvalidCertificate(_) => {
            TlsError::of("this is no certificate", &files.certificate).because(error)
        }
        _ => TlsError::of("this key cannot be used", &files.key).because(error),
    })
}

/// The certificates of a PEM file, in their order.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain =
        read.map_err(|error| TlsError::of("cannot read a certificate", file).because(error))?;
    if chain.is_empty() {
        return Err(TlsError::of("there is no PEM certificate in this file", file));
    }
    Ok(chain)
}

/// The names that a certificate is for.
fn names(key: &CertifiedKey, file: &Path) -> Result<Vec<String>, TlsError> {
    let parsed = key.cert.first().ok_or(webpki::Error::BadDer).and_then(|der| {
        let certificate = EndEntityCert::try_from(der)?;
        Ok(certificate.valid_dns_names().map(str::to_ascii_lowercase).collect())
    });
    parsed.map_err(|error| TlsError::of("this is no certificate", file).because(error))
}
