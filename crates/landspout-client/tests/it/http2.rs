//! HTTP/2: connections that requests share.

use crate::h2_server::{Act, H2Server};
use futures_util::future::join_all;
use landspout_client::{
    Body, Client, ClientConfig, FetchError, Http2Config, HttpVersion, ProxyConfig,
};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn config() -> ClientConfig {
    ClientConfig::default().http_version(HttpVersion::Http2)
}

fn client() -> Client {
    Client::with_config(config())
}

async fn get(client: &Client, server: &H2Server) -> Result<String, FetchError> {
    let mut response = client.get(server.url()).send().await?;
    assert_eq!(response.version(), http::Version::HTTP_2);
    response.text().await
}

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it holds within a minute");
}

#[tokio::test]
async fn requests_share_one_connection() {
    let server = H2Server::play(&[Act::Slow], 100).await;
    let client = client();
    let all = join_all((0..50).map(|_| get(&client, &server))).await;
    assert!(all.into_iter().all(|text| text.unwrap() == "hello"));
    assert_eq!((server.connections(), server.requests()), (1, 50));
    assert!(server.seen.most.load(Relaxed) > 1);
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.idle, stats.streams), (0, 1, 0));
    assert!(server.seen.heads.lock().unwrap()[0].starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn the_longest_waits_for_pings_do_no_harm() {
    let server = H2Server::play(&[Act::Slow], 100).await;
    let never = Http2Config::default().ping_interval(Duration::MAX).ping_timeout(Duration::MAX);
    let client = Client::with_config(config().http2(never));
    assert_eq!(get(&client, &server).await.unwrap(), "hello");
}

#[tokio::test]
async fn the_servers_limit_on_streams_is_kept_to() {
    let server = H2Server::play(&[Act::Slow], 3).await;
    let client = Client::with_config(config().max_connections_per_host(1));
    get(&client, &server).await.unwrap();
    let all = join_all((0..20).map(|_| get(&client, &server))).await;
    assert!(all.into_iter().all(|text| text.is_ok()));
    assert_eq!((server.connections(), server.seen.most.load(Relaxed)), (1, 3));
}

/// Before the server has said how many it takes, more may have gone out; they go again.
#[tokio::test]
async fn a_burst_before_the_servers_limit_is_known_is_answered_too() {
    let server = H2Server::play(&[Act::Slow], 3).await;
    let client = Client::with_config(config().max_connections_per_host(1));
    let all = join_all((0..50).map(|_| get(&client, &server))).await;
    assert!(all.into_iter().all(|text| text.unwrap() == "hello"));
    assert_eq!((server.connections(), server.seen.most.load(Relaxed)), (1, 3));
}

#[tokio::test]
async fn those_beyond_the_limit_wait_their_turn_and_no_longer_than_they_may() {
    let server = H2Server::play(&[Act::Answer, Act::Hold], 2).await;
    let client = Client::with_config(config().max_connections_per_host(1));
    get(&client, &server).await.unwrap();
    let holding: Vec<_> = (0..2).map(|_| tokio::spawn(client.get(server.url()).send())).collect();
    until(|| server.requests() == 3).await;
    let late = client.get(server.url()).queue_timeout(Duration::from_millis(20));
    let error = late.send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.phase(), landspout_client::Phase::Queue);
    let waiting = tokio::spawn(client.get(server.url()).send());
    until(|| client.pool_stats().waiting == 1).await;
    holding[0].abort();
    until(|| server.requests() == 4).await;
    waiting.abort();
    holding[1].abort();
}

#[tokio::test]
async fn more_requests_than_streams_make_another_connection() {
    let server = H2Server::play(&[Act::Hold], 100).await;
    let http2 = config().http2.max_streams(2);
    let client = Client::with_config(config().http2(http2).max_connections_per_host(2));
    let requests: Vec<_> = (0..5).map(|_| tokio::spawn(client.get(server.url()).send())).collect();
    until(|| server.requests() == 4).await;
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.streams, stats.waiting), (2, 4, 1));
    assert_eq!(server.connections(), 2);
    requests.iter().for_each(tokio::task::JoinHandle::abort);
    until(|| client.pool_stats().streams == 0).await;
    assert_eq!(client.pool_stats().waiting, 0);
}

#[tokio::test]
async fn a_request_that_is_dropped_frees_its_stream() {
    let server = H2Server::play(&[Act::Hold, Act::Answer], 100).await;
    let client = client();
    let hanging = tokio::spawn(client.get(server.url()).send());
    until(|| server.requests() == 1).await;
    assert_eq!(client.pool_stats().streams, 1);
    hanging.abort();
    until(|| server.seen.resets.load(Relaxed) == 1).await;
    assert_eq!(client.pool_stats().streams, 0);
    assert_eq!(get(&client, &server).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_refused_stream_is_opened_again() {
    let server = H2Server::play(&[Act::Refuse, Act::Refuse, Act::Answer], 100).await;
    // Not a byte of it was looked at, so that a POST can go again too.
    let mut response = client().post(server.url()).body("order").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "order");
    assert_eq!((server.requests(), server.connections()), (3, 1));
}

#[tokio::test]
async fn a_server_that_refuses_for_ever_is_an_error() {
    let server = H2Server::play(&[Act::Refuse], 100).await;
    let client = client();
    let error = get(&client, &server).await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert_eq!(server.requests(), 4);
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.streams, stats.waiting), (0, 0, 0));
}

#[tokio::test]
async fn a_server_that_leaves_is_left() {
    let server = H2Server::play(&[Act::AnswerAndLeave, Act::Answer], 100).await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(get(&client, &server).await.unwrap(), "hello");
    }
    assert_eq!((server.requests(), server.connections()), (3, 2));
}

#[tokio::test]
async fn a_request_that_a_leaving_server_did_not_look_at_goes_elsewhere() {
    let server = H2Server::play(&[Act::Answer, Act::Leave, Act::Answer], 100).await;
    let client = client();
    get(&client, &server).await.unwrap();
    let mut response = client.post(server.url()).body("order").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "order");
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_the_others_go_on() {
    let server = H2Server::play(&[Act::Break, Act::Answer], 100).await;
    let client = client();
    let error = get(&client, &server).await.unwrap_err();
    assert!(error.is_body() && !error.is_timeout(), "{error:?}");
    assert_eq!(get(&client, &server).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn bodies_of_any_size_go_both_ways() {
    let server = H2Server::play(&[Act::Answer], 100).await;
    let sent = "0123456789".repeat(300_000);
    let (mut writer, body) = Body::writer();
    let chunk = sent.clone();
    let write = async move {
        for piece in chunk.as_bytes().chunks(50_000) {
            writer.write(piece.to_vec()).await.unwrap();
        }
        writer.finish().await
    };
    let client = client();
    let (response, _) = tokio::join!(client.post(server.url()).body(body).send(), write);
    assert!(response.unwrap().text().await.unwrap() == sent);
}

#[tokio::test]
async fn idle_connections_grow_old() {
    let server = H2Server::play(&[Act::Answer], 100).await;
    let client = Client::with_config(config().idle_timeout(Duration::from_millis(50)));
    get(&client, &server).await.unwrap();
    until(|| client.pool_stats().idle == 0).await;
    get(&client, &server).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_an_error() {
    let server =
        crate::script::Server::play([vec![crate::script::write("HTTP/1.1 400 No\r\n\r\n")]]);
    let url = server.await.url("/");
    let client = client();
    let error = client.get(url).timeout(Duration::from_secs(60)).send().await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    until(|| client.pool_stats().in_use == 0).await;
}

#[tokio::test]
async fn the_ordinary_wait_for_an_answer_ends() {
    let server = H2Server::play(&[Act::Hold], 100).await;
    let client = client();
    let request = client.get(server.url()).first_byte_timeout(Duration::from_millis(30));
    let error = request.send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.phase(), landspout_client::Phase::FirstByte);
    assert_eq!(client.pool_stats().streams, 0);
}

#[tokio::test]
async fn a_body_does_not_wait_for_a_100_that_cannot_be_seen() {
    let server = H2Server::play(&[Act::Answer], 100).await;
    let request = client().post(server.url()).body("order").timeout(Duration::from_secs(60));
    let request = request.expect_continue(Duration::from_secs(600));
    let mut response = request.send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "order");
    assert!(!server.seen.heads.lock().unwrap()[0].contains("expect"));
}

#[tokio::test]
async fn a_stream_that_the_server_broke_off_is_not_opened_again() {
    let server = H2Server::play(&[Act::Answer, Act::Reset, Act::Answer], 100).await;
    let client = client();
    get(&client, &server).await.unwrap();
    let error = get(&client, &server).await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_body(), "{error:?}");
    assert_eq!(
        server.requests(),
        2,
        "the server has said that it failed, and not that it did nothing"
    );
    get(&client, &server).await.unwrap();
    assert_eq!(server.connections(), 1);
    assert_eq!(client.pool_stats().streams, 0);
}

#[tokio::test]
async fn requests_share_one_tunnel_through_a_proxy() {
    let Some(proxy) = crate::peer::Peer::tinyproxy().await else { return };
    let server = H2Server::play(&[Act::Slow], 100).await;
    let through = ProxyConfig::all(format!("http://user:secret@{}", proxy.addr));
    let client = Client::with_config(config().proxy(through));
    let all = join_all((0..10).map(|_| get(&client, &server))).await;
    assert!(all.into_iter().all(|text| text.unwrap() == "hello"));
    assert_eq!((server.connections(), server.requests()), (1, 10));
    let stranger = config().proxy(ProxyConfig::all(proxy.addr.to_string()));
    let error = get(&Client::with_config(stranger), &server).await.unwrap_err();
    assert!(error.is_proxy_auth(), "{error:?}");
}

/// A server of HTTP/2 speaks first, and a proxy may pass that on in one piece with its own answer.
#[tokio::test]
async fn what_the_server_says_together_with_the_proxys_answer_is_heard() {
    let server = H2Server::play(&[Act::Answer], 100).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let host = server.addr;
    tokio::spawn(async move {
        let mut near = listener.accept().await.unwrap().0;
        let mut far = TcpStream::connect(host).await.unwrap();
        let mut head = [0; 4096];
        let len = near.read(&mut head).await.unwrap();
        assert!(head[..len].ends_with(b"\r\n\r\n"));
        let mut answer = b"HTTP/1.1 200 Connected\r\n\r\n".to_vec();
        assert!(far.read_buf(&mut answer).await.unwrap() > 0);
        near.write_all(&answer).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    });
    let client = Client::with_config(config().proxy(ProxyConfig::all(proxy.to_string())));
    assert_eq!(get(&client, &server).await.unwrap(), "hello");
}

#[tokio::test]
async fn ten_interim_answers_are_passed_over_and_more_are_an_error() {
    for (count, is_taken) in [(10, true), (11, false), (1_000_000, false)] {
        let server = H2Server::play(&[Act::Interim(count), Act::Answer], 100).await;
        let client = client();
        match get(&client, &server).await {
            Ok(text) => assert!(is_taken && text == "hello", "{count}"),
            Err(error) => {
                assert!(!is_taken && error.is_malformed(), "{count}: {error:?}");
                assert!(format!("{error:?}").contains("too many 1xx answers"), "{error:?}");
            }
        }
        assert_eq!(get(&client, &server).await.unwrap(), "hello");
        assert_eq!((server.connections(), server.requests()), (if is_taken { 1 } else { 2 }, 2));
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_called_so() {
    let server = H2Server::play(&[Act::LongHead(20_000), Act::Answer], 100).await;
    let client = Client::with_config(config().max_header_size(16_384));
    let error = get(&client, &server).await.unwrap_err();
    assert!(error.is_too_large() && !error.is_body(), "{error:?}");
    assert_eq!(get(&client, &server).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1, "it is the stream that ends, and not the connection");
}

#[tokio::test]
async fn answers_that_nobody_reads_keep_no_others_waiting() {
    let server = H2Server::play(&[Act::Long], 100).await;
    let http2 = config().http2.max_streams(5).stream_window(65_535);
    let client = Client::with_config(config().http2(http2).max_connections_per_host(1));
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(client.get(server.url()).send().await.unwrap());
    }
    assert_eq!(get(&client, &server).await.unwrap().len(), 300_000);
    for mut response in unread {
        assert_eq!(response.bytes().await.unwrap().len(), 300_000);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_is_dropped_gives_its_part_of_the_window_back() {
    let server = H2Server::play(&[Act::Long], 100).await;
    let http2 = config().http2.connection_window(65_535).stream_window(65_535);
    let client = Client::with_config(config().http2(http2).read_timeout(Duration::from_secs(60)));
    for _ in 0..20 {
        let mut response = client.get(server.url()).send().await.unwrap();
        response.chunk().await.unwrap().unwrap();
    }
    assert_eq!(get(&client, &server).await.unwrap().len(), 300_000);
    assert_eq!(server.connections(), 1);
}
