//! landspout over TLS, with all its limits and deadlines as they are by default, on one loop.

use landspout::event_loop::WorkersConfig;
use landspout::server::{Address, Listen, TlsConfig};
use landspout::web::{Application, get};
use landspout::{Request, Serve, ServeConfig, ServeError};
use versus_contract::{HELLO, Setting};

fn main() -> Result<(), ServeError> {
    let setting = Setting::read();
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(1);
    let (certificate, key) = setting.tls.expect("a certificate is told");
    let listen = Listen::new(Address::Tcp(setting.addr.to_string()));
    let listen = listen.tls(TlsConfig::new(certificate, key));
    let serve = Serve::bind_with(listen, config)?;
    serve.run(|| Application::new().route("/plaintext", get(plaintext))).map(drop)
}

async fn plaintext(_: Request) -> &'static str {
    HELLO
}
