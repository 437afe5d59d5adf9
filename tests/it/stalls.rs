//! The watchdog of the loop names the route of the web crate, though neither knows the other.

use landspout::event_loop::WorkersConfig;
use landspout::web::{Application, get};
use landspout::{Request, Serve, ServeConfig};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A log that hands on each line.
#[derive(Clone)]
struct Log(Arc<Mutex<Sender<String>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line that nobody waits for any more is lost.
        drop(self.0.lock().unwrap().send(String::from_utf8_lossy(bytes).into_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_handler_that_holds_its_loop_is_named_by_its_route_while_it_does() {
    let (sender, lines) = mpsc::channel();
    let log = Log(Arc::new(Mutex::new(sender)));
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone());
    // The watchdog is a thread of its own, so the subscriber is that of the whole process.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();

    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(1);
    let serve = Serve::bind_with("127.0.0.1:0", config).unwrap();
    let (addr, handle) = (serve.local_addr(), serve.handle());
    let lines = Arc::new(Mutex::new(lines));
    let serving = thread::spawn(move || {
        serve.run(move || {
            let lines = Arc::clone(&lines);
            Application::new().route(
                "/slow/{id}",
                get(move |_: Request| {
                    // Holds the loop until the log tells of it: at most a minute, if it never does.
                    let limit = Duration::from_secs(60);
                    let told = loop {
                        match lines.lock().unwrap().recv_timeout(limit) {
                            Ok(line) if line.contains("/slow/{id}") => break line,
                            Ok(_) => {}
                            Err(_) => break "the log did not name the route".to_owned(),
                        }
                    };
                    async move { told }
                }),
            )
        })
    });

    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET /slow/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    handle.shutdown();
    serving.join().unwrap().unwrap();
    assert!(answer.contains("/slow/{id}"), "{answer}");
    assert!(answer.contains("WARN"), "{answer}");
}
