//! A slash at the end counts, unless the user says otherwise.

use landspout_router::{Miss, Router, TrailingSlash};

fn router(policy: TrailingSlash) -> Router<&'static str> {
    let mut router = Router::new().trailing_slash(policy);
    for pattern in ["/", "/a", "/b/", "/both", "/both/", "/x/{x}", "/y/{y}/", "/café"] {
        router.insert(pattern, pattern).unwrap();
    }
    router
}

fn redirect(path: &str) -> Miss {
    Miss::Redirect(path.to_owned())
}

#[test]
fn strict_is_the_default() {
    assert_eq!(TrailingSlash::default(), TrailingSlash::Strict);
    let router = router(TrailingSlash::default());
    for path in ["/a/", "/b", "/x/1/", "/y/1", ""] {
        assert_eq!(router.at(path).unwrap_err(), Miss::NotFound, "at {path}");
    }
}

#[test]
fn redirect_names_the_path_that_has_a_route() {
    let router = router(TrailingSlash::Redirect);
    assert_eq!(router.at("/a/").unwrap_err(), redirect("/a"));
    assert_eq!(router.at("/b").unwrap_err(), redirect("/b/"));
    assert_eq!(router.at("/x/1/").unwrap_err(), redirect("/x/1"));
    assert_eq!(router.at("/y/%2F").unwrap_err(), redirect("/y/%2F/"));
    assert_eq!(router.at("").unwrap_err(), redirect("/"));
    assert_eq!(router.at("/a//").unwrap_err(), Miss::NotFound);
    assert_eq!(router.at("/c/").unwrap_err(), Miss::NotFound);
}

#[test]
fn merge_answers_for_either() {
    let router = router(TrailingSlash::Merge);
    assert_eq!(router.at("/a/").unwrap().value, &"/a");
    assert_eq!(router.at("/b").unwrap().value, &"/b/");
    for (path, name) in [("/x/1%2F2/", "x"), ("/y/1%2F2", "y")] {
        let params = router.at(path).unwrap().params;
        assert_eq!(params.get(name).unwrap().decode().unwrap(), "1/2");
        assert_eq!(params.ranges().collect::<Vec<_>>(), vec![3..8]);
    }
    assert_eq!(router.at("/x/").unwrap_err(), Miss::NotFound);
}

#[test]
fn the_path_as_it_stands_comes_first() {
    for policy in [TrailingSlash::Redirect, TrailingSlash::Merge] {
        let router = router(policy);
        assert_eq!(router.at("/both").unwrap().value, &"/both");
        assert_eq!(router.at("/both/").unwrap().value, &"/both/");
        assert_eq!(router.at("/").unwrap().value, &"/");
    }
}

#[test]
fn a_redirect_is_fit_for_a_header() {
    let router = router(TrailingSlash::Redirect);
    assert_eq!(router.at("/café/").unwrap_err(), redirect("/caf%C3%A9"));
    assert_eq!(router.at("/x/a\r\nb: c/").unwrap_err(), redirect("/x/a%0D%0Ab:%20c"));
}

#[test]
fn a_redirect_never_leads_to_another_host() {
    let mut router = Router::new().trailing_slash(TrailingSlash::Redirect);
    router.insert("/{x}/", ()).unwrap();
    router.insert("/{x}/{y}", ()).unwrap();
    router.insert("/{x}/{y}/{z}", ()).unwrap();
    for path in ["//evil.example", "//evil.example/", "//evil.example/a/", "///a/"] {
        assert_eq!(router.at(path).unwrap_err(), Miss::NotFound, "at {path}");
    }
    assert_eq!(router.at("/\\evil.example").unwrap_err(), redirect("/%5Cevil.example/"));
    assert_eq!(router.at("/%2Fevil.example").unwrap_err(), redirect("/%2Fevil.example/"));
    let mut rest = Router::new().trailing_slash(TrailingSlash::Redirect);
    rest.insert("/{*rest}", ()).unwrap();
    assert!(rest.at("//evil.example/").is_ok(), "the route itself has it");
}
