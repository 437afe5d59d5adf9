//! Stories, answered without a server: a test drives an application in the same way.

use landspout_web::{Application, Error, Handler, Request, get};

async fn story(request: Request) -> Result<String, Error> {
    let (id,): (u64,) = request.path()?;
    Ok(format!("this is story {id}"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let application = Application::new().route("/story/{id}", get(story));
    for path in ["/story/7", "/story/-7", "/nowhere"] {
        let response = application.handle(Request::get(path)).await;
        println!("{path}: {}", response.into_body().text().await?.trim_end());
    }
    Ok(())
}
