//! Bytes that are no HTTP.

use crate::wire::serve;
use landspout_server::{Error, Request};
use proptest::prelude::*;

async fn read_all(request: Request) -> Result<String, Error> {
    Ok(request.into_body().text().await?)
}

/// Runs the bytes through a server of their own; panics if it does not serve the next client.
fn survives(pieces: &[Vec<u8>]) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
    event_loop.block_on(async {
        let site = serve(read_all);
        let mut client = site.connect().await;
        for piece in pieces {
            // The server may have closed already.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, piece).await;
            tokio::task::yield_now().await;
        }
        let _ = tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await;
        let all = client.rest().await;
        assert!(all.is_empty() || all.starts_with("HTTP/1."), "{all:?}");
        assert!(!all.contains(" 500 "), "{all:?}");
        assert!(site.is_alive().await);
    });
}

/// Pieces of requests, right and wrong, and a few bytes of anything.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"GET / HTTP/1.1\r\n",
        b"POST /x HTTP/1.1\r\n",
        b"HEAD * HTTP/1.0\r\n",
        b"Host: a\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: x\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"hello",
    ];
    prop_oneof![
        4 => proptest::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..64),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_leave_the_server_alive(pieces in proptest::collection::vec(piece(), 0..24)) {
        survives(&pieces);
    }
}
