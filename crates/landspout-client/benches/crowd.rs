//! 10 000 requests to 1 000 hosts at once: how many connections that takes, and how much memory.

use landspout_client::{Client, ClientConfig, Resolved, Resolver};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the whole process may take, in KiB.
const LIMIT: u64 = 100 * 1024;

/// Everybody lives here.
#[derive(Debug)]
struct Here;

impl Resolver for Here {
    fn resolve<'a>(
        &'a self,
        _: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Resolved>> + Send + 'a>> {
        Box::pin(async { Ok(Resolved::new([IpAddr::V4(Ipv4Addr::LOCALHOST)])) })
    }
}

async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut head = [0; 512];
            while stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// The most memory that the process has had, in KiB; `None` where the system does not tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(serve(listener));
    let config = ClientConfig::default().queue_timeout(std::time::Duration::from_secs(60));
    let client = Client::with_resolver(config, Here);
    let before = peak();
    let all = (0..10_000).map(|number| {
        let client = &client;
        async move {
            let url = format!("http://host{}.test:{port}/", number % 1000);
            let mut response = client.get(url).send().await.expect("the server answers");
            response.bytes().await.expect("with a body")
        }
    });
    futures_util::future::join_all(all).await;
    let stats = client.pool_stats();
    assert!(stats.in_use + stats.idle <= client.config().max_connections, "{stats:?}");
    let (Some(before), Some(after)) = (before, peak()) else {
        return println!("this system does not tell how much memory a process has");
    };
    println!("{before} KiB before, {after} KiB at the most; {stats:?}");
    assert!(after <= LIMIT, "{after} KiB are more than {LIMIT}");
}
