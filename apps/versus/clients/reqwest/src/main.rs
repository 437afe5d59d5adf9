//! reqwest's client, with its pool, without TLS, on one thread.

use reqwest::Client;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use versus_contract::{Fetches, HELLO, Left};

fn main() -> std::io::Result<()> {
    let fetches = Fetches::read();
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build_local(LocalOptions::default())?.block_on(async {
        let client = Client::new();
        all(&fetches, &client, fetches.warm_up()).await;
        let began = Fetches::ready()?;
        all(&fetches, &client, fetches.left()).await;
        fetches.done(began);
        Ok(())
    })
}

async fn all(fetches: &Fetches, client: &Client, left: Left) {
    let left = Rc::new(left);
    let tasks: Vec<_> = (0..fetches.concurrency)
        .map(|_| spawn_local(some(client.clone(), fetches.url(), Rc::clone(&left))))
        .collect();
    for task in tasks {
        task.await.expect("no task panics").expect("the server answers");
    }
}

async fn some(client: Client, url: String, left: Rc<Left>) -> Result<(), reqwest::Error> {
    while left.take() {
        let response = client.get(&url).send().await?;
        assert_eq!(response.bytes().await?, HELLO);
    }
    Ok(())
}
