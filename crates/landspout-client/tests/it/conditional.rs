//! Requests that are answered only if something has changed.

use crate::script::{OK, Server};
use landspout_client::Client;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn each_condition_has_its_header() {
    let server = Server::answering(OK).await;
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
    let client = Client::new();
    client
        .get(server.url("/"))
        .if_none_match("W/\"a\"")
        .if_modified_since(time)
        .send()
        .await
        .unwrap();
    client.put(server.url("/")).if_match("\"b\"").if_unmodified_since(time).send().await.unwrap();
    let seen = server.requests();
    assert!(seen[0].contains("if-none-match: W/\"a\"\r\n"));
    assert!(seen[0].contains("if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert!(seen[1].contains("if-match: \"b\"\r\n"));
    assert!(seen[1].contains("if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    client.get(server.url("/")).if_modified_since(before).send().await.unwrap();
    assert!(server.requests()[2].contains("Thu, 01 Jan 1970 00:00:00 GMT"));
}

#[tokio::test]
async fn an_answer_says_what_it_is_known_by() {
    let answer = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\
                  Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
    let server = Server::answering(answer).await;
    let response = Client::new().get(server.url("/")).if_none_match("\"a\"").send().await.unwrap();
    assert!(response.is_not_modified());
    assert_eq!(response.etag(), Some("\"a\""));
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(response.last_modified(), Some(time));
}
