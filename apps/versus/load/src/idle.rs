//! Connections that are opened, used once, and left alone.

use crate::cli::{IdleKind, IdleLoad};
use crate::connect::Connection;
use crate::{frame, session};
use std::io::{self, Error};
use std::time::Instant;

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

pub(crate) async fn run(port: u16, load: &IdleLoad) -> io::Result<()> {
    let began = Instant::now();
    let message = frame::masked_text(&[b'x'; 128]);
    let mut connections = Vec::new();
    for number in 0..load.connections {
        let mut connection = Connection::open(port, number).await?;
        match load.kind {
            IdleKind::Http => {
                let request = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n";
                let head = connection.ask(request).await?;
                if !head.starts_with("HTTP/1.1 200") {
                    return Err(Error::other(format!("the answer is: {head}")));
                }
                connection.skip("Hello, World!".len()).await?;
            }
            IdleKind::Websocket => {
                connection.upgrade("/echo", "").await?;
                connection.send(&message).await?;
                connection.frame().await?;
            }
            IdleKind::Deflate => {
                let head = connection.upgrade("/echo", OFFER).await?;
                if !head.contains("permessage-deflate") {
                    return Err(Error::other("the server does not compress"));
                }
                connection.send(&message).await?;
                connection.frame().await?;
            }
        }
        connections.push(connection);
    }
    session::ready()?;
    for connection in &connections {
        match connection.stream.try_read(&mut [0; 1]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return Err(Error::other("a connection did not stay open")),
        }
    }
    session::done(connections.len() as u64, began.elapsed());
    session::dismissed()
}
