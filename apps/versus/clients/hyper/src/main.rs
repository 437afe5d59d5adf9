//! hyper's client connections alone: one for each task, no pool. The floor of clients on hyper.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use std::io::{self, Error};
use std::net::Ipv4Addr;
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use versus_contract::{Fetches, HELLO, Left};

type Sender = SendRequest<Empty<Bytes>>;

fn main() -> io::Result<()> {
    let fetches = Fetches::read();
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build_local(LocalOptions::default())?.block_on(async {
        let mut senders = Vec::new();
        for _ in 0..fetches.concurrency {
            senders.push(connect(fetches.port).await?);
        }
        let senders = all(&fetches, senders, fetches.warm_up()).await?;
        let began = Fetches::ready()?;
        all(&fetches, senders, fetches.left()).await?;
        fetches.done(began);
        Ok(())
    })
}

async fn connect(port: u16) -> io::Result<Sender> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    spawn_local(connection);
    Ok(sender)
}

/// Gives the connections back.
async fn all(fetches: &Fetches, senders: Vec<Sender>, left: Left) -> io::Result<Vec<Sender>> {
    let left = Rc::new(left);
    let host = format!("127.0.0.1:{}", fetches.port);
    let start = |sender| spawn_local(some(sender, host.clone(), Rc::clone(&left)));
    let tasks: Vec<_> = senders.into_iter().map(start).collect();
    let mut senders = Vec::new();
    for task in tasks {
        senders.push(task.await?.map_err(Error::other)?);
    }
    Ok(senders)
}

async fn some(mut sender: Sender, host: String, left: Rc<Left>) -> Result<Sender, hyper::Error> {
    while left.take() {
        sender.ready().await?;
        let request = Request::get("/plaintext").header(header::HOST, &host);
        let request = request.body(Empty::new()).expect("a well-formed request");
        let response = sender.send_request(request).await?;
        assert_eq!(response.into_body().collect().await?.to_bytes(), HELLO);
    }
    Ok(sender)
}
