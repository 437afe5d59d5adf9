//! Handshakes over a stream, where no HTTP library makes them.

use crate::config::Config;
use crate::handshake::{
    HandshakeError, MAX_HEAD, Offer, Opening, Refusal, RequestHead, ResponseHead, end_of_head,
    write_headers,
};
use crate::read_buffer;
use crate::stream::WebSocket;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::{StatusCode, Uri};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub(crate) async fn accept<Io: AsyncRead + AsyncWrite + Unpin>(
    mut io: Io,
    config: &Config,
) -> Result<WebSocket<Io>, HandshakeError> {
    let (agreement, rest) = limited(config.handshake_timeout, async {
        let (head, rest) = read_head(&mut io).await?;
        let head = RequestHead::parse(&head)?;
        let accepted = Offer::read(&head.method, head.version, &head.headers)
            .and_then(|offer| offer.accept(config));
        match accepted {
            Ok(accepted) => {
                let answer = response(accepted.status, &accepted.headers, "");
                write_all(&mut io, &answer).await?;
                Ok((accepted.agreement, rest))
            }
            Err(refusal) => {
                write_all(&mut io, &refuse(refusal)).await?;
                poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx)).await?;
                Err(HandshakeError::Refused(refusal))
            }
        }
    })
    .await?;
    Ok(WebSocket::with_input(io, agreement, config, rest))
}

pub(crate) async fn connect<Io: AsyncRead + AsyncWrite + Unpin>(
    mut io: Io,
    uri: &Uri,
    config: &Config,
) -> Result<WebSocket<Io>, HandshakeError> {
    let opening = Opening::new(config);
    let request = request(uri, opening.headers())?;
    let (agreement, rest) = limited(config.handshake_timeout, async {
        write_all(&mut io, &request).await?;
        let (head, rest) = read_head(&mut io).await?;
        let head = ResponseHead::parse(&head)?;
        Ok((opening.finish(head.status, &head.headers)?, rest))
    })
    .await?;
    Ok(WebSocket::with_input(io, agreement, config, rest))
}

async fn limited<T>(
    limit: Duration,
    handshake: impl Future<Output = Result<T, HandshakeError>>,
) -> Result<T, HandshakeError> {
    if limit.is_zero() {
        return handshake.await;
    }
    timeout(limit, handshake).await.map_err(|_| HandshakeError::Timeout)?
}

fn request(uri: &Uri, mut headers: HeaderMap) -> Result<Vec<u8>, HandshakeError> {
    let authority = uri.authority().ok_or(HandshakeError::Uri)?.as_str();
    if !matches!(uri.scheme_str(), Some("ws" | "wss" | "http" | "https")) {
        return Err(HandshakeError::Uri);
    }
    // RFC 9110 §7.2: the user's name is no part of it.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| HandshakeError::Uri)?);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut request = format!("GET {slash}{target} HTTP/1.1\r\n").into_bytes();
    write_headers(&headers, &mut request);
    Ok(request)
}

fn refuse(refusal: Refusal) -> Vec<u8> {
    let mut headers = refusal.headers();
    let body = format!("{refusal}\n");
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    headers.insert("content-length", HeaderValue::from(body.len()));
    headers.append("connection", HeaderValue::from_static("close"));
    response(refusal.status(), &headers, &body)
}

fn response(status: StatusCode, headers: &HeaderMap, body: &str) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 {status}\r\n").into_bytes();
    write_headers(headers, &mut response);
    response.extend_from_slice(body.as_bytes());
    response
}

/// Reads a head, and what came behind it.
async fn read_head(
    io: &mut (impl AsyncRead + Unpin),
) -> Result<(Vec<u8>, Vec<u8>), HandshakeError> {
    let mut head = Vec::new();
    loop {
        // The end may lie across two pieces.
        let from = head.len().saturating_sub(3);
        let len = poll_fn(|cx| read_buffer::poll_append(Pin::new(&mut *io), cx, &mut head)).await?;
        if len == 0 {
            return Err(HandshakeError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        if let Some(end) = end_of_head(&head[from..]) {
            let rest = head.split_off(from + end);
            return Ok((head, rest));
        }
        if head.len() > MAX_HEAD {
            return Err(HandshakeError::Head);
        }
    }
}

async fn write_all(
    io: &mut (impl AsyncWrite + Unpin),
    mut bytes: &[u8],
) -> Result<(), HandshakeError> {
    while !bytes.is_empty() {
        let len = poll_fn(|cx| Pin::new(&mut *io).poll_write(cx, bytes)).await?;
        if len == 0 {
            return Err(HandshakeError::Io(io::ErrorKind::WriteZero.into()));
        }
        bytes = &bytes[len..];
    }
    poll_fn(|cx| Pin::new(&mut *io).poll_flush(cx)).await?;
    Ok(())
}
