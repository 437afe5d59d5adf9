//! A function without a request is no handler.

use landspout_handler::Handler;

async fn nothing() -> &'static str {
    "nothing"
}

fn main() {
    route(nothing);
}

fn route(_: impl Handler) {}
