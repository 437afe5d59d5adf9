//! What benchmarks on one machine have in common: a server on a thread of its own, and what the
//! thread of the client costs.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Starts a server that does this with each connection.
pub(crate) fn start_server<Serving>(
    serve: impl Fn(TcpStream) -> Serving + Send + 'static,
) -> SocketAddr
where
    Serving: Future<Output: Send> + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("sockets can be asynchronous");
    let addr = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).expect("it is asynchronous");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
    });
    addr
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

/// Processor time of this thread so far; zero where the system does not tell.
pub(crate) fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}
