//! The rules of cookies, one by one.

use super::SameSite;
use super::jar::{Jar, Place};
use super::set_cookie::SetCookie;
use proptest::prelude::*;

const NOW: u64 = 1_700_000_000_000;

fn place(url: &str) -> Place<'_> {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, _) = rest.split_once('/').unwrap();
    Place { secure: scheme == "https", host, path: &rest[host.len()..] }
}

fn sent(jar: &mut Jar, url: &str, now: u64) -> String {
    let pairs = jar.at(place(url), now);
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// Sets a cookie at one URL, and says what goes to another.
#[track_caller]
fn check(set: &str, from: &str, to: &str, goes: bool) {
    let mut jar = Jar::default();
    jar.set(set, place(from), NOW);
    assert_eq!(!sent(&mut jar, to, NOW).is_empty(), goes, "{set:?} from {from} to {to}");
}

#[test]
fn hosts_and_domains() {
    for (set, from, to, goes) in [
        ("a=b", "http://x.example/", "http://x.example/", true),
        ("a=b", "http://x.example/", "http://y.x.example/", false),
        ("a=b", "http://x.example/", "http://example/", false),
        ("a=b; Domain=x.test", "http://x.test/", "http://y.x.test/", true),
        ("a=b; Domain=.X.Test", "http://w.x.test/", "http://y.x.test/", true),
        ("a=b; Domain=x.test", "http://w.x.test/", "http://x.test/", true),
        ("a=b; Domain=x.test", "http://w.x.test/", "http://wx.test/", false),
        ("a=b; Domain=w.x.test", "http://x.test/", "http://w.x.test/", false),
        ("a=b; Domain=other.test", "http://x.test/", "http://other.test/", false),
        ("a=b; Domain=", "http://x.test/", "http://x.test/", true),
        ("a=b; Domain=", "http://x.test/", "http://y.x.test/", false),
        ("a=b; Domain=0.1", "http://127.0.0.1/", "http://127.0.0.1/", false),
        ("a=b; Domain=127.0.0.1", "http://127.0.0.1/", "http://127.0.0.1/", true),
        ("a=b", "http://[::1]/", "http://[::1]/", true),
    ] {
        check(set, from, to, goes);
    }
}

#[test]
fn public_suffixes() {
    check("a=b; Domain=co.uk", "http://x.co.uk/", "http://y.co.uk/", false);
    check("a=b; Domain=x.co.uk", "http://x.co.uk/", "http://y.x.co.uk/", true);
    check("a=b; Domain=github.io", "http://me.github.io/", "http://you.github.io/", false);
    check("a=b; Domain=com", "http://x.com/", "http://x.com/", false);
    // Whoever is the suffix itself has cookies of its own.
    check("a=b; Domain=github.io", "http://github.io/", "http://github.io/", true);
    check("a=b; Domain=github.io", "http://github.io/", "http://me.github.io/", false);
}

#[test]
fn paths() {
    for (set, from, to, goes) in [
        ("a=b", "http://x.test/one/two", "http://x.test/one/three", true),
        ("a=b", "http://x.test/one/two", "http://x.test/one", true),
        ("a=b", "http://x.test/one/two", "http://x.test/onetwo", false),
        ("a=b", "http://x.test/one", "http://x.test/", true),
        ("a=b; Path=/one", "http://x.test/", "http://x.test/one/two", true),
        ("a=b; Path=/one", "http://x.test/", "http://x.test/", false),
        ("a=b; Path=/one/", "http://x.test/", "http://x.test/one", false),
        ("a=b; Path=one", "http://x.test/two/", "http://x.test/two/three", true),
    ] {
        check(set, from, to, goes);
    }
}

#[test]
fn secure_and_prefixes() {
    for (set, from, to, goes) in [
        ("a=b; Secure", "https://x.test/", "https://x.test/", true),
        ("a=b; Secure", "https://x.test/", "http://x.test/", false),
        ("a=b; Secure", "http://x.test/", "https://x.test/", false),
        ("a=b", "https://x.test/", "http://x.test/", true),
        ("a=b; SameSite=None", "https://x.test/", "https://x.test/", false),
        ("a=b; SameSite=None; Secure", "https://x.test/", "https://x.test/", true),
        ("__Secure-a=b", "https://x.test/", "https://x.test/", false),
        ("__secure-a=b; Secure", "https://x.test/", "https://x.test/", true),
        ("__Host-a=b; Secure", "https://x.test/", "https://x.test/", false),
        ("__Host-a=b; Secure; Path=/", "https://x.test/", "https://x.test/", true),
        ("__Host-a=b; Path=/", "https://x.test/", "https://x.test/", false),
        ("__Host-a=b; Secure; Path=/; Domain=x.test", "https://x.test/", "https://x.test/", false),
        ("=__Host-a=b", "https://x.test/", "https://x.test/", false),
    ] {
        check(set, from, to, goes);
    }
}

#[test]
fn what_comes_over_http_does_not_hide_a_secure_cookie() {
    let mut jar = Jar::default();
    assert!(jar.set("a=safe; Secure; Domain=x.test", place("https://x.test/"), NOW));
    for set in ["a=bad", "a=bad; Domain=x.test", "a=; Max-Age=0; Domain=x.test", "a=bad; Path=/p"] {
        assert!(!jar.set(set, place("http://w.x.test/p/"), NOW), "{set}");
    }
    assert!(jar.set("b=fine", place("http://x.test/"), NOW));
    assert_eq!(sent(&mut jar, "https://x.test/", NOW), "a=safe; b=fine");
}

#[test]
fn times() {
    let mut jar = Jar::default();
    let home = place("http://x.test/");
    jar.set("a=1; Max-Age=10", home, NOW);
    jar.set("b=2; Expires=Sun, 06 Nov 1994 08:49:37 GMT", home, NOW);
    jar.set("c=3; Max-Age=5; Expires=Fri, 31 Dec 9999 23:59:59 GMT", home, NOW);
    jar.set("d=4; Max-Age=soon", home, NOW);
    assert_eq!(sent(&mut jar, "http://x.test/", NOW + 4000), "a=1; c=3; d=4");
    assert_eq!(sent(&mut jar, "http://x.test/", NOW + 5000), "a=1; d=4");
    assert_eq!(sent(&mut jar, "http://x.test/", NOW + 10_000), "d=4");
    jar.set("d=; Max-Age=-1", home, NOW);
    assert_eq!(jar.all().filter(|cookie| cookie.name == "d").count(), 0);
    let parsed = SetCookie::parse("a=b; Max-Age=99999999999999999999", 1000).unwrap();
    assert_eq!(parsed.expires, Some(1000 + 400 * 86_400));
}

#[test]
fn longer_paths_go_first_and_then_older_cookies() {
    let mut jar = Jar::default();
    let home = place("http://x.test/a/b");
    jar.set("one=1; Path=/", home, NOW);
    jar.set("two=2; Path=/a", home, NOW + 1);
    jar.set("three=3; Path=/", home, NOW + 2);
    // A new value does not make it younger.
    jar.set("one=4; Path=/", home, NOW + 3);
    assert_eq!(sent(&mut jar, "http://x.test/a/b", NOW), "two=2; one=4; three=3");
}

#[test]
fn what_is_malformed_or_too_long_is_not_kept() {
    let long = format!("a={}", "x".repeat(4096));
    for set in ["", ";", "=", "a=b\0", "a=b\r\nc=d", &long] {
        assert_eq!(SetCookie::parse(set, 0), None, "{set:?}");
    }
    let parsed = SetCookie::parse("novalue", 0).unwrap();
    assert_eq!((&*parsed.name, &*parsed.value), ("", "novalue"));
    let far = format!("a=b; Path=/{}", "x".repeat(1024));
    assert_eq!(SetCookie::parse(&far, 0).unwrap().path, None);
    let parsed = SetCookie::parse(" a = \"b=c\" ;HTTPONLY; samesite=lax;what=ever", 0).unwrap();
    assert_eq!((&*parsed.name, &*parsed.value), ("a", "\"b=c\""));
    assert_eq!((parsed.http_only, parsed.same_site), (true, SameSite::Lax));
}

#[test]
fn there_are_never_more_than_the_limits_say() {
    let mut jar = Jar::default();
    jar.set("safe=1; Secure", place("https://x0.test/"), NOW);
    for number in 0..200 {
        jar.set(&format!("n{number}=1"), place("http://x0.test/"), NOW + 1 + number);
    }
    assert_eq!(jar.all().count(), 180);
    let left: Vec<_> = jar.all().map(|cookie| cookie.name.as_str()).collect();
    assert!(left.contains(&"safe") && left.contains(&"n199") && !left.contains(&"n0"));
    for number in 0..4000_u64 {
        let host = format!("h{number}.test");
        let place = Place { secure: false, host: &host, path: "/" };
        jar.set("a=b", place, NOW + 1000 + number);
    }
    let count = jar.all().count();
    assert!((2700..=3000).contains(&count), "{count}");
    assert!(sent(&mut jar, "http://h3999.test/", NOW + 6000) == "a=b");
    assert!(jar.all().all(|cookie| cookie.domain != "x0.test"));
}

#[test]
fn a_full_jar_keeps_what_came_at_the_same_time() {
    let mut jar = Jar::default();
    for number in 0..3001 {
        let host = format!("h{number}.test");
        jar.set("a=b", Place { secure: false, host: &host, path: "/" }, NOW);
    }
    assert_eq!(jar.all().count(), 2700);
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(text: String, other in "[a-z]{0,2}=?[a-z]{0,3}(; ?(Path|Domain|Max-Age|Expires)=[-a-z0-9./ ]{0,12}){0,4}") {
        let mut jar = Jar::default();
        for text in [&text, &other] {
            jar.set(text, place("https://x.test/a"), NOW);
        }
        sent(&mut jar, "https://x.test/a", NOW);
    }
}
