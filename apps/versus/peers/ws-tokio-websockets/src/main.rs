//! tokio-websockets, which does the handshake by itself, on one thread.

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::broadcast;
use tokio::task::spawn_local;
use tokio_websockets::{Error, Message, ServerBuilder, WebSocketStream};
use versus_contract::{QUEUE, Setting};

type Everybody = broadcast::Sender<Message>;

fn main() {
    let setting = Setting::read();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
        let everybody = Everybody::new(QUEUE);
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            spawn_local(connection(stream, everybody.clone()));
        }
    });
}

async fn connection(stream: TcpStream, everybody: Everybody) -> Result<(), Error> {
    let _ = stream.set_nodelay(true);
    let (request, socket) = ServerBuilder::new().accept(stream).await?;
    match request.uri().path() {
        "/room" => room(socket, &everybody).await,
        _ => echo(socket).await,
    }
}

async fn echo(mut socket: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn room(socket: WebSocketStream<TcpStream>, everybody: &Everybody) -> Result<(), Error> {
    let mut said = everybody.subscribe();
    let (mut sink, mut stream) = socket.split();
    let hearing = spawn_local(async move {
        while let Ok(message) = said.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        if message.is_text() || message.is_binary() {
            let _ = everybody.send(message);
        }
    }
    hearing.abort();
    Ok(())
}
