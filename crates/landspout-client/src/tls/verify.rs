//! Checks of a server's certificate that go beyond rustls's own, or stay behind them.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Checks what the settings ask for. The handshake's signatures are always checked, so that a broken
/// peer is not taken for a working one.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Who must vouch for the certificate; `None` takes everybody for whom they say they are.
    pub(super) authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Whether the certificate must be for the server's name.
    pub(super) names: bool,
    /// SHA-256 of the public keys that the server may have; empty for any.
    pub(super) pins: Vec<[u8; 32]>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn verify_pins(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let found: [u8; 32] = Sha256::digest(&key).into();
        if self.pins.contains(&found) {
            return Ok(());
        }
        let error = rustls::OtherError(Arc::new(NotPinned));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(error)))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(authorities) = &self.authorities {
            match authorities.verify_server_cert(certificate, intermediates, name, ocsp, now) {
                // The name is what is looked at last.
                Err(error) if !self.names && is_of_name(&error) => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        self.verify_pins(certificate)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn is_of_name(error: &rustls::Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        error,
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    )
}

/// The server's key is none of those that were pinned.
#[derive(Debug)]
pub(super) struct NotPinned;

impl fmt::Display for NotPinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its key is not one of the pinned keys")
    }
}

impl std::error::Error for NotPinned {}
