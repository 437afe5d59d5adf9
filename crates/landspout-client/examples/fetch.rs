//! Fetches a URL, and says what came and how long it took.

use landspout_client::Client;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8888/".to_owned());
    let client = Client::new();
    let mut response = client.get(url).timeout(Duration::from_secs(10)).send().await?;
    let bytes = response.bytes().await?;
    println!("{} from {}: {} bytes", response.status(), response.url(), bytes.len());
    println!("{:#?}", response.timings());
    Ok(())
}
