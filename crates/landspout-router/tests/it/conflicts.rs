//! Which patterns cannot stand beside each other.

use landspout_router::{InsertError, Router};

#[track_caller]
fn conflict(existing: &str, pattern: &str) {
    let mut router = Router::new();
    router.insert("/elsewhere", 0).unwrap();
    router.insert(existing, 1).unwrap();
    let expected =
        InsertError::Conflict { pattern: pattern.to_owned(), existing: existing.to_owned() };
    assert_eq!(router.insert(pattern, 2), Err(expected));
    assert_eq!(router.routes().count(), 2);
    assert_eq!(router.get(existing), Some(&1));
}

#[test]
fn a_conflict_names_both_patterns() {
    let mut router = Router::new();
    router.insert("/story/{id}", ()).unwrap();
    let error = router.insert("/story/{slug}", ()).unwrap_err();
    assert_eq!(error.to_string(), "`/story/{slug}` conflicts with `/story/{id}`");
}

#[test]
fn patterns_that_match_the_same_paths_conflict() {
    conflict("/", "/");
    conflict("/a", "/a");
    conflict("/{{a}}", "/{{a}}");
    conflict("/{a}", "/{b}");
    conflict("/{a}/x/{b}", "/{b}/x/{a}");
    conflict("/{*a}", "/{*b}");
    conflict("/{a}.json", "/{b}.json");
}

#[test]
fn a_parameter_conflicts_with_a_catch_all() {
    conflict("/files/{name}", "/files/{*path}");
    conflict("/files/{*path}", "/files/{name}");
    conflict("/files/{*path}", "/files/{name}/info");
}

#[test]
fn a_prefix_conflicts_with_a_suffix() {
    conflict("/v{version}", "/{name}.json");
    conflict("/{name}.json", "/v{version}");
}

#[test]
fn the_router_works_on_after_a_conflict() {
    let mut router = Router::new();
    router.insert("/a/{x}", "first").unwrap();
    router.insert("/a/{y}", "refused").unwrap_err();
    router.insert("/a/b", "second").unwrap();
    router.insert("/a/{z}/c", "third").unwrap();
    assert_eq!(router.at("/a/1").unwrap().value, &"first");
    assert_eq!(router.at("/a/b").unwrap().value, &"second");
    assert_eq!(router.at("/a/1/c").unwrap().value, &"third");
}
