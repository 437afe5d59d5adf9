//! Addresses and loops.

use crate::wire::{Client, within};
use landspout_server::{Error, Handler, Request, Response, Server, ServerConfig, ServerHandle};
use std::io::ErrorKind;
use tokio::net::TcpStream;

async fn fine(_: Request) -> &'static str {
    "fine"
}

#[track_caller]
fn assert_in_use(error: &std::io::Error, addr: std::net::SocketAddr) {
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().starts_with(&format!("cannot listen on {addr}: ")), "{error}");
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let first = Server::bind("127.0.0.1:0").unwrap();
    let addr = first.local_addr();
    assert_in_use(&Server::bind(addr).unwrap_err(), addr);
    assert_in_use(&Server::bind_group(addr, ServerConfig::default(), 2).unwrap_err(), addr);
}

#[test]
fn a_port_that_a_group_shares_is_in_use_for_others() {
    let group = Server::bind_group("127.0.0.1:0", ServerConfig::default(), 2).unwrap();
    let addr = group[0].local_addr();
    assert_in_use(&Server::bind(addr).unwrap_err(), addr);
    assert_in_use(&Server::bind_group(addr, ServerConfig::default(), 2).unwrap_err(), addr);
}

#[test]
fn an_address_of_another_machine_is_an_error() {
    let error = Server::bind("192.0.2.1:80").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}

#[tokio::test(flavor = "local")]
async fn a_port_can_be_had_again_at_once() {
    let mut addr: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    for _ in 0..3 {
        let server = Server::bind(addr).unwrap();
        addr = server.local_addr();
        let handle = server.handle();
        let serving = tokio::task::spawn_local(server.serve(fine));
        let mut client = Client::new(TcpStream::connect(addr).await.unwrap());
        // The server closes first, which leaves the port in TIME_WAIT.
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(client.rest().await.ends_with("fine"));
        drop(client);
        handle.shutdown();
        within(serving).await.unwrap();
    }
}

#[tokio::test(flavor = "local")]
async fn each_loop_of_a_group_serves_and_one_handle_stops_all() {
    let group = Server::bind_group("127.0.0.1:0", ServerConfig::default(), 3).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    let name = |request: Request| async move {
        drop(request);
        format!("{:?}", std::thread::current().id())
    };
    let threads: Vec<_> = group
        .into_iter()
        .map(|server| {
            std::thread::spawn(move || {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
                event_loop.block_on(server.serve(name))
            })
        })
        .collect();
    let mut names = std::collections::HashSet::new();
    for _ in 0..200 {
        let mut client = Client::new(TcpStream::connect(addr).await.unwrap());
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        names.insert(client.answer().await.body);
    }
    assert_eq!(names.len(), if cfg!(target_os = "linux") { 3 } else { names.len() });
    handle.shutdown();
    let cut: usize = threads.into_iter().map(|thread| thread.join().unwrap().cut).sum();
    assert_eq!(cut, 0);
}

#[tokio::test(flavor = "local")]
async fn a_clone_keeps_the_socket_while_a_loop_is_dead() {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let (spare, addr) = (server.try_clone().unwrap(), server.local_addr());
    let dying = tokio::task::spawn_local(server.serve(fine));
    tokio::task::yield_now().await;
    dying.abort();
    assert!(dying.await.is_err());

    let mut client = Client::new(TcpStream::connect(addr).await.unwrap());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let handle = spare.handle();
    let serving = tokio::task::spawn_local(spare.serve(fine));
    assert_eq!(client.answer().await.body, "fine");
    drop(client);
    handle.shutdown();
    within(serving).await.unwrap();
}

#[tokio::test(flavor = "local")]
#[cfg(target_os = "linux")]
async fn a_drain_closes_the_socket_for_its_clones_too() {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let spare = server.try_clone().unwrap();
    server.handle().shutdown();
    within(server.serve(fine)).await;
    assert!(TcpStream::connect(spare.local_addr()).await.is_err());
    assert!(spare.handle().is_shutdown());
    assert_eq!(within(spare.serve(fine)).await.finished, 0);
}

#[tokio::test(flavor = "local")]
async fn a_handler_that_is_not_fit_is_not_served() {
    struct Unfit;
    impl Handler for Unfit {
        async fn handle(&self, _: Request) -> Response {
            Response::empty(200)
        }

        fn check(&self) -> Result<(), Error> {
            Err(Error::internal("two routes are in conflict"))
        }
    }
    let server = Server::bind("127.0.0.1:0").unwrap();
    let addr = server.local_addr();
    assert_eq!(within(server.serve(Unfit)).await.finished, 0);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[test]
fn a_server_is_bound_on_one_thread_and_served_on_another() {
    fn is_send<T: Send>() {}
    fn is_shared<T: Clone + Send + Sync>() {}
    is_send::<Server>();
    is_shared::<ServerHandle>();
    is_shared::<ServerConfig>();
}
