//! Who is in the room sees what is said, whichever way they came in.

#![allow(missing_docs, clippy::unwrap_used)]

use landspout::event_loop::{EventLoop, spawn};
use landspout::websocket::{Config, WebSocket};
use landspout::{Client, Server};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpStream;

fn in_the_room(test: impl AsyncFnOnce(SocketAddr)) {
    EventLoop::new().unwrap().run_until(async {
        let server = Server::bind("127.0.0.1:0").unwrap();
        let addr = server.local_addr();
        drop(spawn(server.serve(chat::application())));
        test(addr).await;
    });
}

async fn join(addr: SocketAddr, after: u64) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let uri = format!("ws://{addr}/socket?after={after}").parse().unwrap();
    WebSocket::connect(stream, &uri, &Config::default()).await.unwrap()
}

async fn hear(socket: &mut WebSocket<TcpStream>) -> String {
    let message = socket.receive().await.unwrap().unwrap();
    let line: Value = serde_json::from_slice(message.as_bytes()).unwrap();
    format!("{}: {}", line["name"].as_str().unwrap(), line["text"].as_str().unwrap())
}

fn said(name: &str, text: &str) -> String {
    json!({ "name": name, "text": text }).to_string()
}

#[test]
fn what_one_says_all_hear() {
    in_the_room(async |addr| {
        let (mut ada, mut ben) = (join(addr, 0).await, join(addr, 0).await);
        ada.send(said("Ada", "hello")).await.unwrap();
        assert_eq!(hear(&mut ada).await, "Ada: hello");
        assert_eq!(hear(&mut ben).await, "Ada: hello");
    });
}

#[test]
fn who_comes_back_hears_what_was_missed_and_nothing_twice() {
    in_the_room(async |addr| {
        let mut ada = join(addr, 0).await;
        for text in ["one", "two"] {
            ada.send(said("Ada", text)).await.unwrap();
            hear(&mut ada).await;
        }
        assert_eq!(hear(&mut join(addr, 1).await).await, "Ada: two");
    });
}

#[test]
fn a_poll_waits_for_what_is_said_over_a_socket_and_the_other_way_round() {
    in_the_room(async |addr| {
        let (client, url) = (Client::new(), format!("http://{addr}/messages"));
        let mut ada = join(addr, 0).await;
        let poll = spawn({
            let (client, url) = (client.clone(), url.clone());
            async move {
                let mut response = client.get(url).send().await.unwrap();
                response.json::<Value>().await.unwrap()
            }
        });
        ada.send(said("Ada", "hello")).await.unwrap();
        assert_eq!(poll.await.unwrap()[0]["text"], "hello");
        let response =
            client.post(&url).json(&json!({ "name": "Ben", "text": "hi" })).send().await.unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(hear(&mut ada).await, "Ada: hello");
        assert_eq!(hear(&mut ada).await, "Ben: hi");
    });
}

#[test]
fn long_lines_are_cut_and_empty_ones_are_nothing() {
    in_the_room(async |addr| {
        let mut ada = join(addr, 0).await;
        ada.send(said("Ada", "  ")).await.unwrap();
        ada.send(said("Ada", &"é".repeat(900))).await.unwrap();
        assert_eq!(hear(&mut ada).await, format!("Ada: {}", "é".repeat(500)));
    });
}
