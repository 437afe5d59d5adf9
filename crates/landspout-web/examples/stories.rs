//! Stories, answered without a server: a test drives an application in the same way.

use landspout_web::{Application, Error, Handler, Request, RequestHandler, Resource, Response};

struct Story;
impl RequestHandler for Story {
    async fn get(&self, request: Request) -> Result<Response, Error> {
        let (id,): (u64,) = request.path()?;
        Ok(Response::text(format!("this is story {id}\n")))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let application = Application::new().route("/story/{id}", Resource(Story));
    for path in ["/story/7", "/story/seven", "/nowhere"] {
        let response = application.handle(Request::get(path)).await;
        print!("{path}: {} {}", response.status(), response.into_body().text().await?);
    }
    Ok(())
}
