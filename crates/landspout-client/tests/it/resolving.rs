//! From names to addresses, and to sockets.

use crate::script::{Act, OK, Server, direct, write};
use futures_util::future::join_all;
use landspout_client::{Client, Resolved, Resolver};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Knows `*.here.test`, and counts.
#[derive(Debug, Default, Clone)]
struct Counting(Arc<AtomicUsize>);

impl Resolver for Counting {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Resolved>> + Send + 'a>> {
        Box::pin(async move {
            self.0.fetch_add(1, Relaxed);
            tokio::task::yield_now().await;
            match host {
                host if host.ends_with("here.test") => {
                    Ok(Resolved::new([IpAddr::V4(Ipv4Addr::LOCALHOST)]))
                }
                "empty.test" => Ok(Resolved::new([])),
                _ => Err(io::Error::new(io::ErrorKind::NotFound, "nobody lives there")),
            }
        })
    }
}

async fn answering() -> Server {
    Server::play([vec![Act::Read, write(OK)]]).await
}

#[tokio::test]
async fn a_resolver_of_ones_own_is_asked_once() {
    let (server, counting) = (answering().await, Counting::default());
    let client = Client::with_resolver(direct(), counting.clone());
    let url = format!("http://over.here.test:{}/", server.addr.port());
    let all = join_all((0..20).map(|_| client.get(&url).send())).await;
    assert!(all.into_iter().all(|result| result.is_ok()));
    assert_eq!((counting.0.load(Relaxed), server.connections()), (1, 20));
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.timings().dns, None);
    assert_eq!(response.remote_addr(), Some(server.addr));
}

#[tokio::test]
async fn a_name_without_an_address_is_an_error_of_dns() {
    let client = Client::with_resolver(direct(), Counting::default());
    for (url, why) in [
        ("http://nobody.test/", "nobody lives there"),
        ("http://empty.test/", "the name has no address"),
    ] {
        let error = client.get(url).send().await.unwrap_err();
        assert!(error.is_dns() && format!("{error:?}").contains(why), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_asked_for_again() {
    let counting = Counting::default();
    let client = Client::with_resolver(direct(), counting.clone());
    for _ in 0..2 {
        assert!(client.get("http://here.test:1/").send().await.unwrap_err().is_connect());
    }
    assert_eq!(counting.0.load(Relaxed), 2);
}

#[tokio::test]
async fn a_request_can_name_addresses_of_its_own() {
    let (first, second) = (answering().await, answering().await);
    let config = direct().resolve("a.test", [first.addr]);
    let client = Client::with_config(config);
    client.get("http://a.test/").send().await.unwrap();
    client.get("http://a.test/").resolve("a.test", [second.addr]).send().await.unwrap();
    assert_eq!((first.connections(), second.connections()), (1, 1));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_come_from_the_address_that_was_chosen() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move { listener.accept().await.unwrap().1.ip() });
    let from: IpAddr = "127.3.2.1".parse().unwrap();
    let request = Client::new().get(&url).local_address(from).timeout(Duration::from_secs(60));
    request.send().await.unwrap_err();
    assert_eq!(accepted.await.unwrap(), from);
    let other = Client::new().get(url).local_address("::1".parse().unwrap());
    let error = other.send().await.unwrap_err();
    assert!(error.is_connect() && format!("{error:?}").contains("no address"), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_a_way_to_a_server() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let path = std::env::temp_dir().join(format!("landspout-client-{}.sock", std::process::id()));
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1024];
        for _ in 0..2 {
            let read = stream.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET /v1/info HTTP/1.1\r\nhost: docker\r\n"));
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    });
    let client = Client::new();
    for reused in [false, true] {
        let request = client.get("http://docker/v1/info").unix_socket(&path);
        let mut response = request.send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!((response.timings().reused, response.remote_addr()), (reused, None));
    }
    serving.await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = client.get("http://docker/").unix_socket(&path).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
