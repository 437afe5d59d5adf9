//! Which connections are made, used again and closed.

use crate::script::{Act, OK, Server, direct, nobody, write};
use landspout_client::{Body, Client, ClientConfig};
use std::time::Duration;

/// Answers this many requests, and then waits for the client to close.
fn keeps(times: usize) -> Vec<Act> {
    let mut script: Vec<_> = (0..times).flat_map(|_| [Act::Read, write(OK)]).collect();
    script.push(Act::Hold);
    script
}

async fn get(client: &Client, server: &Server) -> landspout_client::Timings {
    let mut response = client.get(server.url("/")).send().await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), "hello");
    response.timings()
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::play([keeps(3)]).await;
    let client = Client::new();
    assert!(!get(&client, &server).await.reused);
    assert!(get(&client, &server).await.reused);
    assert!(get(&client.clone(), &server).await.reused);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_is_closed() {
    let server = Server::play([keeps(2)]).await;
    let client = Client::new();
    drop(client.get(server.url("/")).send().await.unwrap());
    assert!(!get(&client, &server).await.reused);
    server.until(|server| server.open() == 1).await;
}

#[tokio::test]
async fn a_client_without_keep_alive_makes_each_connection_anew() {
    let server = Server::play([keeps(1)]).await;
    let client = Client::with_config(ClientConfig::default().keep_alive(false));
    assert!(!get(&client, &server).await.reused);
    assert!(!get(&client, &server).await.reused);
    assert!(server.requests()[0].contains("connection: close\r\n"));
    server.until(|server| server.open() == 0).await;
}

#[tokio::test]
async fn a_server_that_closes_is_believed() {
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    let old = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for answer in [closing, old] {
        let server = Server::play([vec![Act::Read, write(answer), Act::Hold]]).await;
        let client = Client::new();
        get(&client, &server).await;
        assert!(!get(&client, &server).await.reused);
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn idle_connections_are_closed_with_their_client() {
    let server = Server::play([keeps(1)]).await;
    let client = Client::new();
    get(&client, &server).await;
    assert_eq!(server.open(), 1);
    drop(client);
    server.until(|server| server.open() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_when_their_time_is_up() {
    let server = Server::play([keeps(2)]).await;
    let client = Client::with_config(ClientConfig::default().idle_timeout(Duration::from_secs(9)));
    get(&client, &server).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(get(&client, &server).await.reused);
    assert_eq!(server.open(), 1);
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.until(|server| server.open() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_server_shortens_the_idle_time() {
    let answer =
        "HTTP/1.1 200 OK\r\nKeep-Alive: max=9, Timeout=5\r\nContent-Length: 5\r\n\r\nhello";
    let server = Server::play([vec![Act::Read, write(answer), Act::Hold]]).await;
    let client = Client::new();
    get(&client, &server).await;
    tokio::time::sleep(Duration::from_millis(4100)).await;
    assert!(!get(&client, &server).await.reused);
}

#[tokio::test]
async fn an_idle_time_beyond_all_clocks_is_no_limit() {
    let forever = format!("Keep-Alive: timeout={}", u64::MAX);
    let answer = format!("HTTP/1.1 200 OK\r\n{forever}\r\nContent-Length: 5\r\n\r\nhello");
    for idle in [Duration::ZERO, Duration::MAX] {
        let answers = [Act::Read, write(&answer), Act::Read, write(&answer), Act::Hold];
        let server = Server::play([answers.to_vec()]).await;
        let client = Client::with_config(ClientConfig::default().idle_timeout(idle));
        get(&client, &server).await;
        assert!(get(&client, &server).await.reused);
    }
}

/// They would answer the next request.
#[tokio::test]
async fn a_connection_with_bytes_that_belong_to_no_answer_is_not_used_again() {
    let more = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let at_once = vec![Act::Read, write(format!("{OK}{more}")), Act::Hold];
    let server = Server::play([at_once, keeps(1)]).await;
    let client = Client::new();
    get(&client, &server).await;
    get(&client, &server).await;
    assert_eq!(server.connections(), 2);

    let pause = Act::Pause(Duration::from_millis(5));
    let later = vec![Act::Read, write(OK), pause, write(more), Act::Hold];
    let server = Server::play([later, keeps(1)]).await;
    get(&client, &server).await;
    server.until(|server| server.open() == 0).await;
    get(&client, &server).await;
}

#[tokio::test]
async fn an_upload_ends_with_the_answer_that_was_dropped() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    let server = Server::play([vec![write(head), Act::Read, Act::Hold]]).await;
    let (mut writer, body) = Body::writer();
    writer.write("a beginning").await.unwrap();
    let response = Client::new().post(server.url("/")).body(body).send().await.unwrap();
    drop(response);
    let closed = async { while writer.write("more").await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), closed).await.unwrap();
}

#[tokio::test]
async fn a_request_on_a_connection_that_dies_under_it_goes_once_more() {
    for last in [vec![Act::Read], vec![Act::Read, Act::Reset]] {
        let server = Server::play([[keeps(1)[..2].to_vec(), last].concat(), keeps(1)]).await;
        let client = Client::new();
        get(&client, &server).await;
        assert!(!get(&client, &server).await.reused);
        assert_eq!(server.requests().len(), 3);
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn a_request_that_may_have_been_acted_on_does_not_go_once_more() {
    let dies = || vec![Act::Read, write(OK), Act::Read];
    let server = Server::play([dies(), keeps(1)]).await;
    let client = Client::new();
    get(&client, &server).await;
    let error = client.post(server.url("/")).body("order").send().await.unwrap_err();
    assert!(!error.is_timeout() && error.timings().reused, "{error:?}");
    assert_eq!(server.requests().len(), 2);

    // A stream cannot be sent twice.
    let server = Server::play([dies(), keeps(1)]).await;
    get(&client, &server).await;
    let (mut writer, body) = Body::writer();
    let written = async move {
        writer.write("data").await.unwrap();
        writer.finish().await
    };
    let (result, _) = tokio::join!(client.put(server.url("/")).body(body).send(), written);
    result.unwrap_err();

    // An answer has begun.
    let server =
        Server::play([vec![Act::Read, write(OK), Act::Read, write("HTTP/1.1 2")], keeps(1)]).await;
    get(&client, &server).await;
    client.get(server.url("/")).send().await.unwrap_err();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_fresh_connection_that_dies_is_an_error() {
    let server = Server::play([vec![Act::Read], keeps(1)]).await;
    let error = Client::new().get(server.url("/")).send().await.unwrap_err();
    assert_eq!(error.reason(), "the connection broke before the answer");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_closed_while_idle_is_not_used() {
    let server = Server::play([vec![Act::Read, write(OK)], keeps(1)]).await;
    let client = Client::new();
    get(&client, &server).await;
    server.until(|server| server.open() == 0).await;
    client.post(server.url("/")).body("order").send().await.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn requests_beyond_the_cap_wait_their_turn() {
    let server = Server::play([keeps(20)]).await;
    let client = Client::with_config(ClientConfig::default().max_connections_per_host(2));
    let requests = (0..20).map(|_| get(&client, &server));
    let timings = futures_util::future::join_all(requests).await;
    assert_eq!(server.connections(), 2);
    assert_eq!(timings.iter().filter(|timings| timings.reused).count(), 18);
    assert!(timings.iter().all(|timings| timings.queue.is_some()));
}

#[tokio::test]
async fn the_cap_in_total_closes_what_is_idle_elsewhere() {
    let first = Server::play([keeps(1)]).await;
    let second = Server::play([keeps(1)]).await;
    let client = Client::with_config(ClientConfig::default().max_connections(1));
    get(&client, &first).await;
    get(&client, &second).await;
    first.until(|server| server.open() == 0).await;
    assert_eq!(second.open(), 1);
}

#[tokio::test]
async fn waiting_for_a_place_has_its_own_limit() {
    let silent = Server::play([vec![Act::Read, Act::Hold]]).await;
    let config = ClientConfig::default().max_connections(1);
    let client = Client::with_config(config.queue_timeout(Duration::from_millis(20)));
    let first = tokio::spawn(client.get(silent.url("/")).send());
    silent.until(|server| server.requests().len() == 1).await;
    let error = client.get(silent.url("/")).send().await.unwrap_err();
    assert!(error.is_queue() && error.is_timeout(), "{error:?}");
    assert_eq!(error.reason(), "timed out after 20ms while waiting for a free connection");
    assert_eq!(error.timings().connect, None);
    assert!(error.timings().queue.unwrap() >= Duration::from_millis(20));
    first.abort();
}

#[tokio::test]
async fn a_request_that_is_dropped_frees_its_place_at_once() {
    let server = Server::play([vec![Act::Read, Act::Hold], keeps(1)]).await;
    let client = Client::with_config(ClientConfig::default().max_connections(1));
    let hanging = tokio::spawn(client.get(server.url("/")).send());
    server.until(|server| server.requests().len() == 1).await;
    let next = tokio::spawn(client.get(server.url("/")).send());
    let last = tokio::spawn(client.get(server.url("/")).send());
    tokio::task::yield_now().await;
    last.abort();
    hanging.abort();
    assert_eq!(next.await.unwrap().unwrap().status(), 200);
    server.until(|server| server.open() == 1).await;
}

#[tokio::test]
async fn all_addresses_are_tried() {
    let server = Server::play([keeps(1)]).await;
    let (closed_addr, _nobody) = nobody();
    let config = direct().resolve("a.test", [closed_addr, server.addr]);
    let config = config.resolve("b.test:81", [closed_addr]).resolve("c.test", []);
    let client = Client::with_config(config);
    let response = client.get("http://a.test/").send().await.unwrap();
    assert_eq!(response.remote_addr(), Some(server.addr));
    assert!(server.requests()[0].contains("host: a.test\r\n"));
    assert_eq!(response.timings().dns, None);
    let error = client.get("http://b.test:81/").send().await.unwrap_err();
    assert!(error.is_connect());
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<std::io::Error>();
    assert_eq!(cause.unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(client.get("http://c.test/").send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_an_error_of_dns() {
    // A label is no longer than 63 bytes (RFC 1035 §2.3.4), so that no server need be asked.
    let url = format!("http://{}.invalid/", "x".repeat(64));
    let error = Client::with_config(direct()).get(url).send().await.unwrap_err();
    assert!(error.is_dns() && !error.is_connect(), "{error:?}");
    assert!(error.timings().dns.is_some() && error.timings().connect.is_none());
}

#[tokio::test]
async fn localhost_is_asked_of_the_system() {
    let server = Server::play([keeps(1)]).await;
    let url = format!("http://localhost:{}/", server.addr.port());
    let response = Client::new().get(url).send().await.unwrap();
    assert!(response.timings().dns.is_some());
}
