//! Where redirects lead, and what goes along.

use crate::script::{Act, OK, Server, write};
use landspout_client::{
    Body, Client, ClientConfig, RedirectAction, RedirectAttempt, RedirectPolicy,
};
use std::sync::{Arc, Mutex};

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// A server whose connections are redirected to these places, and then answered.
async fn chain(locations: &[(u16, &str)]) -> Server {
    let mut script = Vec::new();
    for (status, location) in locations {
        script.extend([Act::Read, write(to(*status, location))]);
    }
    script.extend([Act::Read, write(OK)]);
    Server::play([script]).await
}

#[tokio::test]
async fn methods_change_as_the_status_says() {
    let table = [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "GET", "GET"),
    ];
    for (status, before, after) in table {
        let server = chain(&[(status, "/there")]).await;
        let request = Client::new().request(before.parse().unwrap(), server.url("/here"));
        let request = request.header("content-type", "text/plain").header("x-mine", "1");
        let request = if before == "HEAD" { request } else { request.body("data") };
        request.send().await.unwrap();
        let second = &server.requests()[1];
        let keeps = before == after && before != "HEAD";
        assert!(second.starts_with(&format!("{after} /there HTTP/1.1\r\n")), "{status}: {second}");
        assert_eq!(second.ends_with("\r\n\r\ndata"), keeps, "{status}: {second}");
        assert!(second.contains("x-mine: 1\r\n"));
        if before != after {
            assert!(!second.contains("content-type"), "{status}: {second}");
        }
    }
}

#[tokio::test]
async fn the_way_is_kept_and_the_connection_is_used_again() {
    let server = chain(&[(302, "b?c"), (301, "../d")]).await;
    let response = Client::new().get(server.url("/x/a#part")).send().await.unwrap();
    assert_eq!(response.url(), server.url("/d#part"));
    let history: Vec<_> =
        response.history().iter().map(|step| (step.status.as_u16(), step.url.clone())).collect();
    assert_eq!(history, [(302, server.url("/x/a#part")), (301, server.url("/x/b?c#part"))]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_fragment_of_the_location_wins() {
    let server = chain(&[(302, "/b#new")]).await;
    let response = Client::new().get(server.url("/a#old")).send().await.unwrap();
    assert_eq!(response.url(), server.url("/b#new"));
}

#[tokio::test]
async fn an_answer_that_does_not_say_where_to_go_is_the_answer() {
    for answer in [
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 300 Multiple Choices\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    ] {
        let server = Server::answering(answer).await;
        let response = Client::new().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.history(), []);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn following_none_makes_the_redirect_the_answer() {
    let server = chain(&[(302, "/there")]).await;
    let response = Client::new().get(server.url("/")).max_redirects(0).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.header("location"), Some("/there"));
}

#[tokio::test]
async fn a_loop_ends_at_the_limit() {
    let server = Server::play([vec![Act::Read, write(to(302, "/"))]]).await;
    let error = Client::new().get(server.url("/")).send().await.unwrap_err();
    assert!(error.is_redirect() && !error.is_body());
    assert_eq!(format!("{error:?}"), format!("{error}: more than 5 redirects"));
    assert_eq!(server.requests().len(), 6);
    let config = ClientConfig::default().max_redirects(2);
    let server = chain(&[(302, "/a"), (302, "/b")]).await;
    Client::with_config(config).get(server.url("/")).send().await.unwrap();
}

#[tokio::test]
async fn a_location_that_is_no_web_address_is_an_error() {
    for location in ["file:///etc/passwd", "javascript:alert(1)", "http://", "http://[::1/"] {
        let server = chain(&[(302, location)]).await;
        let error = Client::new().get(server.url("/")).send().await.unwrap_err();
        assert!(error.is_redirect(), "{location}: {error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_stream_is_not_sent_twice_but_can_be_left_behind() {
    let stream = || Body::stream(futures_util::stream::iter([Ok::<_, std::io::Error>("x".into())]));
    let server = chain(&[(307, "/b")]).await;
    let error = Client::new().post(server.url("/")).body(stream()).send().await.unwrap_err();
    assert!(error.is_redirect(), "{error:?}");
    let server = chain(&[(303, "/b")]).await;
    Client::new().post(server.url("/")).body(stream()).send().await.unwrap();
    assert!(!server.requests()[1].contains("transfer-encoding"));
}

const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "host: mine"];

fn with_secrets(url: &str) -> landspout_client::RequestBuilder {
    let request = Client::new().get(url).header("cookie", "a=b").header("host", "mine");
    request.header("proxy-authorization", "x").basic_auth("user", "word").header("x-mine", "1")
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let server = chain(&[(302, "/b")]).await;
    with_secrets(&server.url("/")).send().await.unwrap();
    for secret in SECRETS {
        assert!(server.requests()[1].contains(secret), "{secret} stays at home");
    }

    let other = Server::answering(OK).await;
    let server = chain(&[(302, &other.url("/"))]).await;
    with_secrets(&server.url("/")).send().await.unwrap();
    let seen = &other.requests()[0];
    for secret in SECRETS {
        assert!(!seen.contains(secret), "{secret} does not go to {seen}");
    }
    assert!(seen.contains("x-mine: 1"));
    assert!(seen.contains(&format!("host: {}\r\n", other.addr)));
}

#[tokio::test]
async fn credentials_that_were_dropped_do_not_come_back() {
    let home = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home_addr = home.local_addr().unwrap();
    let other = chain(&[(302, &format!("http://user:word@{home_addr}/back"))]).await;
    let script = [Act::Read, write(to(302, &other.url("/"))), Act::Read, write(OK)];
    let home = Server::play_on(home, [script.to_vec()]);
    with_secrets(&home.url("/")).send().await.unwrap();
    let back = &home.requests()[1];
    assert!(back.starts_with("GET /back "), "{back}");
    for secret in SECRETS {
        assert!(!back.contains(secret), "{secret} is not restored in {back}");
    }
}

#[tokio::test]
async fn credentials_of_the_url_stay_with_their_origin_too() {
    let other = Server::answering(OK).await;
    let server = chain(&[(302, "/b"), (302, &other.url("/"))]).await;
    let url = format!("http://user:word@{}/", server.addr);
    let response = Client::new().get(url).send().await.unwrap();
    assert!(server.requests()[1].contains("authorization: Basic"));
    assert!(!other.requests()[0].contains("authorization"));
    assert!(response.history().iter().all(|step| !step.url.contains("word")));
}

#[tokio::test]
async fn a_redirect_with_a_body_does_not_hold_up_the_next_request() {
    let head = "HTTP/1.1 302 Found\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let short = format!("{head}5\r\nhello\r\n0\r\n\r\n");
    let server = Server::play([vec![Act::Read, write(short), Act::Read, write(OK)]]).await;
    let response = Client::new().get(server.url("/")).send().await.unwrap();
    assert!(response.timings().reused);

    let endless = format!("{head}5\r\nhello\r\n");
    let script = vec![Act::Read, write(endless), Act::Hold];
    let server = Server::play([script, vec![Act::Read, write(OK)]]).await;
    let response = Client::new().get(server.url("/")).send().await.unwrap();
    assert!(!response.timings().reused && response.status() == 200);
}

#[tokio::test]
async fn a_policy_decides_with_the_way_before_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let policy = RedirectPolicy::new(move |redirect| {
        let RedirectAttempt { status, method, is_same_origin, history, .. } = *redirect;
        let to = redirect.to.rsplit('/').next().unwrap().to_owned();
        log.lock().unwrap().push((status.as_u16(), method.clone(), is_same_origin, history.len()));
        match to.as_str() {
            "stop" => RedirectAction::Stop,
            "never" => RedirectAction::Refuse("never there".to_owned()),
            _ => RedirectAction::Follow,
        }
    });
    let server = chain(&[(303, "/b"), (302, "/stop")]).await;
    let request = Client::new().post(server.url("/a")).body("x").redirect_policy(policy.clone());
    let response = request.send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.history().len()), (302, 1));
    let expected = [(303, http::Method::GET, true, 0), (302, http::Method::GET, true, 1)];
    assert_eq!(*seen.lock().unwrap(), expected);
    let server = chain(&[(302, "http://127.0.0.1:1/never")]).await;
    let request = Client::new().get(server.url("/")).redirect_policy(policy);
    let error = request.send().await.unwrap_err();
    assert!(error.is_redirect());
    assert!(format!("{error:?}").ends_with("never there"));
    assert!(!seen.lock().unwrap()[2].2);
}

#[tokio::test]
async fn a_referer_is_cut_to_its_origin_on_the_way_to_another() {
    let other = Server::answering(OK).await;
    let server = chain(&[(302, "/b"), (302, &other.url("/"))]).await;
    let page = "https://page.example/secret?q";
    Client::new().get(server.url("/")).header("referer", page).send().await.unwrap();
    assert!(server.requests()[1].contains(&format!("referer: {page}\r\n")));
    assert!(other.requests()[0].contains("referer: https://page.example/\r\n"));
    let server = chain(&[(302, &other.url("/"))]).await;
    Client::new().get(server.url("/")).header("referer", "nonsense").send().await.unwrap();
    assert!(!other.requests()[1].contains("referer"));
}

#[tokio::test]
async fn default_credentials_in_headers_stay_with_their_origin_too() {
    let other = Server::answering(OK).await;
    let server = chain(&[(302, &other.url("/"))]).await;
    let config =
        ClientConfig::default().header("authorization", "Basic eDp5").header("x-mine", "1");
    Client::with_config(config).get(server.url("/")).send().await.unwrap();
    assert!(server.requests()[0].contains("authorization: Basic eDp5"));
    assert!(!other.requests()[0].contains("authorization"));
    assert!(other.requests()[0].contains("x-mine: 1"));
}
