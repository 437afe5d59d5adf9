//! A request handler is wrapped before it is a handler.

use landspout_handler::{Handler, RequestHandler};

struct Story;

impl RequestHandler for Story {}

fn main() {
    route(Story);
}

fn route(_: impl Handler) {}
