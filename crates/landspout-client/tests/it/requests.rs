//! What goes out, and what comes back.

use crate::script::{Act, Server, write};
use landspout_client::{Body, Client, ClientConfig, Request};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[tokio::test]
async fn a_get_says_who_asks_and_for_what() {
    let server = Server::answering(OK).await;
    let client = Client::with_config(ClientConfig::default().decompress(false));
    let mut response = client.get(server.url("/a?b=c")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.header("content-length"), Some("5"));
    assert_eq!(response.remote_addr(), Some(server.addr));
    assert_eq!(response.url(), server.url("/a?b=c"));
    assert_eq!(response.text().await.unwrap(), "hello");
    let expected = format!(
        "GET /a?b=c HTTP/1.1\r\nhost: {}\r\naccept: */*\r\nuser-agent: landspout/{}\r\n\r\n",
        server.addr,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(server.requests(), [expected]);
}
