//! hyper over tokio-rustls, tuned as the one without TLS: the floor of https and HTTP/2.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use tokio_rustls::TlsAcceptor;
use versus_contract::{HELLO, Setting};

fn main() {
    let setting = Setting::read();
    let acceptor = TlsAcceptor::from(Arc::new(tls(&setting)));
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            spawn_local(connection(stream, acceptor.clone()));
        }
    });
}

fn tls(setting: &Setting) -> ServerConfig {
    let (certificate, key) = setting.tls.as_ref().expect("a certificate is told");
    let chain = CertificateDer::pem_file_iter(certificate).expect("the file is there");
    let chain = chain.collect::<Result<_, _>>().expect("certificates in PEM");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key in PEM");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("the provider has them");
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).expect("they fit");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    // A client that leaves in the middle is no news.
    if is_http2 {
        let http = hyper::server::conn::http2::Builder::new(Local);
        let _ = http.serve_connection(io, service_fn(answer)).await;
    } else {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.pipeline_flush(true).half_close(true);
        let _ = http.serve_connection(io, service_fn(answer)).await;
    }
}

/// Runs the streams of HTTP/2 on this thread.
#[derive(Debug, Clone)]
struct Local;

impl<F: Future<Output: 'static> + 'static> Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(HELLO.as_bytes())));
    if request.uri().path() != "/plaintext" {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    Ok(response)
}
