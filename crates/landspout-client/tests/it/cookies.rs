//! Cookies of a jar, on the wire.
#![cfg(feature = "cookies")]

use crate::script::{Act, OK, Server, direct, write};
use landspout_client::{Client, CookieJar, RequestOptions};

fn with_jar() -> (Client, CookieJar) {
    let jar = CookieJar::new();
    let client = Client::new().with_defaults(RequestOptions::default().cookies(jar.clone()));
    (client, jar)
}

fn setting(cookies: &[&str]) -> String {
    let lines: String = cookies.iter().map(|cookie| format!("Set-Cookie: {cookie}\r\n")).collect();
    format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn what_was_set_is_sent_in_one_header_beside_the_callers() {
    let set = setting(&["a=1; Path=/", "b=2; Path=/deep", "c=3; Domain=other.example"]);
    let server = Server::play([vec![Act::Read, write(set), Act::Read, write(OK)]]).await;
    let (client, jar) = with_jar();
    client.get(server.url("/")).send().await.unwrap();
    client.get(server.url("/deep/er")).header("cookie", "own=0").send().await.unwrap();
    assert!(
        server.requests()[1].contains("cookie: own=0; b=2; a=1\r\n"),
        "{:?}",
        server.requests()
    );
    assert_eq!(jar.cookies().len(), 2);
}

#[tokio::test]
async fn a_redirect_sets_cookies_and_brings_those_of_where_it_leads() {
    let elsewhere = Server::answering(OK).await;
    // Ports do not tell cookies apart, but names do.
    let url = format!("http://elsewhere.test:{}/", elsewhere.addr.port());
    let to = format!(
        "HTTP/1.1 302 Found\r\nLocation: {url}\r\nSet-Cookie: seen=yes\r\nContent-Length: 0\r\n\r\n"
    );
    let home = Server::answering(to).await;
    let config = direct().resolve("elsewhere.test", [elsewhere.addr]);
    let jar = CookieJar::new();
    let options = RequestOptions::default().cookies(jar.clone());
    let client = Client::with_config(config).with_defaults(options);
    assert!(jar.set(&url, "theirs=1"));
    assert!(jar.set(&home.url("/"), "ours=1"));
    client.get(home.url("/")).header("cookie", "own=0").send().await.unwrap();
    assert!(home.requests()[0].contains("cookie: own=0; ours=1\r\n"));
    assert!(elsewhere.requests()[0].contains("cookie: theirs=1\r\n"));
    assert!(jar.cookies().iter().any(|cookie| cookie.name == "seen"));
}

#[tokio::test]
async fn a_request_can_do_without() {
    let server = Server::answering(setting(&["b=2"])).await;
    let (client, jar) = with_jar();
    jar.set(&server.url("/"), "a=1");
    let request = client.get(server.url("/")).options(|options| options.use_cookies(false));
    request.send().await.unwrap();
    assert!(!server.requests()[0].contains("cookie"));
    assert_eq!(jar.cookies().len(), 1);
    let other = CookieJar::new();
    client.get(server.url("/")).cookies(other.clone()).send().await.unwrap();
    assert!(!server.requests()[1].contains("cookie"));
    assert_eq!((jar.cookies().len(), other.cookies().len()), (1, 1));
}

#[test]
fn a_jar_is_saved_and_read_again() {
    let jar = CookieJar::new();
    jar.set("https://x.test/a/b", "s=1; Secure; HttpOnly; SameSite=Strict; Max-Age=100");
    jar.set("http://x.test/", "t=2; Domain=x.test");
    jar.set("http://x.test/", "gone=0; Max-Age=0");
    let json = jar.to_json();
    let again = CookieJar::from_json(&json).unwrap();
    assert_eq!(again.to_json(), json);
    assert_eq!(again.cookies().len(), 2);
    for bad in ["", "{}", "[{}]", "[{\"name\": 1}]"] {
        assert!(CookieJar::from_json(bad).is_err(), "{bad}");
    }
    assert!(!format!("{jar:?}").contains("s=1"));
    jar.clear();
    assert_eq!(jar.cookies(), []);
}

#[tokio::test]
async fn a_saved_cookie_that_no_header_can_hold_is_not_sent() {
    let json = r#"[{"name":"a","value":"b\r\nx: y","domain":"127.0.0.1","host_only":true,"path":"/",
        "expires":null,"secure":false,"http_only":false,"same_site":"unset","created":0,"accessed":0}]"#;
    let jar = CookieJar::from_json(json).unwrap();
    let server = Server::answering(OK).await;
    Client::new().get(server.url("/")).cookies(jar).send().await.unwrap();
    assert!(!server.requests()[0].contains("x: y"));
}
