//! fastwebsockets over hyper, on one thread.

use bytes::Bytes;
use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::broadcast;
use tokio::task::spawn_local;
use versus_contract::{QUEUE, Setting};

type Everybody = broadcast::Sender<Bytes>;

fn main() {
    let setting = Setting::read();
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_io().build_local(LocalOptions::default()).expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(setting.addr).await.expect("the port is free");
        let everybody = Everybody::new(QUEUE);
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            spawn_local(connection(stream, everybody.clone()));
        }
    });
}

async fn connection(stream: TcpStream, everybody: Everybody) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(async |request| answer(request, &everybody));
    let http = hyper::server::conn::http1::Builder::new();
    let _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

fn answer(
    mut request: Request<Incoming>,
    everybody: &Everybody,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    if request.uri().path() == "/room" {
        spawn_local(room(upgraded, everybody.clone()));
    } else {
        spawn_local(echo(upgraded));
    }
    Ok(response)
}

async fn echo(upgraded: upgrade::UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = fastwebsockets::FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn room(upgraded: upgrade::UpgradeFut, everybody: Everybody) -> Result<(), WebSocketError> {
    let mut said = everybody.subscribe();
    let (reader, mut writer) = upgraded.await?.split(tokio::io::split);
    let hearing = spawn_local(async move {
        while let Ok(text) = said.recv().await {
            let frame = Frame::text(Payload::Borrowed(&text));
            if writer.write_frame(frame).await.is_err() {
                return;
            }
        }
    });
    let mut reader = FragmentCollectorRead::new(reader);
    loop {
        // Pongs and the answer to a close would be written here; the load sends no ping.
        let mut ignore = async |_: Frame<'_>| Ok::<(), Infallible>(());
        let Ok(frame) = reader.read_frame(&mut ignore).await else { break };
        match frame.opcode {
            OpCode::Close => break,
            OpCode::Text | OpCode::Binary => {
                let _ = everybody.send(Bytes::copy_from_slice(&frame.payload));
            }
            _ => {}
        }
    }
    hearing.abort();
    Ok(())
}
