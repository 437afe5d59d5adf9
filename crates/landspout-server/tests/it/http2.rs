//! Requests over HTTP/2.

use crate::http2_wire::{Frames, GET, H2, frame, headers, read};
use crate::wire::{serve, serve_with, within};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::{Method, Request, StatusCode, Version};
use landspout_server::{Body, Error, Handler, Http2Config, Response, ServerConfig};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, Semaphore};

type Asked = landspout_server::Request;

async fn tell(request: Asked) -> Result<String, Error> {
    let version = request.version();
    let host = request.header(HOST).unwrap_or("-").to_owned();
    let cookies: Vec<_> = request.headers().get_all(COOKIE).iter().cloned().collect();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let body = request.into_body().text().await?;
    Ok(format!("{version:?} {method} {uri} {host} {cookies:?} {body}"))
}

#[tokio::test(flavor = "local")]
async fn a_client_that_begins_with_the_preface_is_served() {
    let site = serve(tell);
    let mut client = H2::connect(&site).await;
    let answer = client.get("http://a.example:81/x?y=1").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body, "HTTP/2.0 GET /x?y=1 a.example:81 [] ");
    assert_eq!(answer.head.version(), Version::HTTP_2);
    assert_eq!(answer.head.headers()[CONTENT_LENGTH], answer.body.len().to_string());
    assert!(answer.head.headers().contains_key("date"));
}

#[tokio::test(flavor = "local")]
async fn the_preface_may_come_byte_by_byte() {
    let site = serve(tell);
    let mut frames = Frames(tokio::net::TcpStream::connect(site.addr).await.unwrap());
    frames.0.set_nodelay(true).unwrap();
    for byte in crate::http2_wire::PREFACE {
        frames.0.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    frames.send(&frame(4, 0, 0, b"")).await;
    frames.send(&headers(1, &GET)).await;
    while let Some((kind, ..)) = frames.next().await {
        if kind == 0 {
            return;
        }
    }
    panic!("no answer came");
}

#[tokio::test(flavor = "local")]
async fn what_only_begins_like_the_preface_is_http_1() {
    let site = serve(tell);
    for (first, rest) in [
        ("PRI", "NT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ("P", "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        ("PRI * HTTP/", "1.1\r\nHost: a\r\n\r\n"),
    ] {
        let mut client = site.connect().await;
        client.send(first).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        client.send(rest).await;
        let answer = client.rest().await;
        assert!(
            answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "local")]
async fn without_http_2_the_preface_is_no_request() {
    let config = ServerConfig::default().http2(Http2Config::default().enabled(false));
    let site = serve_with(config, tell);
    let answer = site.exchange(crate::http2_wire::PREFACE).await;
    assert!(!answer.contains("200"), "{answer}");
}

#[tokio::test(flavor = "local")]
async fn cookies_come_in_one_header_and_bodies_in_pieces() {
    let site = serve(tell);
    let mut client = H2::connect(&site).await;
    let request = Request::post("http://a/").header(COOKIE, "a=1").header(COOKIE, "b=2").body(());
    let (answer, mut body) = client.open(request.unwrap()).await;
    body.send_data(Bytes::from_static(b"one "), false).unwrap();
    body.send_data(Bytes::from_static(b"two"), true).unwrap();
    let answer = read(answer).await.unwrap();
    assert_eq!(answer.body, "HTTP/2.0 POST / a [\"a=1; b=2\"] one two");
}

#[tokio::test(flavor = "local")]
async fn another_host_than_the_authority_is_400() {
    let site = serve(tell);
    let mut client = H2::connect(&site).await;
    let request = Request::get("http://a/").header(HOST, "b").body(()).unwrap();
    assert_eq!(client.ask(request).await.unwrap().status(), 400);
    let request = Request::get("http://a/").header(HOST, "a").body(()).unwrap();
    assert_eq!(client.ask(request).await.unwrap().status(), 200);
    let user = Request::get("http://me@a/").body(()).unwrap();
    assert_eq!(client.ask(user).await.unwrap().status(), 400);
}

#[tokio::test(flavor = "local")]
async fn a_host_header_alone_will_do_and_none_is_400() {
    let site = serve(tell);
    for (host, status) in [(Some("a"), "200"), (None, "400")] {
        let mut frames = Frames::connect(&site).await;
        let mut fields = GET[..3].to_vec();
        fields.extend(host.map(|host| ("host", host)));
        frames.send(&headers(1, &fields)).await;
        let head = loop {
            let (kind, _, _, payload) = frames.next().await.unwrap();
            if kind == 1 {
                break payload;
            }
        };
        // 200 and 400 have entries in the static table (RFC 7541 appendix A).
        assert_eq!(head[0], if status == "200" { 0x88 } else { 0x8c }, "{host:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn headers_of_a_connection_are_no_request() {
    let site = serve(tell);
    for (name, value) in [
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("te", "gzip"),
        ("Upper", "case"),
    ] {
        let mut frames = Frames::connect(&site).await;
        let mut fields = GET.to_vec();
        fields.push((name, value));
        frames.send(&headers(1, &fields)).await;
        let answer = loop {
            let next = frames.next().await;
            let (kind, _, _, payload) = next.unwrap_or_else(|| panic!("no answer to {name}"));
            match kind {
                1 => panic!("{name} was answered"),
                3 => break payload,
                7 => break payload[4..8].to_vec(),
                _ => {}
            }
        };
        // RST_STREAM or GOAWAY with PROTOCOL_ERROR (RFC 9113 §8.2).
        assert_eq!(answer, [0, 0, 0, 1], "{name}");
    }
}

#[tokio::test(flavor = "local")]
async fn answers_without_a_body_have_none() {
    let site = serve(async |request: Asked| match request.uri().path() {
        "/204" => Response::empty(204),
        "/304" => Response::empty(304),
        _ => Response::text("seven.."),
    });
    let mut client = H2::connect(&site).await;
    let request = Request::head("http://a/").body(()).unwrap();
    let head = client.ask(request).await.unwrap();
    assert_eq!((head.status(), &*head.body), (StatusCode::OK, ""));
    assert_eq!(head.head.headers()[CONTENT_LENGTH], "7");
    for path in ["204", "304"] {
        let answer = client.get(&format!("http://a/{path}")).await;
        assert_eq!((answer.status().as_str(), &*answer.body), (path, ""));
    }
}

#[tokio::test(flavor = "local")]
async fn a_plain_connect_is_refused() {
    let site = serve(tell);
    let mut client = H2::connect(&site).await;
    let request = Request::builder().method(Method::CONNECT).uri("a:443").body(()).unwrap();
    assert_eq!(client.ask(request).await.unwrap().status(), 501);
    assert_eq!(client.get("http://a/").await.status(), 200);
}

#[tokio::test(flavor = "local")]
async fn a_body_over_the_limit_is_413_and_the_others_go_on() {
    let site = serve_with(ServerConfig::default().body_bytes(4), tell);
    let mut client = H2::connect(&site).await;
    let (answer, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    body.send_data(Bytes::from_static(b"12345"), false).unwrap();
    assert_eq!(read(answer).await.unwrap().status(), 413);
    assert_eq!(client.get("http://a/").await.status(), 200);
}

#[tokio::test(flavor = "local")]
async fn an_answer_that_breaks_off_is_reset() {
    let site = serve(async |_: Asked| {
        let (mut writer, body) = Body::writer();
        tokio::task::spawn_local(async move {
            writer.write("half").await.ok();
            // Dropped before its end, it aborts the message.
        });
        Response::new(body)
    });
    let mut client = H2::connect(&site).await;
    assert!(client.ask(Request::get("http://a/").body(()).unwrap()).await.unwrap_err().is_reset());
    assert!(!client.ending.is_finished());
}

#[tokio::test(flavor = "local")]
async fn a_large_answer_comes_whole() {
    let site = serve(async |_: Asked| "x".repeat(3 << 20));
    let mut client = H2::connect(&site).await;
    assert_eq!(client.get("http://a/").await.body.len(), 3 << 20);
}

#[tokio::test(flavor = "local")]
async fn a_handler_finishes_though_its_client_took_the_request_back() {
    let (begun, go) = (Rc::new(Notify::new()), Rc::new(Semaphore::new(0)));
    let done = Rc::new(Cell::new(0));
    let site = serve({
        let (begun, go, done) = (begun.clone(), go.clone(), done.clone());
        move |request: Asked| {
            let (begun, go, done) = (begun.clone(), go.clone(), done.clone());
            async move {
                begun.notify_one();
                request.connection().closed().await;
                go.acquire().await.unwrap().forget();
                done.set(done.get() + 1);
                "done"
            }
        }
    });
    let mut client = H2::connect(&site).await;
    let (answer, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    within(begun.notified()).await;
    body.send_reset(h2::Reason::CANCEL);
    assert!(read(answer).await.is_err());

    // And though the client has gone altogether.
    let mut other = H2::connect(&site).await;
    let (answer, _body) = other.open(Request::post("http://a/").body(()).unwrap()).await;
    within(begun.notified()).await;
    other.ending.abort();
    drop((answer, other));

    go.add_permits(2);
    let report = site.stop().await;
    assert_eq!((done.get(), report.cut), (2, 0));
}

#[tokio::test(flavor = "local")]
async fn a_handler_that_cancels_on_disconnect_does() {
    struct Told(Rc<Cell<bool>>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let (begun, dropped) = (Rc::new(Notify::new()), Rc::new(Cell::new(false)));
    let handler = {
        let (begun, dropped) = (begun.clone(), dropped.clone());
        move |_: Asked| {
            let (begun, told) = (begun.clone(), Told(dropped.clone()));
            async move {
                let _told = told;
                begun.notify_one();
                std::future::pending::<&'static str>().await
            }
        }
    };
    let site = serve(handler.cancel_on_disconnect());
    let mut client = H2::connect(&site).await;
    let (answer, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    within(begun.notified()).await;
    body.send_reset(h2::Reason::CANCEL);
    assert!(read(answer).await.is_err());
    within(async {
        while !dropped.get() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_body_that_does_not_come_times_out_alone() {
    let config = ServerConfig::default().body_timeout(Duration::from_secs(3)).body_rate(0);
    let site = serve_with(config, tell);
    let mut client = H2::connect(&site).await;
    let (late, _late_body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    let (other, mut body) = client.open(Request::post("http://a/").body(()).unwrap()).await;
    for _ in 0..5 {
        if body.send_data(Bytes::from_static(b"."), false).is_err() {
            panic!("{:?}", read(other).await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(read(late).await.unwrap().status(), 408);
    body.send_data(Bytes::new(), true).unwrap();
    assert_eq!(read(other).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_connection_with_nothing_open_ends_in_order() {
    let config = ServerConfig::default().idle_timeout(Duration::from_secs(5));
    let site = serve_with(config, tell);
    let mut client = H2::connect(&site).await;
    assert_eq!(client.get("http://a/").await.status(), 200);
    let before = tokio::time::Instant::now();
    within(client.ending).await.unwrap().unwrap();
    let waited = before.elapsed().as_secs_f64();
    assert!((5.0..5.5).contains(&waited), "{waited}");
    assert_eq!(site.stop().await.cut, 0);
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn pings_do_not_keep_a_connection_that_asks_nothing() {
    let config = ServerConfig::default()
        .idle_timeout(Duration::from_secs(5))
        .first_byte_timeout(Duration::from_secs(5));
    let site = serve_with(config, tell);
    for requests in 0..2 {
        let mut frames = Frames::connect(&site).await;
        if requests > 0 {
            frames.send(&headers(1, &GET)).await;
        }
        let before = tokio::time::Instant::now();
        let mut goaway = false;
        while frames.send(&frame(6, 0, 0, &[7; 8])).await && before.elapsed().as_secs() < 20 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            goaway = goaway || frames.next().await.is_some_and(|(kind, ..)| kind == 7);
        }
        assert!(before.elapsed().as_secs() < 20, "{requests} requests");
    }
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_makes_no_room_is_reset() {
    let config = ServerConfig::default().write_timeout(Duration::from_secs(3));
    let site = serve_with(config, async |_: Asked| "x".repeat(200 << 10));
    let mut client = H2::connect(&site).await;
    let (answer, _) = client
        .ready()
        .await
        .send_request(Request::get("http://a/").body(()).unwrap(), true)
        .unwrap();
    // It never releases what it has received.
    let mut body = within(answer).await.unwrap().into_body();
    let error = loop {
        match within(body.data()).await.unwrap() {
            Ok(piece) => drop(piece),
            Err(error) => break error,
        }
    };
    assert_eq!((error.is_reset(), error.reason()), (true, Some(h2::Reason::CANCEL)), "{error:?}");
    assert!(!client.ending.is_finished());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_slow_stream_that_gets_on_is_not_reset() {
    let config = ServerConfig::default().write_timeout(Duration::from_secs(9)).write_rate(0);
    let site = serve_with(config, async |_: Asked| "x".repeat(200 << 10));
    let mut client = H2::connect(&site).await;
    let (answer, _) = client
        .ready()
        .await
        .send_request(Request::get("http://a/").body(()).unwrap(), true)
        .unwrap();
    let mut body = within(answer).await.unwrap().into_body();
    let mut len = 0;
    while let Some(piece) = within(body.data()).await {
        let piece = piece.unwrap();
        len += piece.len();
        tokio::time::sleep(Duration::from_secs(1)).await;
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert_eq!(len, 200 << 10);
}

#[tokio::test(flavor = "local")]
async fn a_drain_lets_the_open_requests_finish() {
    let (begun, go) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
    let site = serve({
        let (begun, go) = (begun.clone(), go.clone());
        move |_: Asked| {
            let (begun, go) = (begun.clone(), go.clone());
            async move {
                begun.notify_one();
                go.notified().await;
                "finished"
            }
        }
    });
    let mut client = H2::connect(&site).await;
    let (answer, _) = client
        .ready()
        .await
        .send_request(Request::get("http://a/").body(()).unwrap(), true)
        .unwrap();
    let idle = H2::connect(&site).await;
    within(begun.notified()).await;
    site.handle.shutdown();
    within(idle.ending).await.unwrap().unwrap();
    go.notify_one();
    assert_eq!(read(answer).await.unwrap().body, "finished");
    within(client.ending).await.unwrap().unwrap();
    let report = within(site.serving).await.unwrap();
    assert_eq!((report.finished, report.cut), (2, 0));
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn what_does_not_end_is_cut_off() {
    let config = ServerConfig::default().drain_timeout(Duration::from_secs(2));
    let site = serve_with(config, async |_: Asked| std::future::pending::<&'static str>().await);
    let mut client = H2::connect(&site).await;
    let (answer, _) = client
        .ready()
        .await
        .send_request(Request::get("http://a/").body(()).unwrap(), true)
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let report = site.stop().await;
    assert_eq!((report.finished, report.cut), (0, 1));
    assert!(read(answer).await.is_err());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_does_not_answer_pings_is_given_up() {
    let limits = Http2Config::default()
        .ping_interval(Duration::from_secs(2))
        .ping_timeout(Duration::from_secs(1));
    let config = ServerConfig::default().http2(limits);
    let site = serve_with(config, async |_: Asked| std::future::pending::<&'static str>().await);
    let mut frames = Frames::connect(&site).await;
    frames.send(&headers(1, &GET)).await;
    let before = tokio::time::Instant::now();
    frames.goaway().await;
    assert!(before.elapsed().as_secs() < 6);
}
