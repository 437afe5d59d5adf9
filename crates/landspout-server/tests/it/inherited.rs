//! Sockets that a process is given when it is started: this test starts itself once more for that.

use command_fds::{CommandFdExt, FdMapping};
use landspout_server::{Request, Server, ServerConfig};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const NAME: &str = "inherited::a_process_serves_on_the_sockets_that_it_is_started_with";

/// Tells the process that it is the one that was started.
const STARTED: &str = "LANDSPOUT_TEST_STARTED";

struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn who(_: Request) -> String {
    std::process::id().to_string()
}

/// Serves on what came as `web`, and on what came second.
fn serve() {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
    event_loop.block_on(async {
        let web = Server::bind_group("systemd:web", ServerConfig::default(), 2).unwrap();
        let again = Server::bind("systemd:web").unwrap_err().to_string();
        assert!(again.contains("none of the 2 sockets"), "{again}");
        let second = Server::bind("fd:4").unwrap();
        assert!(Server::bind("fd:5").is_err());
        for server in web.into_iter().chain([second]) {
            tokio::task::spawn_local(server.serve(who));
        }
        std::future::pending::<()>().await;
    });
}

fn start(sockets: [OwnedFd; 2]) -> Started {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture"]).stdout(Stdio::null());
    command.env(STARTED, "1").env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", "web:admin");
    command.env_remove("LISTEN_PID");
    let place = |(parent_fd, child_fd)| FdMapping { parent_fd, child_fd };
    command.fd_mappings(sockets.into_iter().zip(3..).map(place).collect()).unwrap();
    Started(command.spawn().unwrap())
}

fn ask(mut stream: impl Read + Write) -> String {
    let mut answer = String::new();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn a_process_serves_on_the_sockets_that_it_is_started_with() {
    if std::env::var_os(STARTED).is_some() {
        return serve();
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("socket");
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = UnixListener::bind(&path).unwrap();
    let sockets = || [web.try_clone().unwrap().into(), admin.try_clone().unwrap().into()];
    let over_tcp = || {
        let stream = TcpStream::connect(web.local_addr().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    let over_unix = || {
        let stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };

    let first = start(sockets());
    for _ in 0..4 {
        assert_eq!(ask(over_tcp()), first.0.id().to_string());
    }
    assert_eq!(ask(over_unix()), first.0.id().to_string());
    drop(first);

    // Nobody serves now. Who comes waits for the next.
    let (tcp, unix) = (over_tcp(), over_unix());
    let second = start(sockets());
    assert_eq!(ask(tcp), second.0.id().to_string());
    assert_eq!(ask(unix), second.0.id().to_string());
}
