//! URLs back from names.

use landspout_router::{InsertError, Router, UrlError};
use proptest::prelude::{TestCaseError, prop_assert_eq, proptest};
use std::fmt::Display;

fn router() -> Router<()> {
    let mut router = Router::new();
    for (name, pattern) in [
        ("home", "/"),
        ("user", "/user/{id}"),
        ("me", "/user/me"),
        ("json", "/user/{id}/{part}.json"),
        ("file", "/files/{*path}"),
        ("café", "/café 100%/{{x}}/{a}"),
        ("any", "/{*rest}"),
    ] {
        router.insert(pattern, ()).unwrap();
        router.name(name, pattern).unwrap();
    }
    router
}

#[track_caller]
fn check(name: &str, args: &[(&str, &dyn Display)], expected: &str) {
    let router = router();
    let url = router.url(name, args).unwrap();
    assert_eq!(url, expected);
    let found = router.at(&url).unwrap();
    for (name, value) in args {
        let param = found.params.get(name).unwrap();
        assert_eq!(param.decode().unwrap(), value.to_string());
    }
}

#[track_caller]
fn refused(name: &str, args: &[(&str, &dyn Display)], expected: &str) {
    assert_eq!(router().url(name, args).unwrap_err().to_string(), expected);
}

#[test]
fn a_name_leads_to_its_route() {
    check("home", &[], "/");
    check("user", &[("id", &7)], "/user/7");
    check("json", &[("part", &"a"), ("id", &'x')], "/user/x/a.json");
}

#[test]
fn values_are_escaped_as_part_of_a_segment() {
    check("user", &[("id", &"a/b")], "/user/a%2Fb");
    check("user", &[("id", &"a b?c#d%e")], "/user/a%20b%3Fc%23d%25e");
    check("user", &[("id", &"é+&=@:;,~")], "/user/%C3%A9+&=@:;,~");
}

#[test]
fn a_catch_all_keeps_its_slashes() {
    check("file", &[("path", &"a/b c/d")], "/files/a/b%20c/d");
    check("file", &[("path", &"a//")], "/files/a//");
}

#[test]
fn text_of_the_pattern_is_escaped() {
    check("café", &[("a", &1)], "/caf%C3%A9%20100%25/%7Bx%7D/1");
}

#[test]
fn a_wrong_argument_is_an_error_that_names_it() {
    refused("nobody", &[], "no route is named `nobody`");
    refused("user", &[], "route `user` needs a value for `id`");
    refused("user", &[("ID", &1)], "route `user` has no place for this `ID`");
    refused("user", &[("id", &1), ("x", &1)], "route `user` has no place for this `x`");
    refused("user", &[("id", &1), ("id", &1)], "route `user` has no place for this `id`");
    refused("user", &[("id", &"")], "route `user` needs a value for `id` that is not empty");
}

#[test]
fn a_url_that_leads_elsewhere_is_an_error() {
    refused("user", &[("id", &"me")], "`/user/me` does not lead back to route `user`");
    refused("user", &[("id", &"..")], "`/user/..` does not lead back to route `user`");
    refused("file", &[("path", &"a/./b")], "`/files/a/./b` does not lead back to route `file`");
    refused("any", &[("rest", &"/host")], "`//host` does not lead back to route `any`");
    refused("any", &[("rest", &"user/7")], "`/user/7` does not lead back to route `any`");
}

#[test]
fn a_route_has_one_name() {
    let mut router = router();
    router.name("start", "/").unwrap();
    assert_eq!(router.url("start", &[]).unwrap(), "/");
    assert!(matches!(router.url("home", &[]), Err(UrlError::UnknownName { .. })));
    router.name("home", "/user/me").unwrap();
}

#[test]
fn a_name_belongs_to_one_route() {
    let mut router = router();
    router.name("home", "/").unwrap();
    let error = router.name("home", "/user/me").unwrap_err();
    assert_eq!(error.to_string(), "`/user/me` cannot be named `home`, which is the name of `/`");
    let error = router.name("x", "/x").unwrap_err();
    assert_eq!(error.to_string(), "no route `/x` to be named `x`");
    assert!(matches!(error, InsertError::NoSuchPattern { .. }), "{error:?}");
}

/// Checks that a URL, if one is made, has its route and its values.
fn round_trip(name: &str, args: &[(&str, &dyn Display)]) -> Result<(), TestCaseError> {
    let router = router();
    let url = match router.url(name, args) {
        Ok(url) => url,
        Err(UrlError::Astray { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let route = router.routes().find(|route| route.name == Some(name)).unwrap();
    let found = router.at(&url).unwrap();
    prop_assert_eq!(found.pattern, route.pattern);
    for (name, value) in args {
        let param = found.params.get(name).unwrap();
        prop_assert_eq!(param.decode().unwrap(), value.to_string());
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    #[test]
    fn every_url_leads_back_with_the_same_values(a in ".{1,8}", b in "[a-c./%{}é ]{1,6}") {
        round_trip("user", &[("id", &a)])?;
        round_trip("json", &[("id", &a), ("part", &b)])?;
        round_trip("file", &[("path", &b)])?;
        round_trip("any", &[("rest", &a)])?;
    }
}
