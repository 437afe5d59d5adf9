//! What an idle connection costs: the memory of a server's process at 5 000 connections that have
//! each had an echo of 300 bytes, less what it was before, for each connection.
//!
//! `cargo bench -p landspout-websocket --bench idle`; Linux alone, because it reads `/proc`.
#![allow(missing_docs, clippy::unwrap_used)]

use landspout_websocket::{Config, DeflateConfig, WebSocket};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: u64 = 5_000;

fn main() {
    // As a test it shows that it compiles.
    match std::env::args().nth(1).as_deref() {
        Some("serve") => runtime().block_on(serve()),
        Some("--bench") => {
            rlimit::increase_nofile_limit(u64::MAX).unwrap();
            measure("plain", Config::default());
            measure("deflate negotiated", Config::default().deflate(DeflateConfig::default()));
        }
        _ => {}
    }
}

fn runtime() -> tokio::runtime::LocalRuntime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build_local(Default::default()).unwrap()
}

/// An echo server that agrees on compression where its client offers it.
async fn serve() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let config = Rc::new(Config::default().deflate(DeflateConfig::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let config = Rc::clone(&config);
        tokio::task::spawn_local(async move {
            let mut socket = WebSocket::accept(stream, &config).await.unwrap();
            while let Ok(Some(message)) = socket.receive().await {
                socket.send(message).await.unwrap();
            }
        });
    }
}

fn measure(name: &str, config: Config) {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut addr = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut addr).unwrap();
    let bytes = runtime().block_on(async {
        drop(connect(addr.trim(), &config).await);
        let before = resident_bytes(server.id());
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(connect(addr.trim(), &config).await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        (resident_bytes(server.id()) - before) / CONNECTIONS
    });
    println!("{name}: {bytes} bytes for each of {CONNECTIONS} idle connections");
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A client that has had an echo.
async fn connect(addr: &str, config: &Config) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let uri = format!("ws://{addr}/").parse().unwrap();
    let mut socket = WebSocket::connect(stream, &uri, config).await.unwrap();
    socket.send("x".repeat(300)).await.unwrap();
    assert_eq!(socket.receive().await.unwrap().unwrap().len(), 300);
    socket
}

fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
