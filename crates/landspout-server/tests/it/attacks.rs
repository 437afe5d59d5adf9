//! Requests that have hurt other servers, as they go over the wire. They are files, because a fuzz
//! target begins with them too.

use crate::strict::count_requests;
use crate::wire::{Site, serve};
use landspout_server::{Error, Request};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Answers without a word of the request's own.
async fn read_all(request: Request) -> Result<&'static str, Error> {
    let smuggled = request.uri().path() == "/smuggled";
    request.into_body().bytes().await?;
    Ok(if smuggled { "smuggled" } else { "fine" })
}

fn seeds() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The statuses of all answers, and all of them as text.
async fn answers(site: &Site, pieces: &[&[u8]]) -> (Vec<u16>, String) {
    let mut client = site.connect().await;
    for piece in pieces {
        client.try_send(piece).await;
        tokio::task::yield_now().await;
    }
    client.finish().await;
    let all = client.rest().await;
    let statuses = all.split("HTTP/1.").skip(1);
    let statuses = statuses.map(|answer| answer.split(' ').nth(1).unwrap().parse().unwrap());
    (statuses.collect(), all)
}

/// A file is named for what it shows, and then for the statuses that it is answered with.
#[tokio::test(flavor = "local")]
async fn each_attack_is_answered_as_its_name_says() {
    let site = serve(read_all);
    assert!(seeds().len() > 60, "the seeds are there");
    for path in seeds() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (_, expected) = name.rsplit_once('.').unwrap();
        let expected: Vec<u16> =
            expected.split('-').map(|status| status.parse().unwrap()).collect();
        let bytes = fs::read(&path).unwrap();
        for size in [bytes.len(), 1000, 61] {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            let (statuses, all) = answers(&site, &pieces).await;
            assert_eq!(statuses, expected, "{name} in pieces of {size}: {all}");
            assert!(!all.contains("smuggled"), "{name}: {all}");
        }
    }
    assert!(site.is_alive().await);
}

/// Requests that are right and wrong, in parts that a smuggler puts together.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\n",
        b"HEAD / HTTP/1.0\r\n",
        b"Host: a\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 5\r\n\r\nhello",
        b"Content-Length: +5\r\n",
        b"content-length:0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: close\r\n",
        b"Expect: 100-continue\r\n",
        b"X: \t y \r\n",
        b"X: y\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"5\r\nhello\r\n",
        b"5;x=y\r\nhello\r\n",
        b"0\r\n\r\n",
        b"00\r\nT: x\r\n\r\n",
        b"hello",
        b"#",
    ];
    prop_oneof![
        9 => proptest::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Never more than one answer for each request that a strict reader finds, and one for the
    /// first that it does not.
    #[test]
    fn no_bytes_bring_more_answers_than_requests(
        parts in proptest::collection::vec(part(), 0..24),
        size in 1_usize..200,
    ) {
        let bytes = parts.concat();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
        let (statuses, all) = event_loop.block_on(async {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            answers(&serve(read_all), &pieces).await
        });
        let requests = count_requests(&bytes);
        let finals = statuses.iter().filter(|status| **status >= 200).count();
        let good = statuses.iter().filter(|status| **status == 200).count();
        let shown = String::from_utf8_lossy(&bytes);
        prop_assert!(finals <= requests + 1, "{requests} requests in {shown:?}: {all}");
        prop_assert!(good <= requests, "{requests} requests in {shown:?}: {all}");
        prop_assert!(!statuses.contains(&500), "{shown:?}: {all}");
    }
}
