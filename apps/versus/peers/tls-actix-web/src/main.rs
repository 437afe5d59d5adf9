//! actix-web over TLS, with one worker.

use actix_web::web::get;
use actix_web::{App, HttpServer, rt};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use versus_contract::{HELLO, Setting};

fn main() -> io::Result<()> {
    let setting = Setting::read();
    let server = HttpServer::new(|| App::new().route("/plaintext", get().to(plaintext)));
    let server = server
        .workers(1)
        .keep_alive(Duration::from_secs(600))
        .bind_rustls_0_23(setting.addr, tls(&setting))?;
    rt::System::new().block_on(server.run())
}

async fn plaintext() -> &'static str {
    HELLO
}

fn tls(setting: &Setting) -> ServerConfig {
    let (certificate, key) = setting.tls.as_ref().expect("a certificate is told");
    let chain = CertificateDer::pem_file_iter(certificate).expect("the file is there");
    let chain = chain.collect::<Result<_, _>>().expect("certificates in PEM");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key in PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("the provider has them");
    config.with_no_client_auth().with_single_cert(chain, key).expect("they fit")
}
