//! What the clients that are compared agree on.

use std::cell::Cell;
use std::env;
use std::io::{self, Error};
use std::time::Instant;

/// How a client is started: `client PORT COUNT CONCURRENCY`.
///
/// It asks for `/plaintext` of the server on this port. It makes some requests first, so that
/// connections are open; then it prints `ready`, waits for a line, makes `COUNT` requests, so many
/// of them at once, and prints how long that took as JSON.
#[derive(Debug, Clone)]
pub struct Fetches {
    pub port: u16,
    pub count: usize,
    pub concurrency: usize,
}

impl Fetches {
    /// Reads them from the arguments.
    ///
    /// # Panics
    /// The program was not started as `client PORT COUNT CONCURRENCY`.
    pub fn read() -> Fetches {
        let numbers: Vec<usize> =
            env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
        let &[port, count, concurrency] = &numbers[..] else {
            panic!("a client is started as `client PORT COUNT CONCURRENCY`");
        };
        Fetches { port: u16::try_from(port).expect("a port"), count, concurrency }
    }

    /// What is asked for.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/plaintext", self.port)
    }

    /// How many are left to make for one of the tasks that make them.
    pub fn left(&self) -> Left {
        Left(Cell::new(self.count))
    }

    /// The same before the measured ones: four for each task.
    pub fn warm_up(&self) -> Left {
        Left(Cell::new(self.concurrency * 4))
    }

    /// Says that connections are open, and waits for the line that begins.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn ready() -> io::Result<Instant> {
        println!("ready");
        match io::stdin().read_line(&mut String::new())? {
            0 => Err(Error::other("nobody wants the requests any more")),
            _ => Ok(Instant::now()),
        }
    }

    /// Tells what was done since.
    pub fn done(&self, began: Instant) {
        let microseconds = began.elapsed().as_micros();
        println!("{{\"count\":{},\"microseconds\":{microseconds}}}", self.count);
    }
}

/// A number that tasks of one thread count down together.
#[derive(Debug)]
pub struct Left(Cell<usize>);

impl Left {
    /// Takes one, if one is left.
    pub fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}
