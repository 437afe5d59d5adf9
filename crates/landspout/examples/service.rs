//! A program to run as a service: settings from a file, figures, restarts without an interruption.

use landspout::server::Metrics;
use landspout::{Request, Serve, ServeConfig, web::Application};
use std::{env, error::Error, fs};

async fn hello(_: Request) -> String {
    format!("process {}\n", std::process::id())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: service FILE.toml")?;
    let config: ServeConfig = toml::from_str(&fs::read_to_string(path)?)?;
    let metrics = Metrics::new();
    let serve = Serve::new(config)?.metrics(&metrics);
    let application =
        move || Application::new().route("/", hello).route("/metrics", metrics.clone());
    Ok(serve.run(application).map(drop)?)
}
