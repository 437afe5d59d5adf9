//! axum under axum-server, which brings TLS, on one worker thread.

use axum::Router;
use axum::routing::get;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::runtime::Builder;
use versus_contract::{HELLO, Setting};

fn main() {
    let setting = Setting::read();
    let (certificate, key) = setting.tls.expect("a certificate is told");
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = RustlsConfig::from_pem_file(certificate, key).await.expect("they fit");
        let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
        let router = Router::new().route("/plaintext", get(async || HELLO));
        let server = axum_server::bind(setting.addr).acceptor(acceptor);
        server.serve(router.into_make_service()).await.expect("the port is free");
    });
}
