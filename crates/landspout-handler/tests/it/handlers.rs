//! Functions, closures, structs and boxes as handlers.

use http::StatusCode;
use landspout_handler::{
    BoxHandler, Deadline, Error, Handler, Html, IntoResponse, Json, Request, Response,
    contain_panic,
};
use std::cell::OnceCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

async fn text(response: Response) -> String {
    response.into_body().text().await.unwrap()
}

async fn echo(mut request: Request) -> Result<String, Error> {
    request.text().await
}

struct Fixed(&'static str);

impl Handler for Fixed {
    async fn handle(&self, _: Request) -> Response {
        Response::text(self.0)
    }
}

#[tokio::test]
async fn functions_closures_and_structs_are_handlers() {
    assert_eq!(text(echo.handle(Request::post("/").with_body("x")).await).await, "x");
    let closure = |_: Request| async { "closure" };
    assert_eq!(text(closure.handle(Request::get("/")).await).await, "closure");
    assert_eq!(text(Fixed("struct").handle(Request::get("/")).await).await, "struct");
    assert_eq!(text(Rc::new(Fixed("rc")).handle(Request::get("/")).await).await, "rc");
    assert_eq!(text(Arc::new(Fixed("arc")).handle(Request::get("/")).await).await, "arc");
}

#[tokio::test]
async fn different_handlers_stand_in_one_table() {
    let table = [echo.boxed(), Fixed("b").boxed(), Fixed("c").boxed().boxed()];
    let mut answers = Vec::new();
    for handler in &table {
        answers.push(text(handler.handle(Request::get("/").with_body("a")).await).await);
    }
    assert_eq!(answers, ["a", "b", "c"]);
}

/// Paths: `/` answers, `/wait` waits, `/panic` panics, and others ask the same handler for the path
/// without its last character.
fn recursive() -> Rc<OnceCell<BoxHandler>> {
    let own: Rc<OnceCell<BoxHandler>> = Rc::default();
    let inner = Rc::downgrade(&own);
    let handler = move |request: Request| {
        let own = inner.upgrade().expect("it is being asked");
        async move {
            let path = request.uri().path().to_owned();
            match &*path {
                "/" => {}
                "/wait" => tokio::task::yield_now().await,
                "/panic" => panic!("as it was asked to"),
                path => {
                    let next = Request::get(&path[..path.len() - 1]);
                    let answer = text(own.get().unwrap().handle(next).await).await;
                    return format!("{path}, {answer}");
                }
            }
            path
        }
    };
    own.get_or_init(|| handler.boxed());
    own
}

#[tokio::test]
async fn a_boxed_handler_answers_several_at_a_time_itself_included_and_after_a_panic() {
    let handler = recursive();
    let handler = handler.get().unwrap();
    let ask = |path: &str| handler.handle(Request::get(path));
    assert_eq!(text(ask("/abc").await).await, "/abc, /ab, /a, /");
    let (first, second, third) = tokio::join!(ask("/wait"), ask("/"), ask("/wait"));
    assert_eq!(text(first).await, "/wait");
    assert_eq!(text(second).await, "/");
    assert_eq!(text(third).await, "/wait");
    assert!(contain_panic(ask("/panic")).await.is_err());
    assert_eq!(text(ask("/ab").await).await, "/ab, /a, /");
    drop(ask("/never-asked"));
    assert_eq!(text(ask("/").await).await, "/");
}

#[tokio::test]
async fn nothing_of_an_answered_future_is_kept() {
    let token = Rc::new(());
    let held = Rc::clone(&token);
    let handler = move |_: Request| {
        let held = Rc::clone(&held);
        poll_fn(move |_| Poll::Ready(Rc::strong_count(&held).to_string()))
    };
    let handler = handler.boxed();
    for _ in 0..2 {
        assert_eq!(text(handler.handle(Request::get("/")).await).await, "3");
        assert_eq!(Rc::strong_count(&token), 2);
    }
}

#[tokio::test]
async fn a_handler_may_raise_or_lower_the_limit_of_its_body() {
    let limited = |bytes: u64| {
        let request = Request::post("/").with_body(landspout_handler::Body::from("12345").limit(3));
        async move { echo.body_limit(bytes).handle(request).await.status().as_u16() }
    };
    assert_eq!(limited(5).await, 200);
    assert_eq!(limited(4).await, 413);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_have_a_time_of_its_own() {
    let slow = |limit: Duration| {
        let mut request = Request::get("/");
        let deadline = Deadline::default();
        request.set_deadline(deadline.clone());
        let handler = async |_: Request| tokio::time::sleep(Duration::from_secs(10)).await;
        async move {
            let response = handler.time_limit(limit).handle(request).await;
            assert!(deadline.is_lifted(), "the server's own limit is not to end it");
            (response.status().as_u16(), response.headers().contains_key("retry-after"))
        }
    };
    assert_eq!(slow(Duration::from_secs(9)).await, (503, true));
    assert_eq!(slow(Duration::from_secs(11)).await, (204, false));
    assert_eq!(slow(Duration::ZERO).await, (204, false));
}

/// A handler that says of itself that it cannot answer.
struct Unfit;

impl Handler for Unfit {
    async fn handle(&self, _: Request) -> Response {
        Response::empty(500)
    }

    fn check(&self) -> Result<(), Error> {
        Err(Error::internal("two routes are one"))
    }
}

#[test]
fn what_is_around_a_handler_passes_on_that_it_is_unfit() {
    async fn pass(request: Request, next: landspout_handler::Next) -> Response {
        next.run(request).await
    }
    echo.check().unwrap();
    let handler = Rc::new(
        Unfit.body_limit(1).time_limit(Duration::ZERO).cancel_on_disconnect().wrap(pass).boxed(),
    );
    assert_eq!(
        format!("{:?}", handler.check().unwrap_err()),
        "500 Internal Server Error: two routes are one"
    );
}

#[tokio::test]
async fn values_turn_into_responses() {
    #[track_caller]
    fn check(value: impl IntoResponse, status: u16, content_type: Option<&str>) {
        let response = value.into_response();
        let given = response.headers().get("content-type").map(|value| value.to_str().unwrap());
        assert_eq!((response.status().as_u16(), given), (status, content_type));
    }
    let text = Some("text/plain; charset=utf-8");
    check("text", 200, text);
    check(String::from("text"), 200, text);
    check(Html("<p>"), 200, Some("text/html; charset=utf-8"));
    check(Json([1]), 200, Some("application/json"));
    check(vec![1u8], 200, Some("application/octet-stream"));
    check((), 204, None);
    check(StatusCode::GONE, 410, None);
    check((StatusCode::CREATED, "made"), 201, text);
    check(Err::<&str, _>(Error::new(404, "no")), 404, text);
    check(Ok::<_, Error>("yes"), 200, text);
    check(Json(std::collections::HashMap::from([((1, 2), 3)])), 500, text);
}
