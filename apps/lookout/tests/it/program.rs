//! The program as it runs: signals, restarts, and ends in one sentence.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::scratch::Scratch;

const PATIENCE: Duration = Duration::from_secs(25);

struct Running {
    child: Child,
    addr: SocketAddr,
}

impl Running {
    /// Starts lookout on a free port, and waits until it says which.
    fn start(folder: &Path, arguments: &[&str]) -> Running {
        let mut child = command(folder, arguments)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The pipe is kept open, as a terminal would be.
        let stdout = child.stdout.as_mut().unwrap();
        let mut line = String::new();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(char::from(byte[0]));
        }
        let addr = line.rsplit("http://").next().unwrap().trim_end_matches('/');
        Running { child, addr: addr.parse().unwrap_or_else(|_| panic!("no address in {line:?}")) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Follows the live wire until an endpoint is in this state.
    fn wait_for(&self, id: &str, state: &str) {
        let mut stream = self.connect();
        write!(stream, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let wanted = format!(r#"row-{id}\" data-state=\"{state}\""#);
        let mut lines = BufReader::new(stream).lines();
        assert!(lines.any(|line| line.unwrap().contains(&wanted)), "{id} is never {state}");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn stop(self) -> Output {
        self.signal("-TERM");
        self.end()
    }

    fn end(mut self) -> Output {
        let child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lookout"));
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG");
    command
}

/// Runs lookout where it cannot, and returns the one sentence that it says.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn the_sample_shows_itself_as_up_and_ends_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let scratch = Scratch::new();
        let lookout = Running::start(scratch.path(), &[]);
        lookout.wait_for("lookout", "up");
        assert!(lookout.get("/").contains("This is the built-in sample"));
        lookout.signal(signal);
        let output = lookout.end();
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("lookout has stopped; the history is in "), "{said}");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(log.contains("lookout is up, was unknown\n"), "{log}");
    }
}

#[test]
fn a_restart_shows_the_old_history() {
    let scratch = Scratch::new();
    let lookout = Running::start(scratch.path(), &[]);
    lookout.wait_for("lookout", "up");
    assert_eq!(lookout.stop().status.code(), Some(0));

    // From now on nothing answers, so that what is known of latencies comes from the first run.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = format!("[[endpoint]]\nid = \"lookout\"\nurl = \"http://{nobody}/\"\n");
    scratch.file("lookout.toml", file);
    let lookout = Running::start(scratch.path(), &[]);
    let api = lookout.get("/api/endpoints");
    assert!(api.contains("\"p50\":") && !api.contains("\"p50\":null"), "{api}");
    let page = lookout.get("/endpoint/lookout?window=1h");
    assert!(page.contains("> up</td>") && page.contains("nobody looked"), "{page}");
}

#[test]
fn a_signal_under_load_loses_no_request() {
    let scratch = Scratch::new();
    let lookout = Running::start(scratch.path(), &[]);
    let answered = AtomicU32::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|number| {
                let (lookout, answered) = (&lookout, &answered);
                let path = ["/", "/api/endpoints", "/endpoint/lookout", "/metrics"][number % 4];
                scope.spawn(move || load(lookout.connect(), path, answered))
            })
            .collect();
        while answered.load(Ordering::Relaxed) < 400 {
            std::thread::yield_now();
        }
        lookout.signal("-TERM");
        for client in clients {
            client.join().unwrap().unwrap();
        }
    });
    assert_eq!(lookout.end().status.code(), Some(0));
}

/// Asks over one connection until the server says that it closes it; every request has to be
/// answered in full.
fn load(stream: TcpStream, path: &str, answered: &AtomicU32) -> Result<(), String> {
    let mut writer = stream.try_clone().map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(stream);
    loop {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        writer.write_all(request.as_bytes()).map_err(|error| format!("sending: {error}"))?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).map_err(|error| format!("reading: {error}"))? == 0 {
                return Err(format!("a request got no answer but {head:?}"));
            }
        }
        if !head.starts_with("HTTP/1.1 200") {
            return Err(head);
        }
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let length = field("content-length: ").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.ok_or(format!("no length: {head}"))?];
        reader.read_exact(&mut body).map_err(|error| format!("a body broke off: {error}"))?;
        answered.fetch_add(1, Ordering::Relaxed);
        if field("connection: ") == Some("close") {
            return Ok(());
        }
    }
}

#[test]
fn viewers_do_not_hold_up_the_end() {
    let scratch = Scratch::new();
    let lookout = Running::start(scratch.path(), &[]);
    let mut viewers: Vec<TcpStream> = (0..20).map(|_| lookout.connect()).collect();
    for viewer in &mut viewers {
        write!(viewer, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        viewer.read_exact(&mut [0; 16]).unwrap();
    }
    let begun = std::time::Instant::now();
    assert_eq!(lookout.stop().status.code(), Some(0));
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    for mut viewer in viewers {
        viewer.read_to_end(&mut Vec::new()).unwrap();
    }
}

#[test]
fn a_port_in_use_is_told_in_one_sentence() {
    let scratch = Scratch::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = other.local_addr().unwrap().to_string();
    assert_eq!(
        refused(scratch.path(), &["--listen", &addr]),
        format!(
            "lookout: cannot serve at {addr}: another program is there, perhaps another lookout; \
             --listen chooses another port\n"
        )
    );
    assert!(!scratch.path().join("lookout.db").exists(), "nothing was begun");
}

#[test]
fn a_history_that_cannot_be_written_is_told_in_one_sentence() {
    let scratch = Scratch::new();
    let arguments = ["--listen", "127.0.0.1:0", "--data", "/nowhere/lookout.db"];
    assert_eq!(
        refused(scratch.path(), &arguments),
        "lookout: cannot use the history in /nowhere/lookout.db: its folder does not exist\n"
    );
    let _lookout = Running::start(scratch.path(), &[]);
    let said = refused(scratch.path(), &["--listen", "127.0.0.1:0"]);
    assert!(said.ends_with("lookout.db: another lookout is running on it\n"), "{said}");
}

#[test]
fn a_bad_file_is_told_with_its_places_and_nothing_is_begun() {
    let scratch = Scratch::new();
    scratch.file("lookout.toml", "[[endpoint]]\nid = \"a\"\nurl = \"ftp://x/\"\n");
    let output = command(scratch.path(), &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "lookout.toml:3:7: \"url\" must begin with http:// or https://\n  \
         |\n3 | url = \"ftp://x/\"\n  |       ^^^^^^^^^^\n\nlookout: lookout.toml has 1 mistake\n"
    );
    assert!(!scratch.path().join("lookout.db").exists());
    assert_eq!(
        refused(scratch.path(), &["--config", "none.toml"]),
        "lookout: cannot read none.toml: there is no such file\n"
    );
}
