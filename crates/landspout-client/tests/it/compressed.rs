//! Answers in gzip, deflate, brotli and zstd.
#![cfg(feature = "gzip")]

use crate::script::Server;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use landspout_client::{Client, ClientConfig, FetchError, RequestOptions};
use std::io::Write;

/// The codings of this build.
const ACCEPTED: &str = match (cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
    (true, true) => "gzip, deflate, br, zstd",
    (true, false) => "gzip, deflate, br",
    (false, true) => "gzip, deflate, zstd",
    (false, false) => "gzip, deflate",
};

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
    assert!(server.requests()[0].contains(&format!("accept-encoding: {ACCEPTED}\r\n")));
    assert_eq!(response.header("content-encoding"), None);
    assert_eq!(response.header("content-length"), None);
    response.bytes().await.map(Vec::from)
}

fn long() -> Vec<u8> {
    (0..50_000_u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect()
}

#[tokio::test]
async fn every_accepted_coding_is_decoded() {
    for text in [Vec::new(), b"hello".to_vec(), long(), vec![0; 1 << 17]] {
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
async fn members_that_lead_nowhere_are_an_error() {
    let some = gzip(b"").repeat(100);
    assert_eq!(get("gzip", &some).await.unwrap(), b"");
    let many = gzip(b"").repeat(1000);
    let error = get("gzip", &many).await.unwrap_err();
    assert!(error.is_decode(), "{error:?}");
    assert!(format!("{error:?}").ends_with("in too many members"), "{error:?}");
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
    let bomb = gzip(&vec![0; 2 << 20]);
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

    for coding in ["compress", "gzip, unheard-of", "unheard-of, gzip"] {
        let other = server(coding, b"coded").await;
        let mut response = Client::new().get(other.url("/")).send().await.unwrap();
        assert_eq!(response.header("content-encoding"), Some(coding));
        assert_eq!(response.header("content-length"), Some("5"));
        assert_eq!(response.bytes().await.unwrap(), "coded");
    }
    let off = Client::new().get(gzipped.url("/")).decompress(false);
    assert_eq!(off.send().await.unwrap().bytes().await.unwrap(), body);
    assert!(!gzipped.requests()[2].contains("accept-encoding"));
}

#[tokio::test]
async fn an_answer_to_head_keeps_its_headers() {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 70\r\n\r\n";
    let server = Server::answering(head).await;
    let mut response = Client::new().head(server.url("/")).send().await.unwrap();
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert_eq!(response.bytes().await.unwrap(), "");
}

#[tokio::test]
async fn codings_are_undone_in_the_reverse_of_their_order() {
    let twice = zlib(&gzip(b"hello"));
    assert_eq!(get("gzip, deflate", &twice).await.unwrap(), b"hello");
    assert_eq!(get("gzip, identity, deflate", &twice).await.unwrap(), b"hello");
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: deflate\r\n\r\n";
    let server = Server::answering([head.as_bytes(), &twice[..]].concat()).await;
    let mut response = Client::new().get(server.url("/")).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "hello");
    let long = long();
    let all = gzip(&gzip(&gzip(&gzip(&long))));
    assert_eq!(get("gzip, gzip, gzip, gzip", &all).await.unwrap(), long);
    for len in 1..twice.len() {
        assert!(get("gzip, deflate", &twice[..len]).await.unwrap_err().is_decode(), "{len}");
    }
}

#[tokio::test]
async fn more_codings_than_four_are_an_error() {
    let server = server("gzip,gzip,gzip,gzip,gzip", b"").await;
    let error = Client::new().get(server.url("/")).send().await.unwrap_err();
    assert!(error.is_decode() && error.is_body(), "{error:?}");
    assert!(format!("{error:?}").ends_with("more than 4 codings, one upon the other"));
}

#[tokio::test]
async fn a_body_that_expands_too_much_is_too_large() {
    let bomb = gzip(&vec![0; 2 << 20]);
    let error = get("gzip", &bomb).await;
    assert_eq!(error.unwrap().len(), 2 << 20, "gzip itself reaches no more than 240 here");
    let server = server("gzip", &bomb).await;
    for ratio in [10, 100] {
        let request = Client::new().get(server.url("/"));
        let options = RequestOptions::default().max_compression_ratio(ratio);
        let mut response = request.with_options(options).send().await.unwrap();
        let error = response.bytes().await.unwrap_err();
        assert!(error.is_too_large() && error.is_body() && !error.is_decode(), "{error:?}");
        assert!(format!("{error:?}").ends_with(&format!("expands to over {ratio} times its size")));
    }
    let bombs = gzip(&bomb);
    let error = get("gzip, gzip", &bombs).await.unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
    let config = ClientConfig::default().max_compression_ratio(0);
    let server = self::server("gzip, gzip", &bombs).await;
    let mut response = Client::with_config(config).get(server.url("/")).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap().len(), 2 << 20);
}

#[tokio::test]
async fn trailers_come_after_what_was_decompressed() {
    let body = gzip(b"hello");
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
    let size = format!("{:x}\r\n", body.len());
    let end = "\r\n0\r\nX-Sum: 17\r\n\r\n";
    let answer = [head.as_bytes(), size.as_bytes(), &body, end.as_bytes()].concat();
    let server = Server::answering(answer).await;
    let response = Client::new().get(server.url("/")).send().await.unwrap();
    let (bytes, trailers) = response.into_body().collect().await.unwrap();
    assert_eq!(bytes, "hello");
    assert_eq!(trailers.unwrap()["x-sum"], "17");
}

#[cfg(feature = "brotli")]
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut encoded, &params).unwrap();
    encoded
}

#[cfg(feature = "zstd")]
fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// What holds of a coding whatever it is.
#[cfg(any(feature = "brotli", feature = "zstd"))]
async fn check(coding: &str, encode: fn(&[u8]) -> Vec<u8>) {
    for text in [Vec::new(), b"hello".to_vec(), long(), vec![0; 1 << 17]] {
        assert_eq!(get(coding, &encode(&text)).await.unwrap(), text);
    }
    assert_eq!(get(coding, b"").await.unwrap(), b"");
    let whole = encode(b"hello, hello, hello");
    for len in 1..whole.len() {
        let error = get(coding, &whole[..len]).await.unwrap_err();
        assert!(error.is_decode() && error.is_body(), "{len}: {error:?}");
    }
    let trailing = [&whole[..], b"trailing"].concat();
    assert!(get(coding, &trailing).await.unwrap_err().is_decode());
    assert!(get(coding, b"\xff\xff nonsense \xff").await.unwrap_err().is_decode());
    let error = get(coding, &encode(&vec![0; 3 << 20])).await.unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
    let both = format!("gzip, {coding}");
    assert_eq!(get(&both, &encode(&gzip(&long()))).await.unwrap(), long());
}

#[cfg(feature = "brotli")]
#[tokio::test]
async fn brotli_is_decoded_under_the_same_rules() {
    check("br", brotli).await;
}

#[cfg(feature = "zstd")]
#[tokio::test]
async fn zstd_is_decoded_under_the_same_rules() {
    check("zstd", zstd).await;
    let frames = [zstd(b"one, "), zstd(b""), zstd(b"two")].concat();
    assert_eq!(get("zstd", &frames).await.unwrap(), b"one, two");
}
