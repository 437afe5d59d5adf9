//! A server that misbehaves at random, thousands of times over.

use futures_util::future::join_all;
use landspout_client::{Client, ClientConfig, FetchError};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const STATUS_LINES: [&str; 12] = [
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /again\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 20 OK\r\n",
    "HTTP/2.0 200 OK\r\n",
    "HTTP/1.1 200\r\n",
    "\r\n",
    "SSH-2.0-x\r\n",
];

const FIELDS: [&str; 14] = [
    "Content-Length: 5\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 7\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 99999999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Connection: close\r\n",
    "Keep-Alive: timeout=99999999999999999999\r\n",
    "Content-Encoding: gzip\r\n",
    "Content-Encoding: identity, x\r\n",
    "X: \u{1}\r\n",
    ": empty\r\n",
    " folded\r\n",
];

const BODIES: [&str; 8] = [
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    "5;x=y\r\nhello\r\n",
    "ffffffffffffffffff\r\n",
    "5\r\nhelloxx",
    "",
    "hello, and what nobody asked for",
];

/// Some answer, more or less.
fn answer(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    if dice.roll(3) == 0 {
        return crate::script::OK.into();
    }
    for _ in 0..[0, 0, 0, 0, 1, 11][dice.roll(6)] {
        bytes.extend(b"HTTP/1.1 103 Early Hints\r\n\r\n");
    }
    bytes.extend(dice.pick(&STATUS_LINES).bytes());
    for _ in 0..dice.roll(3) {
        bytes.extend(dice.pick(&FIELDS).bytes());
    }
    if dice.roll(12) == 0 {
        bytes.extend("X: y\r\n".repeat(200).bytes());
    }
    if dice.roll(12) == 0 {
        bytes.extend(format!("X: {}\r\n", "y".repeat(100_000)).bytes());
    }
    bytes.extend(b"\r\n");
    bytes.extend(dice.pick(&BODIES).bytes());
    for _ in 0..[0, 0, 0, 1, 3][dice.roll(5)] {
        let at = dice.roll(bytes.len());
        bytes[at] = u8::try_from(dice.roll(256)).unwrap();
    }
    bytes
}

/// Reads requests and answers as the dice have it, until they say that it is enough.
async fn misbehave(mut stream: TcpStream, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut head = [0; 2048];
    loop {
        if dice.roll(20) == 0 || !stream.read(&mut head).await.is_ok_and(|read| read > 0) {
            return;
        }
        let mut bytes = answer(&mut dice);
        let ends = dice.roll(5);
        if ends == 0 {
            bytes.truncate(dice.roll(bytes.len() + 1));
        }
        let pieces = [bytes.len().max(1), 7, 1][dice.roll(3)];
        for piece in bytes.chunks(pieces).take(2000) {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            if pieces < 10 {
                tokio::task::yield_now().await;
            }
        }
        match (ends, dice.roll(4)) {
            (0, 0) => drop(stream.set_zero_linger()),
            (0 | 1, 0..2) => {}
            (1, 2) => {
                // Silence, as long as the client puts up with it.
                let _ = stream.read(&mut head).await;
            }
            _ => continue,
        }
        return;
    }
}

async fn server() -> SocketAddr {
    static CONNECTION: AtomicU64 = AtomicU64::new(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, CONNECTION.fetch_add(1, Relaxed)));
        }
    });
    addr
}

/// Whether the error says what happened.
fn has_a_name(error: &FetchError) -> bool {
    error.is_timeout()
        || error.is_malformed()
        || error.is_too_large()
        || error.is_decode()
        || error.is_redirect()
        || error.is_body()
        || error.reason().starts_with("the connection broke")
}

#[tokio::test]
async fn every_answer_is_one_or_an_error_with_a_name_and_no_place_is_lost() {
    const AT_ONCE: usize = 16;
    const EACH: usize = 250;
    let addr = server().await;
    let config = ClientConfig::default()
        .max_connections(AT_ONCE / 2)
        .max_header_size(16 * 1024)
        .first_byte_timeout(Duration::from_millis(50))
        .read_timeout(Duration::from_millis(50));
    let client = Client::with_config(config);
    let (answered, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let users = (0..AT_ONCE).map(|user| {
        let (client, answered, failed) = (&client, &answered, &failed);
        async move {
            for number in 0..EACH {
                let url = format!("http://{addr}/{user}/{number}");
                let result = match client.get(url).send().await {
                    Ok(mut response) if number % 7 == 0 => response.chunk().await.map(drop),
                    Ok(mut response) => response.bytes().await.map(drop),
                    Err(error) => Err(error),
                };
                match result {
                    Ok(()) => answered.fetch_add(1, Relaxed),
                    Err(error) => {
                        assert!(has_a_name(&error), "{error:?}");
                        failed.fetch_add(1, Relaxed)
                    }
                };
                let stats = client.pool_stats();
                assert!(stats.in_use + stats.idle <= AT_ONCE / 2, "{stats:?}");
            }
        }
    });
    join_all(users).await;
    // Both happen often, or else the test tests nothing.
    assert!(answered.load(Relaxed) > 100 && failed.load(Relaxed) > 100, "{answered:?} {failed:?}");
    // A connection may still be making sure that an upload has ended.
    let settled = async {
        while client.pool_stats().in_use > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), settled).await.unwrap();
    assert_eq!(client.pool_stats().waiting, 0);
}
