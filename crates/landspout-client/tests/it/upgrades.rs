//! Connections that speak another protocol after the answer.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Client, ClientConfig, Handler, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An answer, and with it the first bytes of the other protocol.
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\nwelcome ";

fn ask(client: &Client, server: &Server) -> landspout_client::RequestBuilder {
    client.get(server.url("/")).header("connection", "upgrade").header("upgrade", "other")
}

#[tokio::test]
async fn the_connection_comes_with_the_answer_and_what_was_read_too_early_with_it() {
    let script = vec![Act::Read, write(SWITCH), Act::Read, write("goodbye")];
    let server = Server::play([script]).await;
    let mut response = ask(&Client::new(), &server).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.header("upgrade")), (101, Some("other")));
    assert!(response.bytes().await.unwrap().is_empty());
    let mut io = response.take_upgrade().unwrap().await.unwrap();
    assert!(response.take_upgrade().is_none());
    let mut welcome = [0; 8];
    io.read_exact(&mut welcome).await.unwrap();
    assert_eq!(&welcome, b"welcome ");
    io.write_all(b"anything\r\n\r\n").await.unwrap();
    let mut rest = String::new();
    io.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "goodbye");
    assert_eq!(server.requests()[1], "anything\r\n\r\n");
}

#[tokio::test]
async fn it_leaves_the_pool_and_its_place_is_free() {
    let scripts = [vec![Act::Read, write(SWITCH), Act::Hold], vec![Act::Read, write(OK)]];
    let server = Server::play(scripts).await;
    let config = ClientConfig::default().max_connections_per_host(1).max_connections(1);
    let client = Client::with_config(config);
    let mut response = ask(&client, &server).send().await.unwrap();
    let io = response.take_upgrade().unwrap().await.unwrap();
    drop(response);
    assert_eq!(client.get(server.url("/")).send().await.unwrap().text().await.unwrap(), "hello");
    assert_eq!(server.connections(), 2);
    drop(io);
    server.until(|server| server.open() == 0).await;
}

#[tokio::test]
async fn an_idle_connection_can_be_upgraded_and_one_that_nobody_takes_is_closed() {
    let script = vec![Act::Read, write(OK), Act::Read, write(SWITCH), Act::Hold];
    let server = Server::play([script]).await;
    let client = Client::new();
    client.get(server.url("/")).send().await.unwrap().bytes().await.unwrap();
    let response = ask(&client, &server).send().await.unwrap();
    assert!(response.timings().reused);
    assert_eq!(server.open(), 1);
    drop(response);
    server.until(|server| server.open() == 0).await;
}

#[tokio::test]
async fn a_client_without_keep_alive_can_ask_for_it_too() {
    let server = Server::play([vec![Act::Read, write(SWITCH), Act::Hold]]).await;
    let client = Client::with_config(ClientConfig::default().keep_alive(false));
    assert!(ask(&client, &server).send().await.unwrap().take_upgrade().is_some());
    assert!(server.requests()[0].contains("connection: upgrade\r\n"), "{:?}", server.requests());
}

#[tokio::test]
async fn a_server_may_answer_as_if_it_had_not_been_asked() {
    let server = Server::answering(OK).await;
    let mut response = ask(&Client::new(), &server).send().await.unwrap();
    assert!(response.take_upgrade().is_none());
    assert_eq!(response.text().await.unwrap(), "hello");
}

#[tokio::test(flavor = "local")]
async fn a_handler_in_memory_can_take_the_upgrade() {
    let client = Client::over(|mut request: Request| async move {
        let Some(upgrade) = request.take_upgrade() else { return Response::text("not asked") };
        tokio::task::spawn_local(async move {
            let mut io = upgrade.await.unwrap();
            io.write_all(b"hello in another protocol").await.unwrap();
        });
        Response::empty(101)
    });
    let mut response = client.get("/").header("upgrade", "other").send().await.unwrap();
    let mut text = String::new();
    let mut io = response.take_upgrade().unwrap().await.unwrap();
    io.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello in another protocol");
    assert_eq!(client.get("/").send().await.unwrap().text().await.unwrap(), "not asked");

    let rude = Client::over(|_: Request| async { Response::empty(101) });
    assert!(rude.get("/").send().await.unwrap_err().is_malformed());
}

/// A request as a server hands it on: with the right to its connection, whose other end is returned.
fn upgradable(url: &str, protocol: &'static str) -> (Request, tokio::io::DuplexStream) {
    let mut request = Request::get(url);
    let headers = request.headers_mut();
    headers.insert("connection", "upgrade".parse().unwrap());
    headers.insert("upgrade", protocol.parse().unwrap());
    let (near, far) = tokio::io::duplex(64);
    let (sender, upgrade) = landspout_handler::Upgrade::channel();
    sender.send(landspout_handler::Upgraded::new(far, bytes::Bytes::new()));
    request.set_upgrade(upgrade);
    (request, near)
}

#[tokio::test]
async fn a_gateway_passes_a_websocket_through() {
    let switch = SWITCH.replace("other", "websocket");
    let server = Server::play([vec![Act::Read, write(switch), Act::Read, write("goodbye")]]).await;
    let (request, mut near) = upgradable(&server.url("/"), "websocket");
    let response = Client::new().handle(request).await;
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["upgrade"], "websocket");
    assert_eq!(response.headers()["connection"], "upgrade");
    near.write_all(b"anything\r\n\r\n").await.unwrap();
    near.shutdown().await.unwrap();
    let mut text = String::new();
    near.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "welcome goodbye");
    let requests = server.requests();
    assert!(requests[0].contains("upgrade: websocket\r\n"), "{}", requests[0]);
}

/// A client that got through by `h2c` would ask the server behind for what it likes.
#[tokio::test]
async fn a_gateway_passes_nothing_else_through() {
    for protocol in ["h2c", "other", "websocket, h2c"] {
        let server = Server::answering(OK).await;
        let (request, _near) = upgradable(&server.url("/"), protocol);
        assert_eq!(Client::new().handle(request).await.status(), 200);
        assert!(!server.requests()[0].contains("upgrade"), "{:?}", server.requests());
    }
}
