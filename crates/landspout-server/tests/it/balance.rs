//! Connections over the loops of a group.

use crate::wire::Client;
use landspout_server::{Accept, Request, Server, ServerConfig};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::net::TcpStream;

const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async fn thread_of(_: Request) -> String {
    format!("{:?}", std::thread::current().id())
}

/// Serves on a thread of its own, until it is stopped or told to die. It has begun when this returns.
fn spawn(server: Server, die: Arc<AtomicBool>) -> JoinHandle<()> {
    let (begins, begun) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let event_loop = builder.enable_all().build_local(Default::default()).unwrap();
        event_loop.block_on(async {
            let dies = async {
                begins.send(()).unwrap();
                while !die.load(Ordering::Relaxed) {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                biased;
                _ = server.serve(thread_of) => {}
                () = dies => {}
            }
        });
    });
    begun.recv().unwrap();
    thread
}

/// Opens connections one after the other; how many each loop has.
async fn open(addr: SocketAddr, count: usize) -> (Vec<Client>, HashMap<String, usize>) {
    let mut clients = Vec::new();
    let mut loops = HashMap::new();
    for _ in 0..count {
        let mut client = Client::new(TcpStream::connect(addr).await.unwrap());
        client.send(ASK).await;
        *loops.entry(client.answer().await.body).or_default() += 1;
        clients.push(client);
    }
    (clients, loops)
}

async fn spread(accept: Accept, count: usize, connections: usize) -> HashMap<String, usize> {
    let config = ServerConfig::default().accept(accept);
    let group = Server::bind_group("127.0.0.1:0", config, count).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    let never = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = group.into_iter().map(|server| spawn(server, never.clone())).collect();
    let (clients, loops) = open(addr, connections).await;
    drop(clients);
    handle.shutdown();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    loops
}

#[tokio::test(flavor = "local")]
async fn connections_that_last_end_up_even() {
    let loops = spread(Accept::Balanced, 16, 64).await;
    assert_eq!(loops.values().sum::<usize>(), 64);
    assert!(loops.len() == 16 && loops.values().all(|count| (3..=5).contains(count)), "{loops:?}");
}

#[tokio::test(flavor = "local")]
async fn connections_that_come_all_at_once_end_up_even() {
    let group = Server::bind_group("127.0.0.1:0", ServerConfig::default(), 8).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    let never = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = group.into_iter().map(|server| spawn(server, never.clone())).collect();
    // Until all loops serve, and have the same number.
    let (mut first, mut loops) = open(addr, 8).await;
    while loops.len() < 8 || loops.values().any(|count| *count != first.len() / 8) {
        let (more, of) = open(addr, 1).await;
        first.extend(more);
        of.into_iter().for_each(|(name, count)| *loops.entry(name).or_default() += count);
    }
    let before = first.len() / 8;

    let opening: Vec<_> =
        (0..32).map(|_| tokio::task::spawn_local(async move { open(addr, 1).await })).collect();
    let mut clients = Vec::new();
    for opening in opening {
        let (client, of) = opening.await.unwrap();
        clients.extend(client);
        of.into_iter().for_each(|(name, count)| *loops.entry(name).or_default() += count);
    }
    assert!(loops.values().all(|count| *count == before + 4), "{before} before, {loops:?}");
    drop((first, clients));
    handle.shutdown();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[tokio::test(flavor = "local")]
async fn every_way_of_accepting_serves() {
    for accept in [Accept::Own, Accept::Shared] {
        let loops = spread(accept, 3, 30).await;
        assert_eq!(loops.values().sum::<usize>(), 30, "{accept:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn a_loop_that_dies_gets_nothing_more_and_loses_nothing_that_waits() {
    let group = Server::bind_group("127.0.0.1:0", ServerConfig::default(), 2).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    let spares: Vec<_> = group.iter().map(|server| server.try_clone().unwrap()).collect();
    let dies = [Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false))];
    let mut threads: Vec<_> =
        group.into_iter().zip(&dies).map(|(server, die)| spawn(server, die.clone())).collect();
    let (before, loops) = open(addr, 8).await;
    assert_eq!(loops.values().copied().collect::<Vec<_>>(), [4, 4]);

    dies[1].store(true, Ordering::Relaxed);
    threads.pop().unwrap().join().unwrap();
    // The kernel gives some of these to the dead loop's socket, where they wait.
    let mut waiting = Vec::new();
    for _ in 0..16 {
        let mut client = Client::new(TcpStream::connect(addr).await.unwrap());
        client.send(ASK).await;
        waiting.push(client);
    }
    // It comes back.
    let mut spares = spares.into_iter();
    drop(spares.next());
    dies[1].store(false, Ordering::Relaxed);
    threads.push(spawn(spares.next().unwrap(), dies[1].clone()));
    for client in &mut waiting {
        assert!(client.answer().await.body.starts_with("ThreadId"));
    }
    drop((before, waiting));
    handle.shutdown();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
