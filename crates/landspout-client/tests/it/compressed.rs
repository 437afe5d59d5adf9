//! Answers in gzip and deflate.
#![cfg(feature = "gzip")]

use crate::script::Server;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use landspout_client::{Client, FetchError};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn server(coding: &str, body: &[u8]) -> Server {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Server::answering([head.as_bytes(), body].concat()).await
}

async fn get(coding: &str, body: &[u8]) -> Result<Vec<u8>, FetchError> {
    let server = server(coding, body).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    assert!(server.requests()[0].contains("accept-encoding: gzip, deflate\r\n"));
    assert_eq!(response.header("content-encoding"), None);
    assert_eq!(response.header("content-length"), None);
    response.bytes().await.map(Vec::from)
}

fn long() -> Vec<u8> {
    (0..50_000_u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect()
}

#[tokio::test]
async fn every_accepted_coding_is_decoded() {
    for text in [Vec::new(), b"hello".to_vec(), long(), vec![0; 1 << 18]] {
        assert_eq!(get("gzip", &gzip(&text)).await.unwrap(), text);
        assert_eq!(get("X-GZIP", &gzip(&text)).await.unwrap(), text);
        assert_eq!(get("deflate", &zlib(&text)).await.unwrap(), text);
        assert_eq!(get("deflate", &raw_deflate(&text)).await.unwrap(), text);
    }
}

#[tokio::test]
async fn members_follow_each_other() {
    let members = [gzip(b"one, "), gzip(b""), gzip(b"two")].concat();
    assert_eq!(get("gzip", &members).await.unwrap(), b"one, two");
}

#[tokio::test]
async fn an_empty_body_is_empty() {
    assert_eq!(get("gzip", b"").await.unwrap(), b"");
    assert_eq!(get("deflate", b"").await.unwrap(), b"");
}

#[tokio::test]
async fn a_broken_stream_is_an_error_of_decoding_wherever_it_breaks() {
    let whole = gzip(b"hello, hello, hello");
    for len in 1..whole.len() {
        let error = get("gzip", &whole[..len]).await.unwrap_err();
        assert!(error.is_decode() && error.is_body(), "{len}: {error:?}");
    }
    for index in [0, 1, 2, 12, whole.len() - 8, whole.len() - 1] {
        let mut broken = whole.clone();
        broken[index] ^= 0xff;
        assert!(get("gzip", &broken).await.unwrap_err().is_decode(), "byte {index}");
    }
    let trailing = [&whole[..], b"trailing"].concat();
    assert!(get("gzip", &trailing).await.unwrap_err().is_decode());
    let trailing = [zlib(b"x"), zlib(b"y")].concat();
    assert!(get("deflate", &trailing).await.unwrap_err().is_decode());
}

#[tokio::test]
async fn a_bomb_ends_at_the_limit() {
    let bomb = gzip(&vec![0; 8 << 20]);
    assert!(bomb.len() < 1 << 17);
    let server = server("gzip", &bomb).await;
    let request = Client::new().get(server.url("/")).max_body_size(1 << 17);
    let mut response = request.send().await.unwrap();
    let mut read = 0;
    let error = loop {
        match response.chunk().await {
            Ok(chunk) => read += chunk.expect("there is more than the limit").len(),
            Err(error) => break error,
        }
    };
    assert!(error.is_too_large(), "{error:?}");
    assert_eq!(read, 1 << 17);
}

#[tokio::test]
async fn what_was_not_asked_for_or_is_not_known_stays_as_it_is() {
    let body = gzip(b"hello");
    let gzipped = server("gzip", &body).await;
    let own = Client::new().get(gzipped.url("/")).header("accept-encoding", "gzip");
    assert_eq!(own.send().await.unwrap().bytes().await.unwrap(), body);
    let range = Client::new().get(gzipped.url("/")).header("range", "bytes=0-");
    assert_eq!(range.send().await.unwrap().bytes().await.unwrap(), body);
    assert!(!gzipped.requests()[1].contains("accept-encoding"));

    let other = server("br", b"brotli").await;
    let mut response = Client::new().get(other.url("/")).send().await.unwrap();
    assert_eq!(response.header("content-encoding"), Some("br"));
    assert_eq!(response.bytes().await.unwrap(), "brotli");
}

#[tokio::test]
async fn an_answer_to_head_keeps_its_headers() {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 70\r\n\r\n";
    let server = Server::answering(head).await;
    let mut response = Client::new().head(server.url("/")).send().await.unwrap();
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert_eq!(response.bytes().await.unwrap(), "");
}
