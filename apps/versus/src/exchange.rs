//! Requests by hand, on one connection, one after the other.

use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) path: &'static str,
    /// The size of the body of a POST; a GET has none.
    pub(crate) post: Option<usize>,
    /// How many headers go along beside `Host`.
    pub(crate) headers: usize,
}

impl Ask {
    pub(crate) const fn get(path: &'static str) -> Ask {
        Ask { path, post: None, headers: 0 }
    }

    pub(crate) const fn post(path: &'static str, size: usize) -> Ask {
        Ask { path, post: Some(size), headers: 0 }
    }

    /// The bytes of the request.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let method = if self.post.is_some() { "POST" } else { "GET" };
        let mut text = format!("{method} {} HTTP/1.1\r\nHost: localhost\r\n", self.path);
        for number in 0..self.headers {
            text.push_str(&format!("X-Header-{number}: value-of-header-{number}\r\n"));
        }
        if let Some(size) = self.post {
            text.push_str(&format!("Content-Length: {size}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len() + self.post.unwrap_or(0), b'x');
        bytes
    }
}

/// An answer, as far as peers are compared in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The content type without its parameters.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Exchange {
    stream: TcpStream,
    buf: Vec<u8>,
}

impl Exchange {
    pub(crate) fn connect(port: u16) -> Result<Exchange> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Exchange { stream, buf: Vec::new() })
    }

    /// Sends the request, and reads the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.answer()
    }

    /// Sends the same request so many times, `depth` of them at once.
    pub(crate) fn repeat(&mut self, request: &[u8], depth: usize, times: usize) -> Result<()> {
        let batch = request.repeat(depth);
        for _ in 0..times {
            self.stream.write_all(&batch)?;
            for _ in 0..depth {
                let answer = self.answer()?;
                ensure!(answer.status == 200, "the answer is {}", answer.status);
            }
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<Answer> {
        let (mut answer, head_len, framing) = loop {
            if let Some(head) = head(&self.buf)? {
                break head;
            }
            self.read()?;
        };
        self.buf.drain(..head_len);
        answer.body = match framing {
            Framing::Length(len) => self.take(len)?,
            Framing::Chunked => self.chunks()?,
        };
        Ok(answer)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).context("a chunk has no size")?;
            body.extend(self.take(size)?);
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.buf.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buf.drain(..end + 2).take(end).collect();
                return Ok(String::from_utf8(line)?);
            }
            self.read()?;
        }
    }

    fn take(&mut self, len: usize) -> Result<Vec<u8>> {
        while self.buf.len() < len {
            self.read()?;
        }
        Ok(self.buf.drain(..len).collect())
    }

    fn read(&mut self) -> Result<()> {
        let mut piece = [0; 64 * 1024];
        let len = self.stream.read(&mut piece)?;
        ensure!(len > 0, "the server closed the connection");
        self.buf.extend_from_slice(&piece[..len]);
        Ok(())
    }
}

/// How the end of a body is known.
enum Framing {
    Length(usize),
    Chunked,
}

/// The head of an answer, its length and how its body is framed; nothing if it is not whole yet.
fn head(buf: &[u8]) -> Result<Option<(Answer, usize, Framing)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(len) = response.parse(buf)? else { return Ok(None) };
    let header = |name: &str| {
        let mut found =
            response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        found.next().and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let framing = match (header("content-length"), header("transfer-encoding")) {
        (Some(length), _) => Framing::Length(length.trim().parse()?),
        (None, Some("chunked")) => Framing::Chunked,
        _ => bail!("the end of the answer is not told"),
    };
    let content_type = header("content-type").unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_owned();
    let status = response.code.unwrap_or_default();
    Ok(Some((Answer { status, content_type, body: Vec::new() }, len, framing)))
}
