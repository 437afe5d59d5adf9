//! Sends every message back.

use landspout_websocket::{Config, DeflateConfig, HandshakeError, WebSocket};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

async fn echo(stream: TcpStream, config: Arc<Config>) -> Result<(), HandshakeError> {
    let mut socket = WebSocket::accept(stream, &config).await?;
    while let Ok(Some(message)) = socket.receive().await {
        socket.send(message).await.ok();
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:9001").await?;
    let config = Arc::new(Config::default().deflate(DeflateConfig::default()));
    loop {
        tokio::spawn(echo(listener.accept().await?.0, Arc::clone(&config)));
    }
}
