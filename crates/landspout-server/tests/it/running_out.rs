//! A server that has run out of something.

use crate::log::Log;
use crate::wire::{Client, serve, within};
use landspout_server::Request;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::sleep;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The limit is the process's, so that this test runs itself once more in one of its own.
#[test]
#[cfg(unix)]
fn without_file_descriptors_it_serves_on_and_recovers() {
    if std::env::var_os("LANDSPOUT_FEW_DESCRIPTORS").is_none() {
        let name = "running_out::without_file_descriptors_it_serves_on_and_recovers";
        let output = Command::new("sh")
            .args(["-c", "ulimit -n 40 && exec \"$0\" --exact \"$1\" --nocapture"])
            .arg(std::env::current_exe().unwrap())
            .arg(name)
            .env("LANDSPOUT_FEW_DESCRIPTORS", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
    event_loop.block_on(within(run_out()));
}

async fn run_out() {
    let (log, _guard) = Log::install();
    let site = serve(async |_: Request| "fine");
    let mut early = site.connect().await;
    early.send(GET).await;
    assert_eq!(early.answer().await.status(), 200);

    // Clients and server share the descriptors, until there are none for either.
    let mut clients = Vec::new();
    while let Ok(stream) = TcpStream::connect(site.addr).await {
        clients.push(Client::new(stream));
        assert!(clients.len() < 100, "the limit does not hold");
    }
    sleep(Duration::from_millis(200)).await;
    early.send(GET).await;
    assert_eq!(early.answer().await.status(), 200, "who is in is served");

    // Each that goes makes room for two of those that wait.
    while clients.len() > 2 {
        drop(clients.remove(0));
    }
    let [first, second] = &mut clients[..] else { unreachable!("two are left") };
    for late in [first, second] {
        late.send(GET).await;
        assert_eq!(late.answer().await.status(), 200, "who waited is served");
    }
    assert!(!log.lines("accepting rests").is_empty(), "the log says why");
}
