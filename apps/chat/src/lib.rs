//! A chat room, as Tornado's demo has it: who is in it sees what is said, at once.
//!
//! A page speaks over a WebSocket. Where that does not get through, it asks with `GET
//! /messages?after=N`, which waits until there is something to say, and tells with `POST /messages`.
//!
//! The room is plain data on one event loop, and nobody has a queue of their own: a viewer knows the
//! number of the last line it has, and is given the later ones.

use landspout::web::static_files::Embedded;
use landspout::web::websocket::{Socket, websocket};
use landspout::web::{Application, get};
use landspout::{Error, Json, Request};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// So many lines are kept: who comes in sees the last ones.
const KEPT: usize = 200;
/// Characters of a line and of a name; the rest is cut off.
const LINE: usize = 500;
const NAME: usize = 30;
/// A question is answered after this time at the latest, with nothing, and asked again.
const POLL: Duration = Duration::from_secs(25);

const PAGE: [(&str, &[u8]); 3] = [
    ("index.html", include_bytes!("../page/index.html")),
    ("chat.css", include_bytes!("../page/chat.css")),
    ("chat.js", include_bytes!("../page/chat.js")),
];

/// What somebody says.
#[derive(Debug, Clone, Deserialize)]
struct Said {
    name: String,
    text: String,
}

/// A line of the room, with its number.
#[derive(Debug, Clone, Serialize)]
struct Line {
    number: u64,
    name: String,
    text: String,
}

/// The lines, and the number of the last one for those who wait for the next.
struct Room {
    lines: RefCell<VecDeque<Line>>,
    last: watch::Sender<u64>,
}

impl Room {
    fn say(&self, said: &Said) {
        let number = *self.last.borrow() + 1;
        let cut = |text: &str, len| text.trim().chars().take(len).collect::<String>();
        let (name, text) = (cut(&said.name, NAME), cut(&said.text, LINE));
        if text.is_empty() {
            return;
        }
        let mut lines = self.lines.borrow_mut();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(Line { number, name, text });
        drop(lines);
        self.last.send_replace(number);
    }

    fn after(&self, seen: u64) -> Vec<Line> {
        self.lines.borrow().iter().filter(|line| line.number > seen).cloned().collect()
    }
}

/// The page, the WebSocket and the long poll, around one room.
pub fn application() -> Application {
    let room = Room { lines: RefCell::default(), last: watch::Sender::new(0) };
    Application::new()
        .per_loop(room)
        .route("/socket", websocket(join))
        .route("/messages", get(poll).post(say))
        .mount("/", Embedded::new(&PAGE))
}

/// Gives the lines that come, and takes those that are said.
async fn join(request: Request, socket: &mut Socket) {
    let Ok(room) = request.per_loop::<Room>() else { return };
    let mut last = room.last.subscribe();
    let mut seen = seen(&request);
    loop {
        for line in room.after(seen) {
            seen = line.number;
            let Ok(text) = serde_json::to_string(&line) else { return };
            if socket.send(text).await.is_err() {
                return;
            }
        }
        tokio::select! {
            _ = last.changed() => {}
            message = socket.receive() => match message {
                Ok(Some(message)) => match serde_json::from_slice(message.as_bytes()) {
                    Ok(said) => room.say(&said),
                    Err(_) => return,
                },
                _ => return,
            },
        }
    }
}

async fn poll(request: Request) -> Result<Json<Vec<Line>>, Error> {
    let room = request.per_loop::<Room>()?;
    let seen = seen(&request);
    let mut last = room.last.subscribe();
    let connection = request.connection();
    tokio::select! {
        _ = timeout(POLL, last.wait_for(|number| *number > seen)) => {}
        () = connection.closed() => {}
        () = connection.draining() => {}
    }
    Ok(Json(room.after(seen)))
}

async fn say(mut request: Request) -> Result<(), Error> {
    let said = request.json().await?;
    request.per_loop::<Room>()?.say(&said);
    Ok(())
}

fn seen(request: &Request) -> u64 {
    request.query_value("after").and_then(|number| number.parse().ok()).unwrap_or(0)
}
