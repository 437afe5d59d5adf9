//! Serves the room: `chat [ADDRESS:PORT]`, by default 127.0.0.1:8889.

use landspout::Server;
use landspout::event_loop::{EventLoop, shutdown_signal, spawn};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1).unwrap_or("127.0.0.1:8889".to_owned());
    let server = Server::bind(addr)?;
    println!("the room is at http://{}/", server.local_addr());
    EventLoop::new()?.run_until(async {
        let handle = server.handle();
        drop(spawn(async move {
            shutdown_signal().await;
            handle.shutdown();
        }));
        server.serve(chat::application()).await;
    });
    Ok(())
}
