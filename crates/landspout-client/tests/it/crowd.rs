//! Very many requests to very many hosts.

use crate::script::direct;
use futures_util::future::join_all;
use landspout_client::{Client, Resolved, Resolver};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

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

/// What the server sees of its connections.
#[derive(Default)]
struct Open {
    now: usize,
    most: usize,
    by_host: HashMap<String, usize>,
    most_of_one_host: usize,
}

#[tokio::test]
async fn ten_thousand_requests_to_a_thousand_hosts_keep_to_the_caps() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let open = Arc::new(Mutex::new(Open::default()));
    let noted = Arc::clone(&open);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let open = Arc::clone(&noted);
            tokio::spawn(async move {
                let mut head = [0; 512];
                let mut host = None;
                while let Ok(read @ 1..) = stream.read(&mut head).await {
                    if host.is_none() {
                        let text = String::from_utf8_lossy(&head[..read]).into_owned();
                        let mut open = open.lock().unwrap();
                        let name = text.lines().find(|line| line.starts_with("host:")).unwrap();
                        let of_host = open.by_host.entry(name.to_owned()).or_default();
                        *of_host += 1;
                        let of_host = *of_host;
                        open.most_of_one_host = open.most_of_one_host.max(of_host);
                        open.now += 1;
                        open.most = open.most.max(open.now);
                        host = Some(name.to_owned());
                    }
                    stream.write_all(OK).await.unwrap();
                }
                if let Some(host) = host {
                    let mut open = open.lock().unwrap();
                    open.now -= 1;
                    *open.by_host.get_mut(&host).unwrap() -= 1;
                }
            });
        }
    });
    let config = direct().max_connections(100).max_connections_per_host(3);
    // However long a busy machine takes for all of them.
    let config = config.queue_timeout(Duration::ZERO).connect_timeout(Duration::ZERO);
    let config = config.timeout(Duration::ZERO);
    let client = Client::with_resolver(config, Here);
    let all = join_all((0..10_000).map(|number| {
        let client = &client;
        async move {
            let url = format!("http://host{}.test:{port}/", number % 1000);
            client.get(url).send().await.unwrap().bytes().await.unwrap()
        }
    }));
    assert!(all.await.iter().all(|bytes| bytes == "hi"));
    let open = open.lock().unwrap();
    // The server may see the end of one connection after the beginning of the next.
    assert!(open.most >= 90 && open.most <= 200, "{}", open.most);
    assert!(open.most_of_one_host <= 6, "{}", open.most_of_one_host);
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
    assert!(stats.idle <= 100);
}
