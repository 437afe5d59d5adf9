//! The command `landspout`: fetches URLs, and talks to WebSockets.

mod arguments;
mod destination;
mod failure;
mod fetch;
mod progress;
mod request;
mod settings;
mod table;
mod talk;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Failure::local("the runtime", error).tell(),
    };
    // Ends also while a thread still waits for a line of the standard input.
    std::process::exit(code);
}

async fn run(arguments: Arguments) -> i32 {
    let result = match &arguments.command {
        Command::Fetch(arguments) => fetch::run(arguments).await,
        Command::Ws(arguments) => talk::run(arguments).await.map(|()| 0),
    };
    result.unwrap_or_else(|failure| failure.tell())
}
