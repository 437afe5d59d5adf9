//! Serves over TLS, and sends those who come without to it.
//!
//! `cargo run -p landspout-server --features tls --example https -- fullchain.pem key.pem`

use landspout_server::{Listen, Request, Server, TlsConfig};

async fn hello(request: Request) -> String {
    match request.connection().tls() {
        Some(session) => format!("Hello over {} ({})\n", session.version, session.cipher_suite),
        None => "Hello in clear text\n".to_owned(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(certificate), Some(key)) = (files.next(), files.next()) else {
        return Err("the arguments are the PEM files of a certificate and of its key".into());
    };
    let listen = [
        "127.0.0.1:8443".parse::<Listen>()?.tls(TlsConfig::new(certificate, key)),
        "127.0.0.1:8080".parse::<Listen>()?.https_redirect(8443),
    ];
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default())?;
    event_loop.block_on(async {
        let server = Server::bind(listen)?;
        println!("listening on https://127.0.0.1:8443 and http://127.0.0.1:8080");
        server.serve(hello).await;
        Ok(())
    })
}
