//! The two ends that the Autobahn test suite asks for; see `tests/autobahn`.
//!
//! `autobahn server ADDRESS [takeover]` sends every message back. `autobahn client ADDRESS
//! [takeover]` lets a fuzzing server try it, case by case.

use landspout_websocket::{Config, DeflateConfig, WebSocket};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

type Socket = WebSocket<TcpStream>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(side), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("autobahn server|client ADDRESS [takeover]".into());
    };
    let takeover = arguments.next().is_some();
    // The suite sends messages of 16 MiB, in 64 bytes each and in one, and compresses any.
    let deflate = DeflateConfig::default().threshold(0).context_takeover(takeover);
    let config = Config::default()
        .max_frame(64 << 20)
        .max_message(64 << 20)
        .max_fragments(1 << 20)
        .ping_interval(Duration::ZERO)
        .deflate(deflate);
    match side.as_str() {
        "server" => serve(&address, config).await,
        _ => try_cases(&address, &config).await,
    }
}

async fn echo(mut socket: Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn serve(address: &str, config: Config) -> Result<(), Box<dyn Error>> {
    let config = Arc::new(config);
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Ok(socket) = WebSocket::accept(stream, &config).await {
                echo(socket).await;
            }
        });
    }
}

async fn connect(address: &str, path: &str, config: &Config) -> Result<Socket, Box<dyn Error>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let uri = format!("ws://{address}{path}").parse()?;
    Ok(WebSocket::connect(stream, &uri, config).await?)
}

async fn try_cases(address: &str, config: &Config) -> Result<(), Box<dyn Error>> {
    let mut socket = connect(address, "/getCaseCount", config).await?;
    let count = socket.receive().await?.ok_or("the server closed")?;
    let count: u32 = count.as_text().ok_or("the count is no text")?.parse()?;
    for case in 1..=count {
        let path = format!("/runCase?case={case}&agent=landspout");
        echo(connect(address, &path, config).await?).await;
    }
    let mut socket = connect(address, "/updateReports?agent=landspout", config).await?;
    while socket.receive().await?.is_some() {}
    Ok(())
}
