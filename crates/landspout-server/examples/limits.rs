//! A server with limits from a TOML file, for attack tools to be pointed at.
//!
//! `cargo run -p landspout-server --example limits -- limits.toml`

use landspout_server::{Error, Request, Server, ServerConfig};
use std::error::Error as StdError;

async fn answer(request: Request) -> Result<Vec<u8>, Error> {
    if request.uri().path() == "/large" {
        return Ok(vec![b'x'; 1 << 20]);
    }
    Ok(request.into_body().bytes().await?.to_vec())
}

fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).init();
    let config: ServerConfig = match std::env::args().nth(1) {
        Some(path) => toml::from_str(&std::fs::read_to_string(path)?)?,
        None => ServerConfig::default(),
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default())?;
    event_loop.block_on(async {
        let server = Server::bind_with("127.0.0.1:8888", config)?;
        let refusals = server.refusals();
        println!("listening on http://{}", server.local_addr());
        tokio::task::spawn_local(server.serve(answer));
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            println!("{:?}", refusals.iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>());
        }
    })
}
