//! An echo server with one loop per core: type `nc 127.0.0.1 7777`, and end it
//! with Ctrl-C. A connection that says `panic` costs its worker no more than a
//! line in the log.

use landspout_loop::{Worker, Workers, WorkersConfig, shutdown_signal, spawn};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().init();
    let listener = std::net::TcpListener::bind("127.0.0.1:7777")?;
    listener.set_nonblocking(true)?;
    let workers = Workers::new(WorkersConfig::default());
    let workers = workers.shutdown_on(async { println!("ending on {}", shutdown_signal().await) });
    let report = workers.run(move |worker| serve(worker, listener.try_clone()))?;
    println!("{report:?}");
    Ok(())
}

async fn serve(worker: Worker, listener: std::io::Result<std::net::TcpListener>) {
    let listener = listener.and_then(TcpListener::from_std).expect("the listener can be shared");
    loop {
        tokio::select! {
            () = worker.shutdown().triggered() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(spawn(echo(worker.index(), stream))),
                Err(error) => eprintln!("cannot accept: {error}"),
            },
        }
    }
}

async fn echo(index: usize, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        assert_ne!(line.trim(), "panic", "asked to");
        stream.write_all(format!("worker {index}: {line}").as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
