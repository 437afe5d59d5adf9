//! What an idle keep-alive connection costs: the memory of a server's process at 5 000 connections
//! that have each had one answer, less what it was before, for each connection.
//!
//! `cargo bench -p landspout-server --bench idle`; Linux alone, because it reads `/proc`.

#![allow(clippy::unwrap_used)]

use landspout_server::{Request, Server, ServerConfig};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

const CONNECTIONS: u64 = 5_000;

async fn hello(_: Request) -> &'static str {
    "Hello, world!"
}

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return serve();
    }
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut addr = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut addr).unwrap();
    let ask = || {
        let mut client = TcpStream::connect(addr.trim()).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_ne!(client.read(&mut [0; 1024]).unwrap(), 0);
        client
    };
    drop(ask());
    let before = resident_bytes(server.id());
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| ask()).collect();
    // All of them are at rest by then.
    std::thread::sleep(Duration::from_secs(1));
    let after = resident_bytes(server.id());
    println!("{} bytes for each of {CONNECTIONS} idle connections", (after - before) / CONNECTIONS);
    drop(clients);
    server.kill().unwrap();
    server.wait().unwrap();
}

fn serve() {
    let server = Server::bind_with("127.0.0.1:0", ServerConfig::default()).unwrap();
    println!("{}", server.local_addr());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build_local(Default::default()).unwrap();
    runtime.block_on(server.serve(hello));
}

fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
