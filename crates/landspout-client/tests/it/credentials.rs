//! Who the client says it is.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Client, ClientConfig, Credentials, Request, RequestOptions, Response};

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn credentials_of_the_client_go_to_the_first_origin_only() {
    let other = Server::answering(OK).await;
    let home =
        Server::play([vec![Act::Read, write(to("/next")), Act::Read, write(to(&other.url("/")))]])
            .await;
    let options = RequestOptions::default().credentials(Credentials::basic("me", "secret"));
    let client = Client::new().with_defaults(options);
    client.get(home.url("/")).send().await.unwrap();
    assert!(home.requests().iter().all(|seen| seen.contains("authorization: Basic bWU6c2VjcmV0")));
    assert!(!other.requests()[0].contains("authorization"));
    assert!(!format!("{client:?}").contains("secret") && !format!("{client:?}").contains("bWU6"));
}

#[tokio::test]
async fn what_is_nearer_to_the_request_wins() {
    let server = Server::answering(OK).await;
    let credentials = Credentials::bearer("default").unwrap();
    let client = Client::new().with_defaults(RequestOptions::default().credentials(credentials));
    client.get(server.url("/")).bearer_auth("header").send().await.unwrap();
    client.get(format!("http://me:word@{}/", server.addr)).send().await.unwrap();
    client.get(server.url("/")).credentials(Credentials::none()).send().await.unwrap();
    let own = Credentials::bearer("own").unwrap();
    client.get(server.url("/")).credentials(own).send().await.unwrap();
    let seen = server.requests();
    assert!(seen[0].contains("authorization: Bearer header\r\n"));
    assert!(seen[1].contains("authorization: Basic "));
    assert!(!seen[2].contains("authorization"));
    assert!(seen[3].contains("authorization: Bearer own\r\n"));
    assert!(Credentials::bearer("a\r\nb").is_err());
}

#[cfg(feature = "digest")]
mod digest {
    use super::*;
    use landspout_client::{Body, Replay};

    fn challenge(params: &str) -> String {
        format!(
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", {params}\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    /// A server that answers so on one connection, one after the other.
    async fn answers(answers: &[&str]) -> Server {
        Server::play([answers.iter().flat_map(|answer| [Act::Read, write(answer)]).collect()]).await
    }

    fn credentials() -> Credentials {
        Credentials::digest("me", "word")
    }

    /// The value of a parameter of a request's `Authorization`.
    fn param(request: &str, name: &str) -> Option<String> {
        let line = request.lines().find(|line| line.starts_with("authorization: Digest "))?;
        let (_, rest) = line.split_once(&format!(" {name}="))?;
        let value = rest.split(", ").next()?;
        Some(value.trim_end_matches(',').trim_matches('"').to_owned())
    }

    #[tokio::test]
    async fn a_challenge_is_answered_once_and_the_nonce_is_counted() {
        let asks = challenge("nonce=\"n1\", qop=\"auth\", algorithm=SHA-256, opaque=\"o\"");
        let server = answers(&[&asks, OK, OK]).await;
        let client = Client::new();
        let credentials = credentials();
        for _ in 0..2 {
            let request = client.get(server.url("/a?b")).credentials(credentials.clone());
            assert_eq!(request.send().await.unwrap().text().await.unwrap(), "hello");
        }
        let seen = server.requests();
        assert_eq!((seen.len(), server.connections()), (3, 1));
        assert_eq!(param(&seen[0], "nonce"), None);
        for (request, count) in seen[1..].iter().zip(["00000001", "00000002"]) {
            assert_eq!(param(request, "nc").as_deref(), Some(count));
            assert_eq!(param(request, "uri").as_deref(), Some("/a?b"));
            assert_eq!(param(request, "opaque").as_deref(), Some("o"));
            assert_eq!(param(request, "response").unwrap().len(), 64);
        }
        assert_ne!(param(&seen[1], "cnonce"), param(&seen[2], "cnonce"));
    }

    #[tokio::test]
    async fn a_wrong_password_ends_with_the_401() {
        let asks = challenge("nonce=n, qop=auth");
        let server = answers(&[&asks, &asks, &asks]).await;
        let request = Client::new().get(server.url("/")).credentials(credentials());
        assert_eq!(request.send().await.unwrap().status(), 401);
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_stale_nonce_is_replaced_once() {
        let (first, stale) = (challenge("nonce=a"), challenge("nonce=b, stale=TRUE"));
        let server = answers(&[&first, &stale, OK]).await;
        let request = Client::new().get(server.url("/")).credentials(credentials());
        assert_eq!(request.send().await.unwrap().status(), 200);
        assert_eq!(param(&server.requests()[2], "nonce").as_deref(), Some("b"));
        let server = answers(&[&first, &stale, &stale, &stale]).await;
        let request = Client::new().get(server.url("/")).credentials(credentials());
        assert_eq!(request.send().await.unwrap().status(), 401);
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn the_body_goes_along_if_it_can() {
        let asks = challenge("nonce=n");
        let stream =
            || Body::stream(futures_util::stream::iter([Ok::<_, std::io::Error>("x".into())]));
        let server = answers(&[&asks, OK]).await;
        let request = Client::new().post(server.url("/")).credentials(credentials());
        assert_eq!(request.body("data").send().await.unwrap().status(), 200);
        assert!(server.requests()[1].ends_with("\r\n\r\ndata"));
        let server = answers(&[&asks, OK]).await;
        let request = Client::new().post(server.url("/")).credentials(credentials());
        assert_eq!(request.body(stream()).send().await.unwrap().status(), 401);
        let server = answers(&[&asks, OK]).await;
        let request = Client::new().post(server.url("/")).credentials(credentials());
        assert_eq!(request.replay(Replay::new(stream)).send().await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn another_origin_learns_nothing() {
        let other = answers(&[&challenge("nonce=theirs"), OK]).await;
        let home = answers(&[&challenge("nonce=ours"), &to(&other.url("/"))]).await;
        let request = Client::new().get(home.url("/")).credentials(credentials());
        assert_eq!(request.send().await.unwrap().status(), 401);
        assert_eq!(other.requests().len(), 1);
        assert!(!other.requests()[0].contains("authorization"));
    }

    #[tokio::test]
    async fn a_user_can_be_hidden_or_have_any_name() {
        let server = answers(&[&challenge("nonce=n, userhash=true, algorithm=MD5-sess"), OK]).await;
        Client::new().get(server.url("/")).credentials(credentials()).send().await.unwrap();
        let seen = &server.requests()[1];
        assert_eq!(param(seen, "username").unwrap().len(), 32);
        assert!(seen.contains("userhash=true") && seen.contains("cnonce="));
        let server = answers(&[&challenge("nonce=n"), OK]).await;
        let jäger = Credentials::digest("Jäger", "word");
        Client::new().get(server.url("/")).credentials(jäger).send().await.unwrap();
        assert!(server.requests()[1].contains("username*=UTF-8''J%C3%A4ger, "));
    }
}

#[tokio::test(flavor = "local")]
async fn the_cookies_of_an_answer_are_not_shown() {
    let client = Client::over(|_: Request| async {
        let cookie = http::HeaderValue::from_static("sid=hidden1; Secure");
        let response = Response::text("hello").with_header(http::header::SET_COOKIE, cookie);
        response.with_header(http::header::SERVER, http::HeaderValue::from_static("shown"))
    });
    let request = client.get("http://me:hidden2@localhost/page").bearer_auth("hidden3");
    let shown = format!("{:?}", request.send().await.unwrap());
    assert!(!shown.contains("hidden1") && !shown.contains("hidden2") && !shown.contains("hidden3"));
    for part in ["set-cookie", "shown", "200", "http://localhost/page"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let config = ClientConfig::default().header("Authorization", "Bearer hidden1");
    let client = Client::with_config(config.clone().header("x-plain", "shown"));
    let request = client
        .get("http://me:hidden2@127.0.0.1/")
        .header("authorization", "Bearer hidden3")
        .header("Cookie", "sid=hidden4")
        .header("proxy-authorization", "Basic hidden5");
    let more = http::HeaderMap::from_iter([(http::header::COOKIE, "sid=hidden6".parse().unwrap())]);
    let shown = format!("{config:?} {client:?} {:?}", request.headers(more));
    assert!(!shown.contains("hidden") && shown.contains("shown"), "{shown}");
}
