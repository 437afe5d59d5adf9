//! Logs in, keeps the cookies for the next time, and saves a file however often it breaks off.

use landspout_client::{Client, ClientConfig, CookieJar, RequestOptions, RetryConfig};
use std::error::Error;

fn patient() -> Client {
    let retry = RetryConfig::default().max_retries(3);
    Client::with_config(ClientConfig::default().retry(retry))
}

async fn log_in(client: Client, url: &str) -> Result<Client, Box<dyn Error>> {
    let jar = match std::fs::read_to_string("cookies.json") {
        Ok(json) => CookieJar::from_json(&json)?,
        Err(_) => CookieJar::new(),
    };
    let client = client.with_defaults(RequestOptions::default().cookies(jar.clone()));
    client.post(url).form(&[("user", "me"), ("password", "secret")]).send().await?;
    std::fs::write("cookies.json", jar.to_json())?;
    Ok(client)
}

async fn save(client: &Client, url: &str) -> Result<(), Box<dyn Error>> {
    let request = client.get(url).max_body_size(1 << 30);
    let progress = |bytes, total| println!("{bytes} of {total:?}");
    let saved = request.download().on_progress(progress).to_file("saved").await?;
    println!("{} bytes, {} times resumed", saved.bytes, saved.resumed);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8888".to_owned());
    let client = log_in(patient(), &format!("{base}/login")).await?;
    save(&client, &format!("{base}/file")).await
}
