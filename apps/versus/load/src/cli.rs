//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Load on a server on this machine.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    #[arg(long)]
    pub(crate) port: u16,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// WebSocket messages to `/echo`, which come back.
    Echo(EchoLoad),
    /// WebSocket messages to `/room`, which everybody gets.
    Room(FanOut),
    /// POSTs to `/publish`, which everybody at `/events` gets.
    Events(FanOut),
    /// Connections that are opened, used once, and left alone.
    Idle(IdleLoad),
}

#[derive(Debug, Args)]
pub(crate) struct EchoLoad {
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// Messages that are sent at once, before any is waited for.
    #[arg(long, default_value_t = 1)]
    pub(crate) in_flight: usize,
    /// Bytes of a message.
    #[arg(long, default_value_t = 128)]
    pub(crate) size: usize,
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct FanOut {
    #[arg(long, default_value_t = 1000)]
    pub(crate) subscribers: usize,
    /// Messages that are sent before all subscribers have got the first of them.
    #[arg(long, default_value_t = 8)]
    pub(crate) window: usize,
    /// Bytes of a message.
    #[arg(long, default_value_t = 128)]
    pub(crate) size: usize,
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
}

#[derive(Debug, Args)]
pub(crate) struct IdleLoad {
    #[arg(long, default_value_t = 5000)]
    pub(crate) connections: usize,
    #[arg(long)]
    pub(crate) kind: IdleKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IdleKind {
    /// One GET of `/plaintext`.
    Http,
    /// One message to `/echo`.
    Websocket,
    /// The same, with compression offered; the server must take the offer.
    Deflate,
}
