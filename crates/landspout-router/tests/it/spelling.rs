//! Two spellings of one path are one path.

use landspout_router::Router;

#[track_caller]
fn same(pattern: &str, path: &str) {
    let mut router = Router::new();
    router.insert(pattern, ()).unwrap();
    assert!(router.at(path).is_ok(), "{pattern} has {path}");
}

#[track_caller]
fn different(pattern: &str, path: &str) {
    let mut router = Router::new();
    router.insert(pattern, ()).unwrap();
    assert!(router.at(path).is_err(), "{pattern} has not {path}");
}

#[test]
fn escaped_letters_are_letters() {
    same("/about", "/%61bout");
    same("/about", "/%61%62%6F%75%74");
    same("/~ann", "/%7Eann");
    different("/about", "/%41bout");
}

#[test]
fn the_case_of_the_digits_does_not_count() {
    same("/café", "/caf%C3%A9");
    same("/café", "/caf%c3%a9");
    same("/café", "/café");
    same("/日本/{x}", "/%E6%97%A5%e6%9c%ac/1");
}

#[test]
fn reserved_characters_stand_for_themselves() {
    same("/a:b", "/a:b");
    same("/a:b", "/a%3Ab");
    same("/a b", "/a%20b");
    same("/a[1]", "/a%5B1]");
    same("/what?", "/what%3f");
    different("/a b", "/a+b");
}

#[test]
fn an_escaped_slash_divides_nothing() {
    different("/a/b", "/a%2Fb");
    different("/{x}/b", "/a%2Fb");
    same("/{x}", "/a%2Fb");
}

#[test]
fn an_escaped_percent_sign_escapes_nothing() {
    same("/100%", "/100%25");
    same("/100%", "/100%");
    different("/a", "/%2561");
    different("/{x}25", "/a%25");
    different("/{x}F", "/a%2F");
}

#[test]
fn bytes_that_are_not_utf8_equal_no_text() {
    different("/café", "/caf%E9");
    different("/\u{FFFD}", "/%FF");
    same("/{x}", "/%FF");
    same("/{x}é", "/%FF%C3%C3%A9");
}

#[test]
fn half_an_escape_stands_for_itself() {
    same("/a%", "/%61%");
    same("/%4", "/%4");
    same("/%zz", "/%zz");
    same("/{x}", "/%C3");
}
