//! A function that is not async is no handler.

use landspout_handler::{Handler, Request};

fn hello(_: Request) -> &'static str {
    "hello"
}

fn main() {
    route(hello);
}

fn route(_: impl Handler) {}
