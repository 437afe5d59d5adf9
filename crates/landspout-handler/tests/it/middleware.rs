//! Middleware: around, instead of, and again.

use landspout_handler::{Error, Handler, Middleware, Next, Request, Response};
use std::cell::RefCell;
use std::rc::Rc;

type Log = Rc<RefCell<Vec<String>>>;

struct Mark(&'static str, Log);

impl Middleware for Mark {
    async fn call(&self, request: Request, next: Next) -> Response {
        self.1.borrow_mut().push(format!("{} in", self.0));
        let response = next.run(request).await;
        self.1.borrow_mut().push(format!("{} out", self.0));
        response
    }
}

#[tokio::test(flavor = "local")]
async fn the_last_one_wrapped_is_the_outermost() {
    let log = Log::default();
    let inner = Rc::clone(&log);
    let handler = move |_: Request| {
        inner.borrow_mut().push("handler".into());
        async {}
    };
    let handler = handler.wrap(Mark("a", Rc::clone(&log))).wrap(Mark("b", Rc::clone(&log)));
    handler.handle(Request::get("/")).await;
    assert_eq!(*log.borrow(), ["b in", "a in", "handler", "a out", "b out"]);
}

#[tokio::test]
async fn a_middleware_may_answer_by_itself_or_fail() {
    async fn hello(_: Request) -> &'static str {
        "hello"
    }
    async fn refuse(_: Request, _: Next) -> Result<Response, Error> {
        Err(Error::new(403, "no"))
    }
    assert_eq!(hello.wrap(refuse).handle(Request::get("/")).await.status(), 403);
}

#[tokio::test]
async fn a_middleware_may_ask_again() {
    async fn failing_once(request: Request) -> Response {
        Response::empty(if request.header("x-again").is_some() { 200 } else { 503 })
    }
    async fn retry(request: Request, next: Next) -> Response {
        let again = Request::new(request.method().clone(), request.uri().clone());
        let response = next.run(request).await;
        if response.status() != 503 {
            return response;
        }
        next.run(again.with_header("x-again".parse().unwrap(), "1".parse().unwrap())).await
    }
    assert_eq!(failing_once.wrap(retry).handle(Request::get("/")).await.status(), 200);
}

#[tokio::test(flavor = "local")]
async fn one_middleware_may_stand_in_several_places() {
    let log = Log::default();
    let mark = Rc::new(Mark("a", Rc::clone(&log)));
    let handler = (async |_: Request| "hello").wrap(Rc::clone(&mark)).wrap(mark);
    handler.handle(Request::get("/")).await;
    assert_eq!(*log.borrow(), ["a in", "a in", "a out", "a out"]);
}
