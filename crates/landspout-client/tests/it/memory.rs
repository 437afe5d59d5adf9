//! A client over a handler in memory.

use landspout_client::{Client, Error, Request, Response};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::LocalOptions;

async fn echo(request: Request) -> Response {
    let text = format!("{} {} {:?}", request.method(), request.uri(), request.host());
    Response::text(text).with_header("x-echo".parse().unwrap(), "1".parse().unwrap())
}

#[tokio::test(flavor = "local")]
async fn a_handler_sees_what_it_would_see_behind_a_server() {
    let client = Client::over(echo);
    let mut response = client.get("/a?b").send().await.unwrap();
    assert_eq!(response.url(), "http://localhost/a?b");
    assert_eq!(response.header("x-echo"), Some("1"));
    assert_eq!(response.text().await.unwrap(), "GET /a?b Some(\"localhost\")");
    let mut response = client.put("http://example.com:81/").send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "PUT / Some(\"example.com:81\")");
}

#[tokio::test(flavor = "local")]
async fn an_answer_to_head_loses_its_body() {
    let mut response = Client::over(echo).head("/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap(), "");
}

#[tokio::test(flavor = "local")]
async fn redirects_and_limits_work_as_over_the_network() {
    let client = Client::over(|request: Request| async move {
        match request.uri().path() {
            "/loop" => Response::redirect(302, "/loop"),
            "/away" => Response::redirect(302, "http://elsewhere.example/there"),
            _ => Ok(Response::text(format!("{:?}", request.header("authorization")))),
        }
    });
    let request = client.get("/away").bearer_auth("x");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.url(), "http://elsewhere.example/there");
    assert_eq!(response.text().await.unwrap(), "None");
    assert!(client.get("/loop").send().await.unwrap_err().is_redirect());
    let mut response = client.get("/").max_body_size(2).send().await.unwrap();
    assert!(response.text().await.unwrap_err().is_too_large());
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_handler_can_be_too_slow_and_learns_of_it() {
    let left = Rc::new(Cell::new(false));
    let seen = Rc::clone(&left);
    let client = Client::over(move |request: Request| {
        let seen = Rc::clone(&seen);
        async move {
            request.connection().closed().await;
            seen.set(true);
        }
    });
    let error = client.get("/").timeout(Duration::from_secs(3)).send().await.unwrap_err();
    assert!(error.is_timeout());
    tokio::task::yield_now().await;
    assert!(left.get());
}

#[tokio::test(flavor = "local")]
async fn a_panic_is_a_500() {
    async fn fails(_: Request) -> &'static str {
        panic!("on purpose")
    }
    let client = Client::over(fails);
    assert_eq!(client.get("/").send().await.unwrap().status(), 500);
    assert_eq!(client.get("/").send().await.unwrap().status(), 500);
}

#[tokio::test(flavor = "local")]
async fn bodies_stream_in_both_directions() {
    let client = Client::over(|mut request: Request| async move {
        Ok::<_, Error>(Response::new(std::mem::take(request.body_mut())))
    });
    let (mut writer, body) = landspout_client::Body::writer();
    let mut response = client.post("/").body(body).send().await.unwrap();
    writer.write("one").await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "one");
    writer.write("two").await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "two");
    writer.finish().await.unwrap();
    assert_eq!(response.chunk().await.unwrap(), None);
    assert!(response.timings().total.is_some());
}

#[test]
fn the_client_can_leave_the_loop_and_outlive_it() {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default()).unwrap();
    let client = runtime.block_on(async { Client::over(echo) });
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let elsewhere = client.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        sender.send(runtime.block_on(elsewhere.get("/").send())).unwrap();
    });
    assert_eq!(runtime.block_on(receiver).unwrap().unwrap().status(), 200);
    thread.join().unwrap();
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(client.get("/").send()).unwrap_err();
    assert!(format!("{error:?}").contains("the handler's loop has ended"), "{error:?}");
}
