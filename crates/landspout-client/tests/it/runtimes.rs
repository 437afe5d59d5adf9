//! Where the client runs.

use crate::script::{Act, OK, Server, write};
use landspout_client::{
    Client, ClientConfig, ClientResponse, FetchError, FetchHandle, Request, RequestBuilder,
};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

fn is_send<T: Send>(_: &T) {}
fn is_send_sync<T: Send + Sync>() {}

#[test]
fn futures_and_values_can_go_to_other_threads() {
    is_send_sync::<Client>();
    is_send_sync::<ClientConfig>();
    is_send_sync::<FetchError>();
    is_send_sync::<FetchHandle>();
    let client = Client::new();
    is_send(&client.fetch(Request::get("http://localhost/")));
    is_send(&client.get("http://localhost/").send());
    fn of_response(response: &mut ClientResponse, request: RequestBuilder) {
        is_send(&request);
        is_send(response);
        is_send(&response.chunk());
        is_send(&response.bytes());
        is_send(&response.text());
        is_send(&response.json::<u8>());
    }
    let _: fn(&mut ClientResponse, RequestBuilder) = of_response;
}

async fn many(client: Client) {
    let script = (0..10).flat_map(|_| [Act::Read, write(OK)]).chain([Act::Hold]).collect();
    let server = Server::play([script]).await;
    let fetch = |client: Client, url: String| async move {
        let mut response = client.get(url).send().await.unwrap();
        response.bytes().await.unwrap().len()
    };
    let tasks: Vec<_> =
        (0..10).map(|_| tokio::spawn(fetch(client.clone(), server.url("/")))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_on_many_threads() {
    many(Client::new()).await;
    many(Client::with_config(ClientConfig::default().max_connections(3))).await;
}

#[tokio::test(flavor = "current_thread")]
async fn it_runs_on_one_thread() {
    many(Client::new()).await;
}

#[tokio::test(flavor = "local")]
async fn it_runs_on_a_local_runtime() {
    many(Client::new()).await;
}

/// Connections end with the runtime that they were made on; the client does not.
#[test]
fn a_client_outlives_the_runtimes_it_is_used_on() {
    let server_runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let script = vec![Act::Read, write(OK), Act::Read, write(OK), Act::Hold];
    let server = server_runtime.block_on(Server::play([script]));
    let client = Client::new();
    for round in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut response = runtime.block_on(client.get(server.url("/")).send()).unwrap();
        runtime.block_on(response.bytes()).unwrap();
        assert_eq!(server.connections(), round + 1);
    }
}

#[tokio::test]
async fn a_request_survives_the_runtime_of_its_connection() {
    let dies = vec![Act::Read, write(OK), Act::Read, Act::Hold];
    let server = Server::play([dies, vec![Act::Read, write(OK)]]).await;
    let (client, url) = (Client::new(), server.url("/"));
    let (tell_ready, ready) = oneshot::channel();
    let (tell_end, end) = oneshot::channel::<()>();
    let first = {
        let (client, url) = (client.clone(), url.clone());
        std::thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(async {
                client.get(url).send().await.unwrap().bytes().await.unwrap();
                tell_ready.send(()).unwrap();
                end.await.unwrap();
            });
        })
    };
    ready.await.unwrap();
    let request = tokio::spawn(client.get(url).send());
    server.until(|server| server.requests().len() == 2).await;
    assert_eq!(server.connections(), 1);
    tell_end.send(()).unwrap();
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert_eq!(server.requests().len(), 3);
    first.join().unwrap();
}

/// Nobody drives the connection, and nobody but the request itself keeps its time.
#[tokio::test]
async fn a_connection_whose_runtime_stands_still_holds_nobody_up_for_ever() {
    let server = Server::play([vec![Act::Read, write(OK), Act::Hold]]).await;
    let (client, url) = (Client::new(), server.url("/"));
    let elsewhere = client.get(&url);
    let thread = std::thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(async { elsewhere.send().await.unwrap().bytes().await.unwrap() });
        runtime
    });
    let stands_still = tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    let request = client.get(&url).timeout(Duration::from_millis(30)).send();
    let error = timeout(Duration::from_secs(60), request).await.unwrap().unwrap_err();
    assert!(error.is_timeout() && error.timings().reused, "{error:?}");
    stands_still.shutdown_background();
}
