//! Talks to a WebSocket.

use crate::arguments::WsArguments;
use crate::failure::Failure;
use crate::settings;
use landspout_client::websocket::{
    CloseCode, Config, DeflateConfig, Message, Receiver, Sender, Upgraded,
};
use landspout_client::{Client, HttpVersion};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Sends the lines of the standard input as messages, and prints the messages that come as lines;
/// until the input or the connection ends.
pub(crate) async fn run(arguments: &WsArguments) -> Result<(), Failure> {
    let mut config = Config::default().max_message(usize::MAX).max_frame(usize::MAX);
    for name in &arguments.subprotocol {
        config = config.subprotocol(name);
    }
    if arguments.deflate {
        config = config.deflate(DeflateConfig::default());
    }
    let client = Client::with_config(settings::config(&arguments.way));
    let url = settings::with_scheme(&arguments.url, "ws");
    let mut request = settings::add_way(client.websocket(url), &arguments.way)?;
    if arguments.http2 {
        request = request.http_version(HttpVersion::Http2);
    }
    if let Some(limit) = arguments.way.max_time {
        request = request.timeout(limit);
    }
    let (sender, receiver) = request.connect(&config).await?.split();
    let speaking = tokio::spawn(speak(sender));
    let listened = listen(receiver).await;
    if speaking.is_finished() {
        speaking.await.map_err(|error| Failure::local("the standard input", error))??;
    }
    listened
}

/// A message for each line; at the end of the input the connection is closed.
async fn speak(sender: Sender<Upgraded>) -> Result<(), Failure> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let unreadable = |error| Failure::local("the standard input", error);
    while let Some(line) = lines.next_line().await.map_err(unreadable)? {
        if sender.send(line).await.is_err() {
            break; // The listening side is told why.
        }
    }
    sender.close(CloseCode::NORMAL, "");
    Ok(())
}

async fn listen(mut receiver: Receiver<Upgraded>) -> Result<(), Failure> {
    let mut stdout = tokio::io::stdout();
    loop {
        match receiver.receive().await {
            Ok(Some(Message::Text(mut text))) => {
                text.push('\n');
                let written = stdout.write_all(text.as_bytes()).await;
                written.map_err(|error| Failure::local("the standard output", error))?;
                let flushed = stdout.flush().await;
                flushed.map_err(|error| Failure::local("the standard output", error))?;
            }
            Ok(Some(Message::Binary(bytes))) => {
                eprintln!("landspout: a binary message of {} bytes", bytes.len());
            }
            Ok(None) => return ended(&receiver),
            Err(error) => return Err(Failure::broken(error.to_string())),
        }
    }
}

/// A connection that was closed otherwise than with 1000 says so.
fn ended(receiver: &Receiver<Upgraded>) -> Result<(), Failure> {
    match receiver.close_frame() {
        Some(frame) if frame.code() != CloseCode::NORMAL => {
            Err(Failure::broken(format!("the other side closed the connection: {frame}")))
        }
        _ => Ok(()),
    }
}
