//! Connections to the server, and what is said on them before a load begins.

use crate::frame;
use std::io::{self, Error};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Connections from one address, of which there are some 28 000 ports to one port of a server.
const PER_ADDRESS: usize = 20_000;

/// A connection, and what came beyond what was read.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) buf: Vec<u8>,
}

impl Connection {
    /// Opens the connection of this number. After many of them, another loopback address is where
    /// they come from.
    pub(crate) async fn open(port: u16, number: usize) -> io::Result<Connection> {
        let socket = TcpSocket::new_v4()?;
        if number >= PER_ADDRESS {
            let host = u8::try_from(number / PER_ADDRESS + 1).map_err(Error::other)?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)), 0))?;
        }
        let stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buf: Vec::new() })
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request, and reads the head of the answer.
    pub(crate) async fn ask(&mut self, request: &str) -> io::Result<String> {
        self.send(request.as_bytes()).await?;
        let end = loop {
            if let Some(end) = self.buf.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let head = self.buf.drain(..end).collect();
        String::from_utf8(head).map_err(Error::other)
    }

    /// Opens a WebSocket; `offer` is a header line with its end, or nothing.
    pub(crate) async fn upgrade(&mut self, path: &str, offer: &str) -> io::Result<String> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offer}\r\n"
        );
        let head = self.ask(&request).await?;
        let is_upgraded = head.starts_with("HTTP/1.1 101");
        // The answer to this key is in RFC 6455 section 1.3.
        if is_upgraded && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
            return Ok(head);
        }
        Err(Error::other(format!("the handshake is answered with: {head}")))
    }

    /// Reads one whole WebSocket frame. Pings are passed over: to open ten thousand connections may
    /// take longer than a server waits before it asks the first one whether it is there.
    pub(crate) async fn frame(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match frame::len(&self.buf) {
                Some(len) if self.buf.len() >= len => {
                    let frame: Vec<u8> = self.buf.drain(..len).collect();
                    if !frame::is_ping(&frame) {
                        return Ok(frame);
                    }
                }
                _ => self.read().await?,
            }
        }
    }

    /// Reads that much, one way or another what was there before included, and forgets it.
    pub(crate) async fn skip(&mut self, len: usize) -> io::Result<()> {
        while self.buf.len() < len {
            self.read().await?;
        }
        self.buf.drain(..len);
        Ok(())
    }

    /// Reads what is there.
    pub(crate) async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buf).await? {
            0 => Err(Error::other("the server closed a connection")),
            _ => Ok(()),
        }
    }
}
