//! What can go to other threads.

use landspout_websocket::{
    Agreement, CloseCode, Config, Error, Event, HandshakeError, Message, Offer, Opening,
    PreparedMessage, Protocol, Receiver, Sender, WebSocket,
};
use tokio::io::DuplexStream;

fn is_send<T: Send>() {}
fn is_sync<T: Send + Sync>() {}
fn future_is_send<T: Send>(_: &T) {}

#[test]
fn values_go_to_other_threads() {
    is_sync::<Agreement>();
    is_sync::<CloseCode>();
    is_sync::<Config>();
    is_sync::<Error>();
    is_sync::<Event>();
    is_sync::<HandshakeError>();
    is_sync::<Message>();
    is_sync::<Offer>();
    is_sync::<Opening>();
    is_sync::<PreparedMessage>();
    is_sync::<Protocol>();
}

#[test]
fn sockets_and_their_futures_go_where_their_stream_goes() {
    is_send::<WebSocket<DuplexStream>>();
    is_sync::<Sender<DuplexStream>>();
    is_send::<Receiver<DuplexStream>>();
    fn check(socket: &mut WebSocket<DuplexStream>, sender: &Sender<DuplexStream>) {
        future_is_send(&socket.receive());
        future_is_send(&socket.send("text"));
        future_is_send(&socket.flush());
        future_is_send(&socket.close(CloseCode::NORMAL, ""));
        future_is_send(&sender.send("text"));
    }
    let _ = check;
}
