//! A handler, a middleware around it, and a request answered in memory.

use landspout_handler::{Error, Handler, Next, Request, Response};

async fn greet(request: Request) -> Result<String, Error> {
    let name = request.query_value("name").ok_or(Error::new(400, "who is it?"))?;
    Ok(format!("Hello, {name}"))
}

async fn timed(request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let response = next.run(request).await;
    println!("{} in {:?}", response.status(), started.elapsed());
    response
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let response = greet.wrap(timed).handle(Request::get("/?name=Ada")).await;
    println!("{}", response.into_body().text().await?);
    Ok(())
}
