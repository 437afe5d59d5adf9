//! The client against httpbin, which `HTTPBIN_PYTHON` is the Python of.

use crate::peer::{Peer, skipped};
use landspout_client::{Client, FileBody, Multipart, Part};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// httpbin on a free port, served by Flask; `None`, and a line that says so, where it is missing.
async fn httpbin() -> Option<Peer> {
    let python = std::env::var("HTTPBIN_PYTHON").unwrap_or("/usr/bin/python3".to_owned());
    let has_it = Command::new(&python).args(["-c", "import httpbin"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        skipped("httpbin");
        return None;
    }
    let start = |command: &mut Command, addr: std::net::SocketAddr, _: &Path| {
        let (host, port) = (addr.ip().to_string(), addr.port().to_string());
        command.args(["-m", "httpbin.core", "--host", &host, "--port", &port]);
    };
    Peer::start(&python, start).await
}

async fn json(request: landspout_client::RequestBuilder) -> Value {
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.url());
    response.json().await.unwrap()
}

#[tokio::test]
async fn redirects_and_what_is_sent() {
    let Some(server) = httpbin().await else { return };
    let base = format!("http://{}", server.addr);
    let client = Client::new();
    for path in ["redirect/3", "absolute-redirect/3", "relative-redirect/3"] {
        let response = client.get(format!("{base}/{path}")).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.history().len()), (200, 3), "{path}");
    }
    let error = client.get(format!("{base}/redirect/9")).send().await.unwrap_err();
    assert!(error.is_redirect());
    let to = format!("{base}/redirect-to?status_code=307&url=/post");
    let answer = json(client.post(to).form(&[("a", "1 & 2")])).await;
    assert_eq!(answer["form"]["a"], "1 & 2");
    let answer = json(client.get(format!("{base}/get")).query(&[("q", "ä")])).await;
    assert_eq!(answer["args"]["q"], "ä");
    let answer = json(client.put(format!("{base}/put")).json(&[1, 2])).await;
    assert_eq!(answer["json"], serde_json::json!([1, 2]));
    let limit = std::time::Duration::from_millis(200);
    let error = client.get(format!("{base}/delay/5")).timeout(limit).send().await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_multipart_form_is_understood() {
    let Some(server) = httpbin().await else { return };
    let path = server.path("notes.txt");
    std::fs::write(&path, "wet\r\n".repeat(50_000)).unwrap();
    let form = Multipart::new()
        .text("title", "R\"ain")
        .file("notes", FileBody::open(path).await.unwrap())
        .part(Part::bytes("empty", "").file_name("empty.bin"));
    let url = format!("http://{}/post", server.addr);
    let answer = json(Client::new().post(url).multipart(form)).await;
    assert_eq!(answer["form"]["title"], "R\"ain");
    assert_eq!(answer["files"]["notes"].as_str().unwrap().len(), 250_000);
    assert_eq!(answer["files"]["empty"], "");
}

#[cfg(all(feature = "gzip", feature = "brotli"))]
#[tokio::test]
async fn codings_and_conditions_are_understood() {
    let Some(server) = httpbin().await else { return };
    let base = format!("http://{}", server.addr);
    let client = Client::new();
    for (path, mark) in [("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli")] {
        let answer = json(client.get(format!("{base}/{path}"))).await;
        assert_eq!(answer[mark], true, "{path}: {answer}");
    }
    let request = client.get(format!("{base}/etag/abc")).if_none_match("\"abc\"");
    assert!(request.send().await.unwrap().is_not_modified());
    let response = client.get(format!("{base}/cache"));
    let now = std::time::SystemTime::now();
    assert!(response.if_modified_since(now).send().await.unwrap().is_not_modified());
}

#[tokio::test]
async fn a_range_is_saved() {
    let Some(server) = httpbin().await else { return };
    let client = Client::new();
    let url = format!("http://{}/range/5000", server.addr);
    let mut whole = Vec::new();
    let downloaded = client.get(&url).download().to_writer(&mut whole).await.unwrap();
    assert_eq!((downloaded.bytes, whole.len()), (5000, 5000));
    let mut rest = whole[..2000].to_vec();
    let etag = downloaded.response.unwrap().etag().unwrap().to_owned();
    let download = client.get(&url).download().resume_from(2000, etag);
    assert_eq!(download.to_writer(&mut rest).await.unwrap().bytes, 5000);
    assert_eq!(rest, whole);
}

#[cfg(feature = "digest")]
#[tokio::test]
async fn users_are_let_in_by_their_passwords() {
    use landspout_client::Credentials;
    let Some(server) = httpbin().await else { return };
    let base = format!("http://{}", server.addr);
    let client = Client::new();
    let basic = client.get(format!("{base}/basic-auth/me/word"));
    assert_eq!(json(basic.credentials(Credentials::basic("me", "word"))).await["user"], "me");
    let bearer = client.get(format!("{base}/bearer"));
    let token = Credentials::bearer("t0ken").unwrap();
    assert_eq!(json(bearer.credentials(token)).await["token"], "t0ken");
    let jar_free = |algorithm: &str, password: &str| {
        let url = format!("{base}/digest-auth/auth/me/word/{algorithm}");
        client.get(url).credentials(Credentials::digest("me", password))
    };
    for algorithm in ["MD5", "SHA-256"] {
        let answer = json(jar_free(algorithm, "word")).await;
        assert_eq!(answer["authenticated"], true, "{algorithm}");
        assert_eq!(jar_free(algorithm, "wrong").send().await.unwrap().status(), 401);
    }
}

#[cfg(feature = "cookies")]
#[tokio::test]
async fn cookies_are_kept_across_redirects() {
    use landspout_client::{CookieJar, RequestOptions};
    let Some(server) = httpbin().await else { return };
    let base = format!("http://{}", server.addr);
    let jar = CookieJar::new();
    let client = Client::new().with_defaults(RequestOptions::default().cookies(jar.clone()));
    let answer = json(client.get(format!("{base}/cookies/set?a=1&b=2"))).await;
    assert_eq!(answer["cookies"], serde_json::json!({"a": "1", "b": "2"}));
    let answer = json(client.get(format!("{base}/cookies/delete?a"))).await;
    assert_eq!(answer["cookies"], serde_json::json!({"b": "2"}));
    assert_eq!(jar.cookies().len(), 1);
}
