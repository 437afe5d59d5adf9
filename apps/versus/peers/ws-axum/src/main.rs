//! axum's WebSockets, which are tungstenite's, on one worker thread.
//!
//! The read buffer is 4 KiB, not 128 KiB: tungstenite clears it for each read.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::broadcast;
use versus_contract::{QUEUE, Setting};

fn main() {
    let setting = Setting::read();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let router = Router::new()
            .route("/echo", any(echo))
            .route("/room", any(room))
            .with_state(broadcast::Sender::new(QUEUE));
        let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router.into_make_service()).await.expect("serving does not end");
    });
}

const READ_BUFFER: usize = 4096;

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(READ_BUFFER).on_upgrade(async |mut socket: WebSocket| {
        while let Some(Ok(message)) = socket.recv().await {
            let is_echoed = matches!(message, Message::Text(_) | Message::Binary(_));
            if is_echoed && socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

async fn room(
    upgrade: WebSocketUpgrade,
    State(everybody): State<broadcast::Sender<Message>>,
) -> Response {
    upgrade.read_buffer_size(READ_BUFFER).on_upgrade(async move |socket: WebSocket| {
        let mut said = everybody.subscribe();
        let (mut sink, mut stream) = socket.split();
        let hearing = tokio::spawn(async move {
            while let Ok(message) = said.recv().await {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        });
        while let Some(Ok(message)) = stream.next().await {
            if matches!(message, Message::Text(_) | Message::Binary(_)) {
                let _ = everybody.send(message);
            }
        }
        hearing.abort();
    })
}
