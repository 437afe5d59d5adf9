//! Says something to the server of `examples/echo.rs`, and prints the answer.

use landspout_websocket::{CloseCode, Config, WebSocket};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stream = TcpStream::connect("127.0.0.1:9001").await?;
    let uri = "ws://127.0.0.1:9001/".parse()?;
    let mut socket = WebSocket::connect(stream, &uri, &Config::default()).await?;
    socket.send("Is there anybody out there?").await?;
    println!("{:?}", socket.receive().await?);
    socket.close(CloseCode::NORMAL, "").await?;
    Ok(())
}
