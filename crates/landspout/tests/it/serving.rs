//! `Serve`: one loop per core, one application on each, and an end without loss.

use landspout::event_loop::WorkersConfig;
use landspout::server::{DrainReport, ServerHandle};
use landspout::{Error, Handler, Request, Response, Serve, ServeConfig, ServeError};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

fn loops(count: usize) -> ServeConfig {
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(count);
    config
}

struct Serving {
    addr: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<Result<DrainReport, ServeError>>,
}

impl Serving {
    fn of<H: Handler + 'static>(
        count: usize,
        make: impl Fn() -> H + Send + Sync + 'static,
    ) -> Serving {
        let serve = Serve::bind_with("127.0.0.1:0", loops(count)).unwrap();
        let (addr, handle) = (serve.local_addr(), serve.handle());
        Serving { addr, handle, thread: thread::spawn(move || serve.run(make)) }
    }

    fn stop(self) -> DrainReport {
        self.handle.shutdown();
        self.thread.join().unwrap().unwrap()
    }
}

fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_longest_drain_can_be_asked_for() {
    let mut config = loops(1);
    config.server.drain_timeout = Duration::MAX;
    let serve = Serve::bind_with("127.0.0.1:0", config).unwrap();
    serve.handle().shutdown();
    assert_eq!(serve.run(|| async |_: Request| "hello").unwrap().cut, 0);
}

#[test]
fn each_loop_has_a_handler_of_its_own() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let serving = Serving::of(3, move || {
        let number = std::rc::Rc::new(count.fetch_add(1, Ordering::SeqCst));
        move |_: Request| {
            let number = std::rc::Rc::clone(&number);
            async move { number.to_string() }
        }
    });
    assert!(get(serving.addr, "/").starts_with("HTTP/1.1 200 OK\r\n"));
    serving.stop();
    assert_eq!(made.load(Ordering::SeqCst), 3);
}

#[test]
fn a_stop_answers_what_was_accepted() {
    let (entered, entering) = mpsc::channel();
    let (leave, leaving) = mpsc::channel::<()>();
    let leaving = Arc::new(std::sync::Mutex::new(leaving));
    let serving = Serving::of(2, move || {
        let (entered, leaving) = (entered.clone(), Arc::clone(&leaving));
        move |_: Request| {
            let (entered, leaving) = (entered.clone(), Arc::clone(&leaving));
            async move {
                entered.send(()).unwrap();
                let waited =
                    landspout::event_loop::run_blocking(move || leaving.lock().unwrap().recv());
                waited.await.unwrap().unwrap();
                "finished"
            }
        }
    });
    let addr = serving.addr;
    let client = thread::spawn(move || get(addr, "/"));
    entering.recv().unwrap();
    serving.handle.shutdown();
    leave.send(()).unwrap();
    assert!(client.join().unwrap().ends_with("finished"));
    assert_eq!(serving.stop().cut, 0);
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let first = Serve::bind_with("127.0.0.1:0", loops(2)).unwrap();
    let addr = first.local_addr();
    let error = Serve::bind_with(addr, loops(2)).unwrap_err();
    assert!(error.is_addr_in_use());
    assert!(format!("{error:?}").starts_with(&format!("cannot listen on {addr}: ")), "{error:?}");
}

/// A handler that says of itself that it cannot answer.
struct Unfit;

impl Handler for Unfit {
    async fn handle(&self, _: Request) -> Response {
        Response::empty(500)
    }

    fn check(&self) -> Result<(), Error> {
        Err(Error::internal("two routes are one"))
    }
}

#[test]
fn what_is_not_fit_is_not_served() {
    let serve = Serve::bind_with("127.0.0.1:0", loops(2)).unwrap();
    let error = serve.run(|| Unfit).unwrap_err();
    assert!(error.is_unfit());
    assert_eq!(format!("{error:?}"), "the application cannot be served: two routes are one");
}

#[test]
fn a_handler_that_panics_leaves_its_loop_alive() {
    let serving = Serving::of(1, || {
        |request: Request| async move {
            assert_ne!(request.uri().path(), "/panic", "on purpose");
            "alive"
        }
    });
    assert!(get(serving.addr, "/panic").starts_with("HTTP/1.1 500 "));
    assert!(get(serving.addr, "/").ends_with("alive"));
    serving.stop();
}
