//! What an idle keep-alive connection costs: the memory of a server's process at 5 000 connections
//! that have each had one answer, less what it was before, for each connection; and the same after
//! all of them had a second answer, which gives each a parser for a moment.
//!
//! `cargo bench -p landspout-server --bench idle` with the system's allocator, `--bench
//! idle_mimalloc` with mimalloc; over TLS with `--features tls` and, at the end, `-- tls`; of HTTP/2
//! in clear text with `--features http2` and `-- http2`. Linux alone, because it reads `/proc`. It needs
//! 5 000 descriptors for each of two processes: `ulimit -n 20000`.

#![allow(clippy::unwrap_used)]

use landspout_server::{Listen, Request, Server, ServerConfig};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const CONNECTIONS: u64 = 5_000;

trait Client {
    fn send(&mut self);
    fn receive(&mut self);
}

/// A client of HTTP/1.1.
struct Http1<T>(T);

impl<T: Read + Write> Client for Http1<T> {
    fn send(&mut self) {
        self.0.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        self.0.flush().unwrap();
    }

    fn receive(&mut self) {
        assert_ne!(self.0.read(&mut [0; 1024]).unwrap(), 0);
    }
}

/// A client of HTTP/2 that knows that it is spoken.
struct Http2 {
    io: TcpStream,
    stream: u8,
}

impl Http2 {
    fn open(mut io: TcpStream) -> Http2 {
        io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        io.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).unwrap();
        Http2 { io, stream: 1 }
    }
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

impl Client for Http2 {
    fn send(&mut self) {
        // GET, http, /, and a host that is written out (RFC 7541 appendix A).
        let head = *b"\x82\x86\x84\x41\x09localhost";
        let flags = END_STREAM | END_HEADERS;
        let frame = [0, 0, head.len() as u8, HEADERS, flags, 0, 0, 0, self.stream];
        self.io.write_all(&[&frame[..], &head].concat()).unwrap();
        self.stream += 2;
    }

    fn receive(&mut self) {
        loop {
            let mut frame = [0; 9];
            self.io.read_exact(&mut frame).unwrap();
            let [high, middle, low, kind, flags, .., stream] = frame;
            let len = u32::from_be_bytes([0, high, middle, low]);
            self.io.read_exact(&mut vec![0; len as usize]).unwrap();
            if kind == SETTINGS && flags & ACK == 0 {
                self.io.write_all(&[0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0]).unwrap();
            }
            if stream != 0 && kind <= HEADERS && flags & END_STREAM != 0 {
                return;
            }
        }
    }
}

async fn hello(_: Request) -> &'static str {
    "Hello, world!"
}

pub(crate) fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "serve") {
        return serve(arguments.get(at + 1));
    }
    let mut server = Command::new(std::env::current_exe().unwrap());
    server.arg("serve").stdout(Stdio::piped());
    if arguments.iter().any(|argument| argument == "tls") {
        let folder = tempfile::tempdir().unwrap();
        let encrypt = tls::prepare(folder.path());
        measure(server.arg(folder.path()), |stream| Box::new(Http1(encrypt(stream))));
    } else if arguments.iter().any(|argument| argument == "http2") {
        measure(&mut server, |stream| Box::new(Http2::open(stream)));
    } else {
        measure(&mut server, |stream| Box::new(Http1(stream)));
    }
}

fn measure(server: &mut Command, open: impl Fn(TcpStream) -> Box<dyn Client>) {
    let mut server = server.spawn().unwrap();
    let mut addr = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut addr).unwrap();
    let connect = || {
        let mut client = open(TcpStream::connect(addr.trim()).unwrap());
        client.send();
        client.receive();
        client
    };
    drop(connect());
    let before = resident_bytes(server.id());
    println!("{before} bytes without connections");
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    report("one answer for each", before, server.id());
    for client in &mut clients {
        client.send();
        client.receive();
    }
    report("a second answer for each", before, server.id());
    // All at once: each of them has a parser before the first is missed.
    clients.iter_mut().for_each(|client| client.send());
    clients.iter_mut().for_each(|client| client.receive());
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

/// Over TLS, if there is a folder with a certificate.
fn serve(folder: Option<&String>) {
    let listen: Listen = "127.0.0.1:0".parse().unwrap();
    let listen = match folder {
        Some(folder) => tls::listen(listen, Path::new(folder)),
        None => listen,
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build_local(Default::default()).unwrap();
    runtime.block_on(async {
        let server = Server::bind_with(listen, ServerConfig::default()).unwrap();
        println!("{}", server.local_addr());
        server.serve(hello).await
    });
}

fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(feature = "tls")]
mod tls {
    use landspout_server::{Listen, TlsConfig};
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
    use std::net::TcpStream;
    use std::path::Path;
    use std::sync::Arc;

    /// Writes a certificate for `localhost` into the folder; how a client that trusts it begins.
    pub(crate) fn prepare(
        folder: &Path,
    ) -> impl Fn(TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.join("certificate.pem"), issued.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(issued.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let config = Arc::new(config);
        move |stream| {
            let name = ServerName::try_from("localhost").unwrap();
            StreamOwned::new(ClientConnection::new(config.clone(), name).unwrap(), stream)
        }
    }

    pub(crate) fn listen(listen: Listen, folder: &Path) -> Listen {
        listen.tls(TlsConfig::new(folder.join("certificate.pem"), folder.join("key.pem")))
    }
}

#[cfg(not(feature = "tls"))]
mod tls {
    use landspout_server::Listen;
    use std::net::TcpStream;
    use std::path::Path;

    pub(crate) fn prepare(_: &Path) -> fn(TcpStream) -> TcpStream {
        panic!("TLS needs --features tls")
    }

    pub(crate) fn listen(_: Listen, _: &Path) -> Listen {
        panic!("TLS needs --features tls")
    }
}
