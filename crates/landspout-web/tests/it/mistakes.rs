//! Routes that cannot be used.

use crate::log::Caught;
use crate::{fetch, run};
use landspout_web::{Application, Handler, Request, RouteError, Routes, get, redirect};
use std::error::Error;

async fn hello(_: Request) -> &'static str {
    "hello"
}

fn route_error(error: &landspout_web::Error) -> &RouteError {
    error.cause().unwrap().downcast_ref().unwrap()
}

#[track_caller]
fn check(application: Application, expected: &str) {
    let error = application.check().unwrap_err();
    assert_eq!(route_error(&error).source().unwrap().to_string(), expected);
}

#[test]
fn a_conflict_names_both_routes() {
    check(
        Application::new().route("/story/{id}", hello).route("/story/{slug}", hello),
        "`/story/{slug}` conflicts with `/story/{id}`",
    );
    check(
        Application::new()
            .route("/api/users", hello)
            .nest("/api", Routes::new().route("/users", hello)),
        "`/api/users` conflicts with `/api/users`",
    );
}

#[test]
fn a_pattern_that_is_not_well_formed_is_said() {
    let reason = "`story` is not a pattern: it does not begin with a slash";
    check(Application::new().route("story", hello), reason);
    check(Application::new().nest("/api", Routes::new().route("story", hello)), reason);
}

#[test]
fn a_name_that_is_taken_is_said() {
    check(
        Application::new().named("story", "/a", hello).named("story", "/b", hello),
        "`/b` cannot be named `story`, which is the name of `/a`",
    );
}

#[test]
fn a_method_with_two_handlers_is_said() {
    check(Application::new().route("/", get(hello).get(hello)), "GET already has a value");
}

#[test]
fn a_handler_that_is_not_fit_is_found_through_what_holds_it() {
    let unfit = || get(hello).get(hello);
    check(Application::new().route("/", unfit().body_limit(1)), "GET already has a value");
    check(Application::new().route("/", get(hello).post(unfit())), "GET already has a value");
    check(Application::new().mount("/", unfit()), "GET already has a value");
    assert!(Application::new().fallback(unfit()).check().is_err());

    let inner = Application::new().route("/", unfit());
    let outer = Application::new().mount("/inner", inner);
    let error = format!("{:?}", outer.check().unwrap_err());
    assert_eq!(error.matches("the route added at").count(), 2, "{error}");
}

#[test]
fn a_mount_with_parameters_is_said() {
    check(
        Application::new().mount("/{tenant}", hello),
        "`/{tenant}` has parameters, which a mounted handler cannot see",
    );
}

#[test]
fn a_redirection_to_nowhere_is_said() {
    let check = |status, to: &str, reason| {
        let expected = format!("`{to}` is nowhere to redirect to: {reason}");
        check(Application::new().route("/", redirect(status, to)), &expected);
    };
    check(200, "/", "200 is not a redirection");
    check(301, "//host", "`//host` is not a pattern: two slashes follow each other");
    check(301, "page", "`page` is not a pattern: it does not begin with a slash");
    check(301, "https://host/\n", "it cannot stand in a header");
}

#[test]
fn the_first_mistake_is_told_with_the_line_that_made_it() {
    let line = line!() + 1;
    let application = Application::new().route("one", hello).route("two", hello);
    let error = application.check().unwrap_err();
    let error = route_error(&error);
    assert_eq!(error.location().line(), line);
    let expected = format!("the route added at {}:{line}:", file!());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn served_all_the_same_every_request_is_500_and_the_log_says_why() {
    let application = Application::new().route("/", hello).route("story", hello);
    run(async {
        let log = Caught::begin();
        assert_eq!(fetch(&application, "/").await, (500, "Internal Server Error\n".to_owned()));
        let lines = log.take();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].1.contains("`story` is not a pattern"), "{lines:?}");
    });
}
