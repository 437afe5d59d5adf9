//! TLS, through rustls.

use crate::TlsConfig;
use crate::error::Cause;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Negotiates TLS on connections, by settings that are read once.
pub(crate) struct Tls {
    config: TlsConfig,
    /// Made for the first https connection: reading the system's certificates takes milliseconds.
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    pub(crate) fn new(config: TlsConfig) -> Tls {
        Tls { config, connector: OnceCell::new() }
    }

    /// Negotiates TLS with the host of this name, or at this address.
    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Cause> {
        let name = ServerName::try_from(host.to_owned())?;
        let connector = self.connector.get_or_try_init(|| connector(self.config.clone())).await?;
        Ok(connector.connect(name, stream).await?)
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Reads files, so it runs where it may block.
async fn connector(config: TlsConfig) -> Result<TlsConnector, Cause> {
    let config = tokio::task::spawn_blocking(move || rustls_config(&config)).await??;
    Ok(TlsConnector::from(Arc::new(config)))
}

fn rustls_config(config: &TlsConfig) -> Result<ClientConfig, Cause> {
    // Named here, because rustls panics where another crate has brought a second provider along.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = if config.danger_accept_invalid_certs {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody::new(&provider)))
    } else {
        builder.with_root_certificates(roots(config)?)
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(config: &TlsConfig) -> Result<RootCertStore, Cause> {
    let mut roots = RootCertStore::empty();
    if config.system_roots {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "a certificate authority of the system cannot be read");
        }
        // Authorities that rustls does not understand are common in system stores, and no reason
        // to distrust the others.
        roots.add_parsable_certificates(system.certs);
    }
    for pem in &config.extra_roots {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate?)?;
        }
        if roots.len() == before {
            return Err("an extra root holds no certificate".into());
        }
    }
    Ok(roots)
}

/// Takes everybody for whom they say they are. The handshake's signatures are still checked, so that
/// a broken peer is not taken for a working one.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl Anybody {
    fn new(provider: &CryptoProvider) -> Anybody {
        Anybody(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
