//! A number does not turn into a response.

use landspout_handler::{Handler, Request};

async fn number(_: Request) -> u32 {
    7
}

fn main() {
    route(number);
}

fn route(_: impl Handler) {}
