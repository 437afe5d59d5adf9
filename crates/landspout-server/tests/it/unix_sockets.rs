//! Unix sockets.

use crate::wire::within;
use landspout_server::{Address, Listen, Request, Server, ServerConfig};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

async fn fine(request: Request) -> String {
    format!("fine {:?}", request.connection().remote_addr())
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("landspout-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("s")
    }

    fn listen(&self) -> Listen {
        Listen::new(Address::Unix(self.socket()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn ask(folder: &Folder) -> String {
    let mut client = UnixStream::connect(folder.socket()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    within(client.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test(flavor = "local")]
async fn a_socket_is_served_beside_tcp_and_removed_at_the_end() {
    let folder = Folder::new("beside");
    let server = Server::bind(["127.0.0.1:0".parse().unwrap(), folder.listen()]).unwrap();
    assert_eq!(server.addresses()[1], Address::Unix(folder.socket()));
    let (addr, handle) = (server.local_addr(), server.handle());
    let serving = tokio::task::spawn_local(server.serve(fine));
    assert!(ask(&folder).await.ends_with("fine None"));
    let tcp = tokio::net::TcpStream::connect(addr).await.unwrap();
    drop(tcp);
    handle.shutdown();
    within(serving).await.unwrap();
    assert!(!folder.socket().exists());
}

#[tokio::test(flavor = "local")]
async fn the_file_has_the_mode_that_was_asked_for() {
    let folder = Folder::new("mode");
    for mode in [0o600, 0o660, 0o666] {
        let _server = Server::bind(folder.listen().mode(mode)).unwrap();
        let found = std::fs::metadata(folder.socket()).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode);
    }
}

#[tokio::test(flavor = "local")]
async fn a_socket_that_nobody_serves_is_replaced() {
    let folder = Folder::new("stale");
    drop(std::os::unix::net::UnixListener::bind(folder.socket()).unwrap());
    assert!(std::fs::metadata(folder.socket()).unwrap().file_type().is_socket());
    let server = Server::bind(folder.listen()).unwrap();
    let serving = tokio::task::spawn_local(server.serve(fine));
    assert!(ask(&folder).await.ends_with("fine None"));
    serving.abort();
}

#[test]
fn a_socket_that_somebody_serves_is_in_use() {
    let folder = Folder::new("served");
    let _first = Server::bind(folder.listen()).unwrap();
    let error = Server::bind(folder.listen()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&folder.socket().display().to_string()), "{error}");
    assert!(folder.socket().exists());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = Folder::new("file");
    std::fs::write(folder.socket(), "precious").unwrap();
    let error = Server::bind(folder.listen()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(folder.socket()).unwrap(), "precious");
}

#[test]
fn a_file_that_came_in_its_place_is_left_alone() {
    let folder = Folder::new("other");
    let server = Server::bind(folder.listen()).unwrap();
    std::fs::remove_file(folder.socket()).unwrap();
    std::fs::write(folder.socket(), "precious").unwrap();
    drop(server);
    assert_eq!(std::fs::read_to_string(folder.socket()).unwrap(), "precious");
}

#[tokio::test(flavor = "local")]
async fn all_loops_of_a_group_serve_one_socket() {
    let folder = Folder::new("group");
    let group = Server::bind_group(folder.listen(), ServerConfig::default(), 2).unwrap();
    let handle = group[0].handle();
    let serving: Vec<_> =
        group.into_iter().map(|server| tokio::task::spawn_local(server.serve(fine))).collect();
    for _ in 0..8 {
        assert!(ask(&folder).await.ends_with("fine None"));
    }
    handle.shutdown();
    for server in serving {
        within(server).await.unwrap();
    }
    assert!(!folder.socket().exists());
}

#[test]
fn an_address_is_written_as_it_is_read() {
    for text in
        ["127.0.0.1:80", "[::1]:80", "a.example:0", "unix:/a/b", "systemd:", "systemd:x", "fd:4"]
    {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    for text in ["", "80", "a", "unix:", "fd:x", "a:99999", "a:b"] {
        let error = text.parse::<Address>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
    }
}

#[test]
fn what_was_not_passed_on_is_an_error_that_says_so() {
    for text in ["systemd:", "systemd:web", "fd:3"] {
        let error = Server::bind(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
        assert!(error.to_string().contains("was passed on"), "{error}");
    }
}
