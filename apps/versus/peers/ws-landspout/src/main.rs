//! landspout's WebSockets, with compression offered for whoever asks for it, on one loop.

use landspout::event_loop::WorkersConfig;
use landspout::web::Application;
use landspout::web::websocket::{Config, PreparedMessage, Sender, Socket, Upgraded, websocket};
use landspout::websocket::DeflateConfig;
use landspout::{Request, Serve, ServeConfig, ServeError};
use std::cell::RefCell;
use versus_contract::Setting;

fn main() -> Result<(), ServeError> {
    let setting = Setting::read();
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(1);
    Serve::bind_with(setting.addr, config)?.run(application).map(drop)
}

fn application() -> Application {
    let config = Config::default().deflate(DeflateConfig::default());
    Application::new()
        .per_loop(Room::default())
        .route("/echo", websocket(echo).config(config))
        .route("/room", websocket(join))
}

async fn echo(_: Request, socket: &mut Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Who is in the room.
#[derive(Default)]
struct Room(RefCell<Vec<Sender<Upgraded>>>);

async fn join(request: Request, socket: &mut Socket) {
    let Ok(room) = request.per_loop::<Room>() else { return };
    room.0.borrow_mut().push(socket.sender.clone());
    while let Ok(Some(message)) = socket.receive().await {
        // Framed once, for all.
        let message = PreparedMessage::new(message);
        let mut members = room.0.borrow_mut();
        members.retain(|member| member.try_send_prepared(&message).is_ok());
    }
}
