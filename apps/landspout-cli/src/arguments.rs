//! What can be said on the command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// What the program says of its exit codes, for scripts.
const EXIT_CODES: &str = "\
Exit codes, of the first URL that failed:
  0   all answered, whatever their status
  1   failed in another way than those below
  2   the command line is wrong, or what it asks for cannot be sent
  3   a file, the standard input or output cannot be read or written
  4   the host name is not known
  5   no connection, to the host or the proxy
  6   TLS was not agreed on: an untrusted certificate, or one for another name
  7   a limit of time was reached
  8   the answer is not HTTP, broke off, or is in a coding that cannot be undone
  9   a redirect could not be followed
  22  with --fail: a status of 400 or more";

/// Fetches URLs, and talks to WebSockets.
#[derive(Debug, Parser)]
#[command(name = "landspout", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetches URLs, many at once, and prints or saves their bodies
    #[command(after_help = EXIT_CODES)]
    Fetch(Box<FetchArguments>),
    /// Talks to a WebSocket: a line for a message, both ways
    Ws(Box<WsArguments>),
}

#[derive(Debug, Args)]
pub(crate) struct FetchArguments {
    /// What to fetch; without a scheme it is http
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,

    /// The method; GET, or POST with data
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) request: Option<String>,

    /// A body as a form has it; @FILE for that of a file, @- for the standard input. Several are
    /// joined by &
    #[arg(short, long, value_name = "DATA", conflicts_with = "json")]
    pub(crate) data: Vec<String>,

    /// A body of JSON, and an answer of JSON is wanted; @FILE and @- as for --data
    #[arg(long, value_name = "JSON")]
    pub(crate) json: Option<String>,

    /// Print the head of the answer before the body
    #[arg(short, long)]
    pub(crate) include: bool,

    /// Ask for the head only (HEAD), and print it
    #[arg(short = 'I', long, conflicts_with_all = ["data", "json", "request"])]
    pub(crate) head: bool,

    /// Save the body in a file, and show the progress
    #[arg(short, long, value_name = "FILE", conflicts_with = "remote_name")]
    pub(crate) output: Option<PathBuf>,

    /// Save each body in a file that is named as the last part of its URL
    #[arg(short = 'O', long)]
    pub(crate) remote_name: bool,

    /// Go on where a file that is there already stops
    #[arg(short = 'C', long = "continue")]
    pub(crate) resume: bool,

    /// Follow redirects; the default
    #[arg(short = 'L', long, overrides_with = "no_location")]
    pub(crate) location: bool,

    /// Do not follow redirects: they are the answer
    #[arg(long, overrides_with = "location")]
    pub(crate) no_location: bool,

    /// How many redirects to follow at the most
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) max_redirs: usize,

    /// How many URLs to fetch at the same time
    #[arg(short = 'P', long, value_name = "N", default_value_t = 8,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub(crate) parallel: usize,

    /// Print a table of how long each part took, after all else, to the standard error
    #[arg(long)]
    pub(crate) timings: bool,

    /// How often to try again what failed in passing (no connection, 429, 503 and their like), later
    /// each time; only what can be done twice
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retry: u32,

    /// Exit with 22 where a status is 400 or more, and print no such body
    #[arg(short, long)]
    pub(crate) fail: bool,

    /// Speak HTTP/2 only
    #[arg(long, conflicts_with = "http1")]
    pub(crate) http2: bool,

    /// Speak HTTP/1.1 only
    #[arg(long = "http1.1", id = "http1")]
    pub(crate) http1: bool,

    /// Show no progress and no errors
    #[arg(short, long)]
    pub(crate) silent: bool,

    #[command(flatten)]
    pub(crate) way: Way,
}

#[derive(Debug, Args)]
pub(crate) struct WsArguments {
    /// The WebSocket, as ws:// or wss://
    pub(crate) url: String,

    /// A subprotocol to offer; several, the one liked best first
    #[arg(long, value_name = "NAME")]
    pub(crate) subprotocol: Vec<String>,

    /// Offer to compress messages
    #[arg(long)]
    pub(crate) deflate: bool,

    /// Be a stream of HTTP/2, if the server takes it
    #[arg(long)]
    pub(crate) http2: bool,

    #[command(flatten)]
    pub(crate) way: Way,
}

/// What both commands know of the way to a server.
#[derive(Debug, Args)]
pub(crate) struct Way {
    /// A header, as "name: value"
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,

    /// User and password, for Basic authentication
    #[arg(short, long, value_name = "USER:PASSWORD")]
    pub(crate) user: Option<String>,

    /// Use them for Digest authentication, when the server asks
    #[arg(long, requires = "user")]
    pub(crate) digest: bool,

    /// What to say in User-Agent
    #[arg(short = 'A', long, value_name = "NAME")]
    pub(crate) user_agent: Option<String>,

    /// A proxy: http, https, socks4, socks4a, socks5 or socks5h. Without it the environment decides
    #[arg(short = 'x', long, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// Connect to this Unix socket; host and path are the URL's
    #[arg(long, value_name = "PATH")]
    pub(crate) unix_socket: Option<PathBuf>,

    /// Trust the authorities in this file (PEM), and no others
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) cacert: Option<PathBuf>,

    /// Trust any certificate: for tests only
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,

    /// How long it may all take, in seconds; the opening only, of a WebSocket
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) max_time: Option<Duration>,

    /// How long a connection may take to be made, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "20")]
    pub(crate) connect_timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("it takes longer than no time".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, seconds};
    use clap::CommandFactory;
    use std::time::Duration;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn seconds_are_numbers_above_zero() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "soon", "1e300", "NaN"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
