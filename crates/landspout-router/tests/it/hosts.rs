//! One value for each host.

use landspout_router::Hosts;
use proptest::prelude::{any, proptest};

fn hosts(patterns: &[&'static str]) -> Hosts<&'static str> {
    let mut hosts = Hosts::new();
    for pattern in patterns {
        hosts.insert(pattern, *pattern).unwrap();
    }
    hosts
}

/// Checks which of the patterns has each host; `-` for none.
#[track_caller]
fn check(patterns: &[&'static str], expected: &[(&str, &str)]) {
    let hosts = hosts(patterns);
    for (host, expected) in expected {
        let found = hosts.at(host).map_or("-", |found| *found.value);
        assert_eq!(found, *expected, "at {host}");
    }
}

#[track_caller]
fn refused(pattern: &str, expected: &str) {
    let error = hosts(&["example.com", "{a}.example.com"]).insert(pattern, "").unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn port_case_and_final_dot_do_not_count() {
    let name = "example.com";
    check(
        &["example.com"],
        &[
            ("example.com", name),
            ("EXAMPLE.Com", name),
            ("example.com:8888", name),
            ("example.com.", name),
            ("example.com.:80", name),
            ("example.com:", name),
            ("www.example.com", "-"),
            ("example.co", "-"),
        ],
    );
    check(&["Example.COM."], &[("example.com", "Example.COM.")]);
}

#[test]
fn addresses_are_hosts() {
    check(
        &["127.0.0.1", "[::1]"],
        &[
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[::1]:8888", "[::1]"),
            ("[::2]", "-"),
            ("::1", "-"),
        ],
    );
    check(&["[FE80::1]"], &[("[fe80::1]", "[FE80::1]"), ("[Fe80::1]:1", "[FE80::1]")]);
}

#[test]
fn what_is_no_host_is_unknown() {
    let unknown =
        ["", ":80", "example.com:http", "[::1", "[::1]x", "example.com:80:80", "a@example.com"];
    check(&["example.com", "{x}.example.com"], &unknown.map(|host| (host, "-")));
}

#[test]
fn a_star_alone_is_for_every_other_host_and_for_none() {
    let all = ["example.org", "", "[", "a..b", ":80"];
    check(&["*", "example.com", "{x}"], &all.map(|host| (host, "*")));
    check(&["*", "example.com", "{x}"], &[("example.com", "example.com"), ("a", "{x}")]);
}

#[test]
fn a_parameter_is_one_label() {
    let hosts = hosts(&["{Shop}.{city}.Example.com"]);
    let found = hosts.at("Tea.Bern.example.com:80").unwrap();
    assert_eq!(found.pattern, "{Shop}.{city}.Example.com");
    assert_eq!((found.get("Shop"), found.get("city")), (Some("tea"), Some("bern")));
    assert_eq!(found.params[0].0, "Shop");
    assert_eq!(found.get("nobody"), None);
    for host in ["bern.example.com", "a.b.c.example.com", "..example.com", ".bern.example.com"] {
        assert!(hosts.at(host).is_none(), "{host}");
    }
}

#[test]
fn a_star_is_one_label_or_more() {
    let star = "*.example.com";
    check(
        &["*.example.com"],
        &[
            ("a.example.com", star),
            ("a.b.example.com", star),
            ("example.com", "-"),
            (".example.com", "-"),
            ("a..example.com", "-"),
            ("notexample.com", "-"),
        ],
    );
}

#[test]
fn text_comes_before_a_parameter_and_that_before_a_star() {
    check(
        &[
            "*.example.com",
            "{x}.example.com",
            "www.example.com",
            "*.b.example.com",
            "{x}.b.example.com",
        ],
        &[
            ("www.example.com", "www.example.com"),
            ("a.example.com", "{x}.example.com"),
            ("a.b.example.com", "{x}.b.example.com"),
            ("a.a.b.example.com", "*.b.example.com"),
            ("a.c.example.com", "*.example.com"),
        ],
    );
}

#[test]
fn what_is_no_pattern_is_refused() {
    refused("example.com", "`example.com` conflicts with `example.com`");
    refused("{b}.Example.com", "`{b}.Example.com` conflicts with `{a}.example.com`");
    refused("{a}.{a}.com", "`{a}.{a}.com` names two parameters `a`");
    refused("", "`` is not a pattern: a label is empty");
    refused("a..b", "`a..b` is not a pattern: a label is empty");
    refused("a.*.b", "`a.*.b` is not a pattern: `*` is not the first label");
    let label = "a label may have only letters, digits, `-` and `_`, and no port follows";
    refused("a.b:80", &format!("`a.b:80` is not a pattern: {label}"));
    refused("x{a}.b", &format!("`x{{a}}.b` is not a pattern: {label}"));
    refused("[::1]:80", "`[::1]:80` is not a pattern: a bracket is left open or a port follows");
    refused("[x]", "`[x]` is not a pattern: there is no IPv6 address between the brackets");
}

proptest! {
    #![proptest_config(crate::cases(1_000))]

    #[test]
    fn no_host_and_no_pattern_panics(host in "[a-c.:\\[\\]{}*0-9é]{0,12}", other in any::<String>()) {
        let mut hosts = hosts(&["a.b", "{x}.a", "*.b"]);
        let _ = hosts.insert(&host, "");
        let _ = hosts.insert(&other, "");
        let _ = hosts.at(&host);
        let _ = hosts.at(&other);
    }
}
