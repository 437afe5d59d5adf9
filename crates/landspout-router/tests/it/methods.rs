//! One value for each method.

use http::Method;
use landspout_router::Methods;

fn methods() -> Methods<&'static str> {
    let mut methods = Methods::new();
    methods.insert(Method::POST, "post").unwrap();
    methods.insert(Method::GET, "get").unwrap();
    methods
}

#[test]
fn a_method_has_its_own_value() {
    assert_eq!(methods().at(&Method::GET), Ok(&"get"));
    assert_eq!(methods().at(&Method::POST), Ok(&"post"));
    let brew = Method::from_bytes(b"BREW").unwrap();
    let methods = methods().with(brew.clone(), "tea").unwrap();
    assert_eq!(methods.at(&brew), Ok(&"tea"));
}

#[test]
fn head_falls_back_to_get() {
    assert_eq!(methods().at(&Method::HEAD), Ok(&"get"));
    let own = methods().with(Method::HEAD, "head").unwrap();
    assert_eq!(own.at(&Method::HEAD), Ok(&"head"));
    let post = Methods::new().with(Method::POST, "post").unwrap();
    assert!(post.at(&Method::HEAD).is_err());
}

#[test]
fn a_method_without_a_value_gets_the_list() {
    let methods = methods();
    assert_eq!(methods.at(&Method::PUT), Err(methods.allow()));
    assert_eq!(methods.at(&Method::OPTIONS), Err(methods.allow()));
}

#[test]
fn allow_is_sorted_and_has_head_with_get_and_options_always() {
    let with = |method| Methods::new().with(method, ()).unwrap();
    assert_eq!(methods().allow().as_str(), "GET, HEAD, OPTIONS, POST");
    assert_eq!(methods().allow().to_string(), "GET, HEAD, OPTIONS, POST");
    assert_eq!(methods().allow().to_header_value(), "GET, HEAD, OPTIONS, POST");
    assert_eq!(with(Method::DELETE).allow().as_str(), "DELETE, OPTIONS");
    assert_eq!(with(Method::HEAD).allow().as_str(), "HEAD, OPTIONS");
    assert_eq!(with(Method::OPTIONS).allow().as_str(), "OPTIONS");
    assert_eq!(Methods::<()>::new().allow().as_str(), "OPTIONS");
    let both = with(Method::HEAD).with(Method::GET, ()).unwrap();
    assert_eq!(both.allow().as_str(), "GET, HEAD, OPTIONS");
}

#[test]
fn any_answers_for_the_methods_without_a_value() {
    let mut methods = methods();
    methods.insert_any("any").unwrap();
    assert_eq!(methods.at(&Method::GET), Ok(&"get"));
    assert_eq!(methods.at(&Method::HEAD), Ok(&"get"));
    assert_eq!(methods.at(&Method::PUT), Ok(&"any"));
    assert_eq!(methods.at(&Method::OPTIONS), Ok(&"any"));
    assert_eq!(methods.allow().as_str(), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

#[test]
fn a_method_has_one_value_only() {
    let mut methods = methods();
    let error = methods.insert(Method::GET, "second").unwrap_err();
    assert_eq!(error.method(), Some(&Method::GET));
    assert_eq!(error.to_string(), "GET already has a value");
    assert_eq!(methods.at(&Method::GET), Ok(&"get"));
    methods.insert_any("any").unwrap();
    let error = methods.insert_any("second").unwrap_err();
    assert_eq!(error.method(), None);
    assert_eq!(error.to_string(), "any other method already has a value");
}

#[test]
fn methods_are_listed_in_the_order_of_insertion() {
    let mut methods = methods();
    methods.insert_any("any").unwrap();
    let all: Vec<_> = methods.iter().collect();
    let expected = [(Some(&Method::POST), &"post"), (Some(&Method::GET), &"get"), (None, &"any")];
    assert_eq!(all, expected);
}
