//! The README's first program.

use landspout::{Error, Request, RequestHandler, Resource, Response, web::Application};

async fn hello(_: Request) -> &'static str {
    "Hello, world"
}

struct Story;

impl RequestHandler for Story {
    async fn get(&self, request: Request) -> Result<Response, Error> {
        let (id,): (u64,) = request.path()?;
        Ok(Response::text(format!("this is story {id}")))
    }
}

fn main() -> Result<(), landspout::ServeError> {
    landspout::serve("127.0.0.1:8888", || {
        Application::new().route("/", hello).route("/story/{id}", Resource(Story))
    })
}
