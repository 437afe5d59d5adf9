//! From the client's settings to rustls's.

use super::H2;
use super::verify::Verifier;
use crate::error::Cause;
use crate::{ClientCertificate, HttpVersion, TlsConfig, TlsVersion};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::sync::Arc;

/// Reads what the settings name.
pub(super) fn client_config(
    config: &TlsConfig,
    version: HttpVersion,
) -> Result<ClientConfig, Cause> {
    // Named here, because rustls panics where another crate has brought a second provider along.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions(config.min_version))?;
    let pins = config.pinned_keys.iter().map(|pin| digest(pin)).collect::<Result<Vec<_>, _>>()?;
    let any = config.danger_accept_invalid_certs;
    let builder = if any || config.danger_accept_invalid_hostnames || !pins.is_empty() {
        let algorithms = provider.signature_verification_algorithms;
        let authorities = match any {
            true => None,
            false => {
                let roots = Arc::new(roots(config)?);
                Some(WebPkiServerVerifier::builder_with_provider(roots, provider).build()?)
            }
        };
        let names = !config.danger_accept_invalid_hostnames;
        let verifier = Verifier { authorities, names, pins, algorithms };
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        builder.with_root_certificates(roots(config)?)
    };
    let mut client = match &config.client_certificate {
        Some(certificate) => {
            let (chain, key) = identity(certificate)?;
            builder.with_client_auth_cert(chain, key)?
        }
        None => builder.with_no_client_auth(),
    };
    client.alpn_protocols = protocols(version);
    Ok(client)
}

/// What is offered in the handshake, the best one first.
fn protocols(version: HttpVersion) -> Vec<Vec<u8>> {
    let h2 = (cfg!(feature = "http2") && version != HttpVersion::Http1).then(|| H2.to_vec());
    let http1 = (version != HttpVersion::Http2).then(|| b"http/1.1".to_vec());
    h2.into_iter().chain(http1).collect()
}

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static ALL: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    match min {
        TlsVersion::Tls12 => &ALL,
        TlsVersion::Tls13 => &ALL[..1],
    }
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
        add_roots(&mut roots, pem.as_bytes(), "an extra root")?;
    }
    for path in &config.extra_root_files {
        let path = path.display();
        let pem = std::fs::read(path.to_string())
            .map_err(|error| format!("the extra root file {path} cannot be read: {error}"))?;
        add_roots(&mut roots, &pem, &format!("the extra root file {path}"))?;
    }
    Ok(roots)
}

fn add_roots(roots: &mut RootCertStore, pem: &[u8], what: &str) -> Result<(), Cause> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate?)?;
    }
    if roots.len() == before {
        return Err(format!("{what} holds no certificate").into());
    }
    Ok(())
}

fn identity(
    certificate: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Cause> {
    let chain = CertificateDer::pem_slice_iter(certificate.chain.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err("the client certificate's chain holds no certificate".into());
    }
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes());
    Ok((chain, key.map_err(|error| format!("the client certificate's key: {error}"))?))
}

/// Reads a pin: `sha256//` as curl writes it, `sha256/` as HPKP did, or the bare digest.
fn digest(pin: &str) -> Result<[u8; 32], Cause> {
    let bare = pin.strip_prefix("sha256/").unwrap_or(pin);
    let bare = bare.strip_prefix('/').filter(|_| bare.len() == 45).unwrap_or(bare);
    let decoded = STANDARD.decode(bare).ok().and_then(|bytes| bytes.try_into().ok());
    decoded.ok_or_else(|| format!("the pinned key {pin:?} is no SHA-256 in base64").into())
}
