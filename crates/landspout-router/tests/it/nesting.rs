//! Routers put together.

use landspout_router::{InsertError, Miss, Router, TrailingSlash};

fn stories() -> Router<&'static str> {
    let mut router = Router::new();
    router.insert("/", "all").unwrap();
    router.insert("/{id}", "one").unwrap();
    router.name("stories", "/").unwrap();
    router.name("story", "/{id}").unwrap();
    router
}

fn patterns<T>(router: &Router<T>) -> Vec<&str> {
    router.routes().map(|route| route.pattern).collect()
}

#[test]
fn nested_patterns_follow_the_prefix() {
    let mut router = Router::new();
    router.nest("/stories", stories()).unwrap();
    assert_eq!(patterns(&router), ["/stories", "/stories/{id}"]);
    assert_eq!(router.at("/stories").unwrap().value, &"all");
    assert_eq!(router.at("/stories/1").unwrap().value, &"one");
    assert_eq!(router.at("/stories/").unwrap_err(), Miss::NotFound);
}

#[test]
fn a_slash_at_the_end_of_the_prefix_is_for_the_root() {
    let mut router = Router::new();
    router.nest("/stories/", stories()).unwrap();
    assert_eq!(patterns(&router), ["/stories/", "/stories/{id}"]);
}

#[test]
fn a_prefix_can_have_parameters() {
    let mut router = Router::new();
    router.nest("/by/{author}", stories()).unwrap();
    let params = router.at("/by/ann/7").unwrap().params;
    let values: Vec<_> = params.iter().map(|param| (param.name(), param.raw())).collect();
    assert_eq!(values, [("author", "ann"), ("id", "7")]);
}

#[test]
fn names_come_along() {
    let mut router = Router::new();
    router.nest("/s", stories()).unwrap();
    assert_eq!(router.url("stories", &[]).unwrap(), "/s");
    assert_eq!(router.url("story", &[("id", &7)]).unwrap(), "/s/7");
}

#[test]
fn nesting_is_all_or_nothing() {
    let mut router = Router::new();
    router.insert("/s/{slug}", "first").unwrap();
    let error = router.nest("/s", stories()).unwrap_err();
    assert_eq!(error.to_string(), "`/s/{id}` conflicts with `/s/{slug}`");
    assert_eq!(patterns(&router), ["/s/{slug}"]);
    assert_eq!(router.at("/s").unwrap_err(), Miss::NotFound);
    assert!(router.url("stories", &[]).is_err());
    router.insert("/s", "second").unwrap();
    router.name("stories", "/s").unwrap();
}

#[test]
fn a_name_that_is_taken_stops_a_nest() {
    let mut router = stories();
    let error = router.nest("/s", stories()).unwrap_err();
    assert!(matches!(error, InsertError::NameTaken { .. }), "{error:?}");
    assert_eq!(patterns(&router), ["/", "/{id}"]);
    assert_eq!(router.url("story", &[("id", &1)]).unwrap(), "/1");
}

#[test]
fn a_prefix_that_makes_no_pattern_is_refused() {
    for prefix in ["s", "/{", "/{*rest}", "/{id}", "//s"] {
        assert!(Router::new().nest(prefix, stories()).is_err(), "{prefix}");
    }
}

#[test]
fn merging_adds_the_routes_as_they_are() {
    let mut router = Router::new();
    router.insert("/about", "about").unwrap();
    router.merge(stories()).unwrap();
    assert_eq!(patterns(&router), ["/about", "/", "/{id}"]);
    assert_eq!(router.at("/about").unwrap().value, &"about");
}

#[test]
fn the_outer_policy_counts() {
    let mut router = Router::new();
    let inner = stories().trailing_slash(TrailingSlash::Merge);
    router.nest("/s", inner).unwrap();
    assert_eq!(router.at("/s/1/").unwrap_err(), Miss::NotFound);
}

#[test]
fn map_changes_the_values_only() {
    let router = stories().map(|route| format!("{}: {}", route.pattern, route.value));
    assert_eq!(router.at("/7").unwrap().value, "/{id}: one");
    assert_eq!(router.url("story", &[("id", &7)]).unwrap(), "/7");
}

#[test]
fn a_value_can_be_read_and_changed_by_its_pattern() {
    let mut router = stories();
    *router.get_mut("/{id}").unwrap() = "another";
    assert_eq!(router.get("/{id}"), Some(&"another"));
    assert_eq!(router.at("/7").unwrap().value, &"another");
    assert_eq!(router.get("/{slug}"), None);
}

#[test]
fn routes_are_listed_in_the_order_of_insertion() {
    let router = stories();
    let all: Vec<_> = router
        .routes()
        .map(|route| (route.pattern, route.parameters.len(), route.name, *route.value))
        .collect();
    assert_eq!(all, [("/", 0, Some("stories"), "all"), ("/{id}", 1, Some("story"), "one")]);
}
