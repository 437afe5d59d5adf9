//! A restart without an interruption, of this very test program.

use landspout::event_loop::WorkersConfig;
use landspout::{Request, Serve, ServeConfig};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Set for the processes that are servers: to the path of a file that lets one fail to start, and
/// goes with it.
const ROLE: &str = "LANDSPOUT_TEST_SERVER";

/// What that file says if one is to take its time; then it is told there which process does.
const SLOW: &str = "slow";

async fn id(_: Request) -> String {
    std::process::id().to_string()
}

/// Not a test of its own: what the processes run that the tests start.
#[test]
fn the_server() {
    let Ok(obstacle) = std::env::var(ROLE) else { return };
    match std::fs::read_to_string(&obstacle) {
        Ok(kind) if kind == SLOW => {
            std::fs::write(&obstacle, std::process::id().to_string()).unwrap();
            thread::park_timeout(Duration::from_secs(60));
            return;
        }
        Ok(_) => {
            std::fs::remove_file(obstacle).unwrap();
            std::process::exit(3);
        }
        Err(_) => {}
    }
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(2);
    let serve = Serve::bind_with("127.0.0.1:0", config).unwrap();
    println!("\nlistening on {}", serve.local_addr());
    serve.run(|| id).unwrap();
}

/// A line of servers, each of which follows the one before.
struct Line {
    first: Child,
    addr: SocketAddr,
    /// A file by which the next one fails.
    obstacle: std::path::PathBuf,
}

impl Line {
    fn start(name: &str) -> Line {
        let obstacle =
            std::env::temp_dir().join(format!("landspout-{name}-{}", std::process::id()));
        let mut first = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "restarting::the_server", "--nocapture", "--test-threads=1"])
            .env(ROLE, &obstacle)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
        let addr =
            lines.find_map(|line| Some(line.unwrap().strip_prefix("listening on ")?.parse()));
        // The following ones write there, too.
        thread::spawn(move || lines.for_each(drop));
        Line { first, addr: addr.unwrap().unwrap(), obstacle }
    }

    /// The process that answers.
    fn serving(&self) -> u32 {
        Client::default().get(self.addr).unwrap().parse().unwrap()
    }

    /// Restarts the process, and waits until another one answers.
    fn restart(&self, before: u32) -> u32 {
        signal(before, "USR2");
        eventually(|| Some(self.serving()).filter(|id| *id != before))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Two may answer for a moment after a restart.
        eventually(|| match Client::default().get(self.addr) {
            Ok(id) => {
                signal(id.parse().unwrap(), "TERM");
                None
            }
            Err(_) => TcpStream::connect(self.addr).err(),
        });
        self.first.wait().unwrap();
    }
}

fn signal(id: u32, name: &str) {
    // It may have ended already.
    let kill = Command::new("kill").args([format!("-{name}"), id.to_string()]).output();
    drop(kill.unwrap());
}

/// Looks again and again until there is something.
#[track_caller]
fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "nothing happened for 30 s");
        thread::yield_now();
    }
}

/// Keeps its connection until the server says that it closes it.
#[derive(Default)]
struct Client(Option<BufReader<TcpStream>>);

impl Client {
    fn get(&mut self, addr: SocketAddr) -> std::io::Result<String> {
        let mut stream = match self.0.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(addr)?),
        };
        stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let (mut len, mut closes, mut lines) = (0, false, 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if lines == 0 && line != "http/1.1 200 ok" {
                return Err(std::io::Error::other(line));
            }
            lines += 1;
            closes |= line == "connection: close";
            if let Some(text) = line.strip_prefix("content-length: ") {
                len = text.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; len];
        stream.read_exact(&mut body)?;
        self.0 = (!closes).then_some(stream);
        Ok(String::from_utf8(body).unwrap())
    }
}

#[test]
fn no_request_fails_while_the_process_is_replaced_twice() {
    let line = Line::start("rolling");
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let addr = line.addr;
    let load = |keeps: bool| {
        let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
        thread::spawn(move || {
            let mut client = Client::default();
            while !stop.load(Ordering::Relaxed) {
                if !keeps {
                    client = Client::default();
                }
                client.get(addr).map_err(|error| format!("keeps: {keeps}: {error}"))?;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), String>(())
        })
    };
    let clients: Vec<_> = [true, true, false, false].into_iter().map(load).collect();
    let mut serving = line.serving();
    for _ in 0..2 {
        let before = answered.load(Ordering::Relaxed);
        serving = line.restart(serving);
        eventually(|| (answered.load(Ordering::Relaxed) > before + 100).then_some(()));
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        assert_eq!(client.join().unwrap(), Ok(()));
    }
}

#[test]
fn a_process_that_does_not_start_leaves_the_old_one_serving() {
    let line = Line::start("failing");
    let before = line.serving();
    std::fs::write(&line.obstacle, "").unwrap();
    signal(before, "USR2");
    eventually(|| (!line.obstacle.exists()).then_some(()));
    assert_eq!(line.serving(), before);
    // The next one starts as ever.
    assert_ne!(line.restart(before), before);
}

#[test]
fn a_process_that_is_stopped_while_it_is_replaced_leaves_no_other_behind() {
    let mut line = Line::start("stopped");
    std::fs::write(&line.obstacle, SLOW).unwrap();
    signal(line.serving(), "USR2");
    let next: u32 = eventually(|| std::fs::read_to_string(&line.obstacle).ok()?.parse().ok());
    signal(line.first.id(), "TERM");
    assert!(line.first.wait().unwrap().success());
    std::fs::remove_file(&line.obstacle).unwrap();
    let alive = Command::new("kill").args(["-0", &next.to_string()]).output().unwrap();
    signal(next, "KILL");
    assert!(!alive.status.success());
}
