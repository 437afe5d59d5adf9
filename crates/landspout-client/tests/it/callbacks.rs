//! Functions that are called while an answer arrives.

use crate::script::{Act, Server, write};
use landspout_client::Client;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn they_get_each_line_and_each_piece_of_the_last_answer() {
    let to = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nbye";
    let chunks = "HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one: 2\r\nTransfer-Encoding: chunked\r\n\r\n\
                  3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n";
    let server = Server::play([vec![Act::Read, write(to), Act::Read, write(chunks)]]).await;
    let (lines, pieces) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (header_log, piece_log) = (Arc::clone(&lines), Arc::clone(&pieces));
    let request = Client::new()
        .get(server.url("/"))
        .header_callback(move |line| header_log.lock().unwrap().push(line.to_owned()))
        .streaming_callback(move |piece| piece_log.lock().unwrap().extend_from_slice(&piece));
    let mut response = request.send().await.unwrap();
    let expected = ["HTTP/1.1 200 OK", "x-one: 1", "x-one: 2", "transfer-encoding: chunked"];
    assert_eq!(*lines.lock().unwrap(), expected);
    assert_eq!(*pieces.lock().unwrap(), b"onetwo");
    assert_eq!(response.bytes().await.unwrap(), "");
    assert!(response.timings().body.is_some());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_error_of_send() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
    let request = Client::new().get(server.url("/")).streaming_callback(|_| {});
    assert!(request.send().await.unwrap_err().is_body());
}
