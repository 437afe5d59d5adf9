//! Handlers that panic.

use crate::log::Caught;
use crate::{fetch, run};
use landspout_web::{Application, Handler, Next, Request, Response};
use tracing::Level;

async fn fall(_: Request) -> &'static str {
    panic!("stumbled over {}", 7)
}

async fn hello(_: Request) -> &'static str {
    "hello"
}

#[test]
fn a_panic_is_500_with_one_log_line_that_names_the_route() {
    let application = Application::new().route("/fall/{id}", fall).route("/", hello);
    run(async {
        let log = Caught::begin();
        let answer = fetch(&application, "/fall/1?key=secret").await;
        assert_eq!(answer, (500, "Internal Server Error\n".to_owned()));
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].0, Level::ERROR);
        let expected = "request failed status=500 method=GET path=\"/fall/1\" \
                        route=\"/fall/{id}\" error=500 Internal Server Error: \
                        panicked: stumbled over 7";
        assert_eq!(lines[0].1, expected);
        assert_eq!(fetch(&application, "/").await.0, 200);
    });
}

#[test]
fn a_panic_in_a_fallback_or_a_middleware_is_500_too() {
    async fn fall_outside(request: Request, next: Next) -> Response {
        let _ = next.run(request).await;
        panic!("on the way out")
    }
    run(async {
        assert_eq!(fetch(&Application::new().fallback(fall), "/").await.0, 500);
        let application = Application::new().wrap(fall_outside).route("/", hello);
        assert_eq!(fetch(&application, "/").await.0, 500);
    });
}

#[test]
fn a_panic_before_there_is_a_future_is_500_too() {
    struct Early;
    impl Handler for Early {
        fn handle(&self, _: Request) -> impl Future<Output = Response> {
            assert!(self.is_ready(), "too early");
            std::future::pending()
        }
    }
    impl Early {
        fn is_ready(&self) -> bool {
            false
        }
    }
    run(async {
        assert_eq!(fetch(&Application::new().route("/", Early), "/").await.0, 500);
    });
}

#[test]
fn middleware_sees_the_500_of_a_panic() {
    async fn count(request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        response.with_header("seen".parse().unwrap(), status.into())
    }
    let application = Application::new().wrap(count).route("/", fall);
    run(async {
        let response = application.handle(Request::get("/")).await;
        assert_eq!(response.headers()["seen"], "500");
    });
}

#[test]
fn the_watchdog_is_told_the_route() {
    use landspout_handler::Watch;
    use std::cell::RefCell;
    thread_local! {
        static NAMES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
        static SEEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    }
    fn label(name: &str) -> u32 {
        NAMES.with_borrow_mut(|names| {
            names.push(name.to_owned());
            names.len() as u32
        })
    }
    fn enter(id: u32) -> u32 {
        SEEN.with_borrow_mut(|seen| seen.push(id));
        0
    }
    Watch { label, enter }.install();
    let application = Application::new().route("/one", hello).route("/two/{id}", hello);
    run(async {
        fetch(&application, "/two/1").await;
        let names = NAMES.take();
        let seen: Vec<_> = SEEN
            .take()
            .iter()
            .map(|id| match id {
                0 => "",
                id => &names[*id as usize - 1],
            })
            .collect();
        assert_eq!(seen, ["/two/{id}", ""]);
    });
}
