//! What is a pattern, and what is not.

use landspout_router::{InsertError, Router};

#[track_caller]
fn refused(pattern: &str, why: &str) {
    let mut router = Router::new();
    let error = router.insert(pattern, ()).unwrap_err();
    assert!(matches!(error, InsertError::Malformed { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("`{pattern}` is not a pattern: {why}"));
    assert_eq!(router.routes().count(), 0);
}

#[test]
fn a_pattern_begins_with_a_slash() {
    refused("", "it does not begin with a slash");
    refused("story", "it does not begin with a slash");
    refused("{*rest}", "it does not begin with a slash");
}

#[test]
fn braces_are_closed_or_doubled() {
    refused("/{id", "a brace is left open");
    refused("/a{", "a brace is left open");
    refused("/id}", "a closing brace is alone");
    refused("/{{id}", "a closing brace is alone");
    refused("/{id}}}", "a closing brace follows a parameter");
}

#[test]
fn a_parameter_has_a_plain_name() {
    refused("/{}", "a parameter has no name");
    refused("/{*}", "a parameter has no name");
    let why = "a parameter's name may have only letters, digits, `_` and `-`";
    refused("/{id:[0-9]+}", why);
    refused("/{a/b}", why);
    refused("/{**a}", why);
    refused("/{a{b}", why);
    Router::new().insert("/{größe}/{x-1_2}", ()).unwrap();
}

#[test]
fn a_segment_has_one_parameter() {
    refused("/{a}{b}", "a segment has two parameters");
    refused("/{year}-{month}", "a segment has two parameters");
}

#[test]
fn a_catch_all_is_the_whole_last_segment() {
    refused("/{*rest}/", "a catch-all is not the whole last segment");
    refused("/{*rest}/edit", "a catch-all is not the whole last segment");
    refused("/v{*rest}", "a catch-all is not the whole last segment");
    refused("/{*rest}.txt", "a catch-all is not the whole last segment");
}

#[test]
fn segments_that_clients_never_send_are_refused() {
    refused("/a/../b", "a segment is `.` or `..`");
    refused("/.", "a segment is `.` or `..`");
    refused("//a", "two slashes follow each other");
    refused("/a//", "two slashes follow each other");
}

#[test]
fn text_is_written_as_itself() {
    refused("/caf%C3%A9", "it contains a percent-escape, where the character itself is wanted");
    refused("/a\u{FFFF}", "it contains a Unicode noncharacter");
    Router::new().insert("/100%", ()).unwrap();
}

#[test]
fn parameters_of_one_pattern_have_different_names() {
    let error = Router::new().insert("/{id}/of/{*id}", ()).unwrap_err();
    assert_eq!(error.to_string(), "`/{id}/of/{*id}` names two parameters `id`");
}

#[test]
fn twenty_five_parameters_are_the_most() {
    let pattern = |len| (0..len).map(|place| format!("/{{p{place}}}")).collect::<String>();
    let mut router = Router::new();
    router.insert(&pattern(25), ()).unwrap();
    assert_eq!(router.at(&"/x".repeat(25)).unwrap().params.len(), 25);
    refused(&pattern(26), "it has more than 25 parameters");
}

#[test]
fn braces_may_be_nested_a_thousand_deep() {
    let (open, close) = ("{".repeat(1000), "}".repeat(1000));
    let mut router = Router::new();
    router.insert(&format!("/{open}{close}"), ()).unwrap();
    assert!(router.at(&format!("/{}{}", &open[..500], &close[..500])).is_ok());
    refused(&format!("/{open}{{a}}{close}"), "a closing brace follows a parameter");
    refused(&format!("/{open}{{"), "a brace is left open");
    let why = "a parameter's name may have only letters, digits, `_` and `-`";
    refused(&format!("/{}}}", "{a".repeat(1000)), why);
}
