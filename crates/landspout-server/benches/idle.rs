//! What an idle keep-alive connection costs: the memory of a server's process at 5 000 connections
//! that have each had one answer, less what it was before, for each connection; and the same after
//! all of them had a second answer, which gives each a parser for a moment.
//!
//! `cargo bench -p landspout-server --bench idle` with the system's allocator, `--bench
//! idle_mimalloc` with mimalloc; Linux alone, because it reads `/proc`. It needs 5 000 descriptors
//! for each of two processes: `ulimit -n 20000`.

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

pub(crate) fn main() {
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
    let connect = || {
        let mut client = TcpStream::connect(addr.trim()).unwrap();
        ask(&mut client);
        client
    };
    drop(connect());
    let before = resident_bytes(server.id());
    println!("{before} bytes without connections");
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    report("one answer for each", before, server.id());
    clients.iter_mut().for_each(ask);
    report("a second answer for each", before, server.id());
    // All at once: each of them has a parser before the first is missed.
    clients.iter_mut().for_each(send);
    clients.iter_mut().for_each(receive);
    report("a third, all at once", before, server.id());
    drop(clients);
    server.kill().unwrap();
    server.wait().unwrap();
}

fn report(after: &str, before: u64, process: u32) {
    // All of them are at rest by then.
    std::thread::sleep(Duration::from_secs(1));
    let bytes = resident_bytes(process);
    let each = (bytes - before) / CONNECTIONS;
    println!("{bytes} bytes, {each} for each of {CONNECTIONS} idle connections, after {after}");
}

fn ask(client: &mut TcpStream) {
    send(client);
    receive(client);
}

fn send(client: &mut TcpStream) {
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
}

fn receive(client: &mut TcpStream) {
    assert_ne!(client.read(&mut [0; 1024]).unwrap(), 0);
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
