//! actix-ws, on one worker. A room is a list of its sessions.

use actix_web::web::{Data, Payload, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use actix_ws::{Message, Session};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use versus_contract::Setting;

fn main() -> io::Result<()> {
    let setting = Setting::read();
    let server = HttpServer::new(|| {
        App::new()
            .app_data(Data::new(Room::default()))
            .route("/echo", get().to(echo))
            .route("/room", get().to(room))
    });
    let server = server.workers(1).bind(setting.addr)?;
    rt::System::new().block_on(server.run())
}

/// Who is in the room: there is one worker, and so one room.
type Room = Rc<RefCell<Vec<Session>>>;

async fn echo(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut stream) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        while let Some(Ok(message)) = stream.recv().await {
            let sent = match message {
                Message::Text(text) => session.text(text).await,
                Message::Binary(bytes) => session.binary(bytes).await,
                Message::Close(_) => return,
                _ => Ok(()),
            };
            if sent.is_err() {
                return;
            }
        }
    });
    Ok(response)
}

async fn room(
    request: HttpRequest,
    body: Payload,
    room: Data<Room>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, mut stream) = actix_ws::handle(&request, body)?;
    room.borrow_mut().push(session);
    rt::spawn(async move {
        while let Some(Ok(message)) = stream.recv().await {
            let Message::Text(text) = message else { continue };
            let mut members = room.borrow().clone();
            join_all(members.iter_mut().map(|member| member.text(text.clone()))).await;
        }
    });
    Ok(response)
}
