//! What a path says where its pattern has parameters.

use landspout_router::Router;

/// Checks the raw values, the decoded values (`!` for an error) and the ranges.
#[track_caller]
fn check(pattern: &str, path: &str, expected: &[(&str, &str, &str)]) {
    let mut router = Router::new();
    router.insert(pattern, ()).unwrap();
    let params = router.at(path).unwrap().params;
    assert_eq!(params.len(), expected.len());
    assert_eq!(params.is_empty(), expected.is_empty());
    let names: Vec<_> = params.names().iter().map(|name| &**name).collect();
    let mut ranges = params.ranges();
    for (param, (name, raw, decoded)) in params.iter().zip(expected) {
        assert_eq!((param.name(), param.raw()), (*name, *raw));
        assert_eq!(param.decode().as_deref().unwrap_or("!"), *decoded);
        assert_eq!(params.get(name), Some(param));
        assert_eq!(&path[ranges.next().unwrap()], *raw);
        assert!(names.contains(name));
    }
    assert_eq!(ranges.next(), None);
    assert_eq!(params.get("nobody"), None);
}

#[test]
fn values_come_in_the_order_of_the_pattern() {
    check("/a", "/a", &[]);
    check("/{b}/x/{a}", "/1/x/2", &[("b", "1", "1"), ("a", "2", "2")]);
    check(
        "/{a}/{b}/{c}/{d}/{*e}",
        "/1/2/3/4/5/6",
        &[("a", "1", "1"), ("b", "2", "2"), ("c", "3", "3"), ("d", "4", "4"), ("e", "5/6", "5/6")],
    );
}

#[test]
fn text_around_a_parameter_is_not_in_its_value() {
    check("/v{n}", "/v12", &[("n", "12", "12")]);
    check("/{n}.json", "/a.json.json", &[("n", "a.json", "a.json")]);
}

#[test]
fn values_are_decoded_when_asked() {
    check("/{x}", "/caf%C3%A9%20au%2blait", &[("x", "caf%C3%A9%20au%2blait", "café au+lait")]);
    check("/{x}", "/a+b", &[("x", "a+b", "a+b")]);
    check("/{x}", "/%", &[("x", "%", "%")]);
}

#[test]
fn an_escaped_slash_stays_in_its_value() {
    check("/{x}/{y}", "/a%2Fb/c", &[("x", "a%2Fb", "a/b"), ("y", "c", "c")]);
    check("/{*x}", "/a%2Fb/c", &[("x", "a%2Fb/c", "a/b/c")]);
}

#[test]
fn a_value_that_is_not_utf8_is_an_error_that_names_the_parameter() {
    check("/{x}/{y}", "/%FF/ok", &[("x", "%FF", "!"), ("y", "ok", "ok")]);
    let mut router = Router::new();
    router.insert("/{x}", ()).unwrap();
    let param = router.at("/%C3").unwrap().params.get("x").unwrap();
    let error = param.decode().unwrap_err();
    assert_eq!(error.name(), "x");
    assert_eq!(error.to_string(), "path parameter `x` is not UTF-8");
}

#[test]
fn values_are_parts_of_the_path_even_when_the_text_around_is_escaped() {
    check("/é/{x}", "/%C3%A9/%41b", &[("x", "%41b", "Ab")]);
    check("/a{x}é", "/%61%41%C3%A9%C3%A9", &[("x", "%41%C3%A9", "Aé")]);
    check("/{x}.json/{*y}", "/1%2Ejson/2%2F/%33", &[("x", "1", "1"), ("y", "2%2F/%33", "2//3")]);
}

#[test]
fn a_value_of_60_kib_is_a_value() {
    let mut router = Router::new();
    router.insert("/{id}/end", ()).unwrap();
    for (spelled, len) in [("a", 60 * 1024), ("%41", 20 * 1024), ("%C3%A9", 10 * 1024)] {
        let value = spelled.repeat(len);
        let path = format!("/{value}/end");
        let found = router.at(&path).unwrap();
        let id = found.params.get("id").unwrap();
        assert_eq!((id.raw(), id.decode().unwrap().chars().count()), (&*value, len));
    }
}
