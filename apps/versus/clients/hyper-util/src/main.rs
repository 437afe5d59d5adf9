//! hyper-util's legacy client, with its pool, on one thread.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use versus_contract::{Fetches, HELLO, Left};

type Pooled = Client<HttpConnector, Empty<Bytes>>;

fn main() -> std::io::Result<()> {
    let fetches = Fetches::read();
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build_local(LocalOptions::default())?.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        all(&fetches, &client, fetches.warm_up()).await;
        let began = Fetches::ready()?;
        all(&fetches, &client, fetches.left()).await;
        fetches.done(began);
        Ok(())
    })
}

async fn all(fetches: &Fetches, client: &Pooled, left: Left) {
    let left = Rc::new(left);
    let uri: Uri = fetches.url().parse().expect("a URL");
    let tasks: Vec<_> = (0..fetches.concurrency)
        .map(|_| spawn_local(some(client.clone(), uri.clone(), Rc::clone(&left))))
        .collect();
    for task in tasks {
        task.await.expect("no task panics").expect("the server answers");
    }
}

async fn some(client: Pooled, uri: Uri, left: Rc<Left>) -> Result<(), Error> {
    while left.take() {
        let response = client.get(uri.clone()).await?;
        let body = response.into_body().collect().await.expect("the answer is whole");
        assert_eq!(body.to_bytes(), HELLO);
    }
    Ok(())
}
