//! Load for WebSockets, rooms, server-sent events and idle connections, on one thread.
//!
//! What starts it reads `ready` when all connections are open and each has been answered as it
//! should, writes a line to begin, and reads what was done as one line of JSON. So what a server's
//! processor did before and after is not counted. At the end of its input the program ends.

mod cli;
mod connect;
mod echo;
mod events;
mod frame;
mod idle;
mod room;
mod session;

use clap::Parser;
use cli::{Command, Options};
use std::io;
use tokio::runtime::{Builder, LocalOptions};

fn main() -> io::Result<()> {
    let options = Options::parse();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        match options.command {
            Command::Echo(load) => echo::run(options.port, &load).await,
            Command::Room(load) => room::run(options.port, &load).await,
            Command::Events(load) => events::run(options.port, &load).await,
            Command::Idle(load) => idle::run(options.port, &load).await,
        }
    })
}
