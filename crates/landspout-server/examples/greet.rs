//! Says hello on one event loop: `cargo run -p landspout-server --example greet`.

use landspout_server::{Request, Server};

async fn hello(request: Request) -> String {
    format!("Hello from {}\n", request.uri().path())
}

fn main() -> std::io::Result<()> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default())?;
    event_loop.block_on(async {
        let server = Server::bind("127.0.0.1:8888")?;
        println!("listening on http://{}", server.local_addr());
        server.serve(hello).await;
        Ok(())
    })
}
