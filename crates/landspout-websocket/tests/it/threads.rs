//! Over TCP, on a runtime of several threads.

use landspout_websocket::{CloseCode, Config, Message, WebSocket};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn many_senders_on_several_threads_lose_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let socket = WebSocket::accept(stream, &Config::default()).await.unwrap();
        let (sender, mut receiver) = socket.split();
        let senders: Vec<_> = (0..4)
            .map(|task| {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for number in 0..500 {
                        // From nothing to more than the socket's buffer.
                        let text = format!("{task} {number} {}", "x".repeat(number * 20));
                        sender.send(text).await.unwrap();
                    }
                })
            })
            .collect();
        let mut echoed = 0;
        while let Some(message) = receiver.receive().await.unwrap() {
            sender.send(message).await.unwrap();
            echoed += 1;
        }
        for sender in senders {
            sender.await.unwrap();
        }
        echoed
    });

    let stream = TcpStream::connect(address).await.unwrap();
    let uri = format!("ws://{address}/").parse().unwrap();
    let socket = WebSocket::connect(stream, &uri, &Config::default()).await.unwrap();
    let (sender, mut receiver) = socket.split();
    let asking = {
        let sender = sender.clone();
        tokio::spawn(async move {
            for number in 0..1000 {
                sender.send(vec![number as u8; 300]).await.unwrap();
            }
        })
    };
    let mut next = [0; 4];
    let mut answers = 0;
    while answers < 1000 || next != [500; 4] {
        match receiver.receive().await.unwrap().unwrap() {
            Message::Text(text) => {
                let mut words = text.split(' ');
                let task: usize = words.next().unwrap().parse().unwrap();
                assert_eq!(words.next().unwrap(), next[task].to_string());
                next[task] += 1;
            }
            Message::Binary(bytes) => {
                assert_eq!(bytes, vec![answers as u8; 300]);
                answers += 1;
            }
        }
    }
    asking.await.unwrap();
    sender.close(CloseCode::NORMAL, "");
    assert_eq!(receiver.receive().await.unwrap(), None);
    assert_eq!(serving.await.unwrap(), 1000);
}
