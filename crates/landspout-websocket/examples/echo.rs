//! Sends every message back: `cargo run --example echo -- 127.0.0.1:9001`.
use landspout_websocket::{Config, DeflateConfig, HandshakeError, WebSocket};
use tokio::net::{TcpListener, TcpStream};

async fn echo(stream: TcpStream, config: Config) -> Result<(), HandshakeError> {
    let mut socket = WebSocket::accept(stream, &config).await?;
    while let Ok(Some(message)) = socket.receive().await {
        socket.send(message).await.ok();
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    let config = Config::default().deflate(DeflateConfig::default());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream, config.clone()));
    }
}
