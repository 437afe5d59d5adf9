//! Other protocols over a stream of HTTP/2 (RFC 8441).

use crate::http2_wire::H2;
use crate::wire::{Site, serve, serve_with, within};
use bytes::Bytes;
use h2::ext::Protocol;
use http::{Method, Request};
use landspout_server::{Error, Http2Config, Response, ServerConfig};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

type Asked = landspout_server::Request;

/// Echoes in upper case, on whatever it is upgraded to.
async fn shout(mut request: Asked) -> Result<Response, Error> {
    let method = request.method().clone();
    let protocol = request.protocol().map(str::to_owned);
    let Some(upgrade) = request.take_upgrade() else {
        return Ok(Response::text(format!("{method} {protocol:?}")));
    };
    let draining = request.connection().clone();
    tokio::task::spawn_local(async move {
        let mut io = upgrade.await.unwrap();
        let mut buf = [0; 64];
        loop {
            let len = tokio::select! {
                read = io.read(&mut buf) => read.unwrap_or(0),
                () = draining.draining() => 0,
            };
            if len == 0 {
                return io.shutdown().await;
            }
            buf[..len].make_ascii_uppercase();
            io.write_all(&buf[..len]).await?;
        }
    });
    assert_eq!((method, protocol.as_deref()), (Method::GET, Some("shouting")));
    Ok(Response::empty(200).with_header(http::header::SERVER, "shouter".parse()?))
}

fn connect(protocol: &'static str) -> Request<()> {
    let mut request =
        Request::builder().method(Method::CONNECT).uri("http://a/shout").body(()).unwrap();
    request.extensions_mut().insert(Protocol::from_static(protocol));
    request
}

async fn client(site: &Site) -> H2 {
    let mut client = H2::connect(site).await;
    // The settings that allow it have come with the first answer at the latest.
    assert_eq!(client.get("http://a/").await.body, "GET None");
    client
}

#[tokio::test(flavor = "local")]
async fn an_extended_connect_becomes_a_stream_both_ways() {
    let site = serve(shout);
    let mut client = client(&site).await;
    let (answer, mut sending) = client.open(connect("shouting")).await;
    let answer = within(answer).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["server"], "shouter");
    assert!(!answer.headers().contains_key("content-length"));
    let mut receiving = answer.into_body();
    for (said, heard) in [("hello", "HELLO"), ("you", "YOU")] {
        sending.send_data(Bytes::from(said), false).unwrap();
        assert_eq!(within(receiving.data()).await.unwrap().unwrap(), heard);
    }
    // The other requests of the connection go on beside it.
    assert_eq!(client.get("http://a/").await.body, "GET None");
    sending.send_data(Bytes::new(), true).unwrap();
    assert!(within(receiving.data()).await.is_none_or(|piece| piece.unwrap().is_empty()));
}

#[tokio::test(flavor = "local")]
async fn a_drain_tells_the_tunnels_and_waits_for_them() {
    let site = serve(shout);
    let mut client = client(&site).await;
    let (answer, mut sending) = client.open(connect("shouting")).await;
    let mut receiving = within(answer).await.unwrap().into_body();
    sending.send_data(Bytes::from("hello"), false).unwrap();
    assert_eq!(within(receiving.data()).await.unwrap().unwrap(), "HELLO");
    site.handle.shutdown();
    assert!(within(receiving.data()).await.is_none_or(|piece| piece.unwrap().is_empty()));
    sending.send_data(Bytes::new(), true).ok();
    within(client.ending).await.unwrap().unwrap();
    assert_eq!(within(site.serving).await.unwrap().cut, 0);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_drain_tells_many_tunnels_in_batches() {
    let limits = Http2Config::default().max_streams(200);
    let site = serve_with(ServerConfig::default().http2(limits), shout);
    let mut client = client(&site).await;
    let mut tunnels = Vec::new();
    for _ in 0..150 {
        let (answer, sending) = client.open(connect("shouting")).await;
        tunnels.push((within(answer).await.unwrap().into_body(), sending));
    }
    let begun = tokio::time::Instant::now();
    site.handle.shutdown();
    let mut told = Vec::new();
    for (receiving, sending) in &mut tunnels {
        assert!(within(receiving.data()).await.is_none_or(|piece| piece.unwrap().is_empty()));
        told.push(begun.elapsed().as_millis());
        sending.send_data(Bytes::new(), true).ok();
    }
    assert!(told[0] < 10 && told[149] >= 150, "{told:?}");
    assert!(told.windows(2).filter(|pair| pair[0] != pair[1]).count() <= 3, "{told:?}");
    within(client.ending).await.unwrap().unwrap();
    let report = within(site.serving).await.unwrap();
    assert_eq!((report.finished, report.cut, report.upgraded), (1, 0, 0));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn tunnels_that_do_not_end_are_counted_as_upgraded() {
    for (path, counts) in [("/held", (0, 1, 0)), ("/", (0, 0, 1))] {
        let config = ServerConfig::default().drain_timeout(std::time::Duration::from_secs(3));
        let site = serve_with(config, async move |mut request: Asked| {
            let Some(upgrade) = request.take_upgrade() else {
                if request.uri().path() == "/held" {
                    std::future::pending::<()>().await;
                }
                return Response::text("GET None");
            };
            tokio::task::spawn_local(async move {
                let _io = upgrade.await.unwrap();
                std::future::pending::<()>().await;
            });
            Response::empty(200)
        });
        let mut client = client(&site).await;
        let (answer, _sending) = client.open(connect("shouting")).await;
        let _receiving = within(answer).await.unwrap().into_body();
        let request = Request::get(format!("http://a{path}")).body(()).unwrap();
        let other = client.ready().await.send_request(request, true).unwrap().0;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let report = site.stop().await;
        assert_eq!((report.finished, report.cut, report.upgraded), counts, "{path}");
        drop(other);
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_silent_tunnel_is_not_idle() {
    let config = ServerConfig::default().idle_timeout(std::time::Duration::from_secs(5));
    let site = serve_with(config, shout);
    let mut client = client(&site).await;
    let (answer, mut sending) = client.open(connect("shouting")).await;
    let mut receiving = within(answer).await.unwrap().into_body();
    tokio::time::sleep(std::time::Duration::from_secs(300)).await;
    sending.send_data(Bytes::from("hello"), false).unwrap();
    assert_eq!(within(receiving.data()).await.unwrap().unwrap(), "HELLO");
    sending.send_reset(h2::Reason::CANCEL);
    // And when it has ended, the connection is.
    within(client.ending).await.unwrap().unwrap();
}

#[tokio::test(flavor = "local")]
async fn a_handler_that_does_not_take_it_has_not_accepted_it() {
    let site = serve(async |_: Asked| "a page");
    let mut client = H2::connect(&site).await;
    client.get("http://a/").await;
    let (answer, _) = client.open(connect("websocket")).await;
    assert_eq!(within(answer).await.unwrap().status(), 501);
}

#[tokio::test(flavor = "local")]
async fn a_refusal_reaches_the_client_and_the_right_is_void() {
    let errors = Rc::new(RefCell::new(Vec::new()));
    let site = serve({
        let errors = errors.clone();
        move |mut request: Asked| {
            let errors = errors.clone();
            async move {
                if let Some(upgrade) = request.take_upgrade() {
                    tokio::task::spawn_local(async move {
                        let error = upgrade.await.unwrap_err();
                        errors.borrow_mut().push(error.kind());
                    });
                }
                Error::new(403, "not you")
            }
        }
    });
    let mut client = H2::connect(&site).await;
    client.get("http://a/").await;
    let (answer, _) = client.open(connect("websocket")).await;
    assert_eq!(within(answer).await.unwrap().status(), 403);
    assert_eq!(client.get("http://a/").await.status(), 403);
    assert_eq!(*errors.borrow(), [std::io::ErrorKind::ConnectionAborted]);
}

#[tokio::test(flavor = "local")]
async fn what_comes_through_a_tunnel_is_no_flood() {
    let site = serve(async |mut request: Asked| {
        let Some(upgrade) = request.take_upgrade() else { return Response::text("GET None") };
        tokio::task::spawn_local(async move {
            let mut io = upgrade.await.unwrap();
            let len = tokio::io::copy(&mut io, &mut tokio::io::sink()).await.unwrap();
            io.write_all(len.to_string().as_bytes()).await.unwrap();
            io.shutdown().await
        });
        Response::empty(200)
    });
    let mut client = client(&site).await;
    let (answer, mut sending) = client.open(connect("shouting")).await;
    let mut receiving = within(answer).await.unwrap().into_body();
    let mut left = 3 << 20;
    while left > 0 {
        sending.reserve_capacity(left);
        let room = within(std::future::poll_fn(|cx| sending.poll_capacity(cx))).await;
        let len = room.unwrap().unwrap().min(left);
        left -= len;
        sending.send_data(Bytes::from(vec![b'x'; len]), left == 0).unwrap();
    }
    let said = within(receiving.data()).await.unwrap().unwrap();
    assert_eq!(said, (3 << 20).to_string());
}
