//! What a file says arrives in the settings, and defaults are merged key by key.

use std::path::Path;
use std::time::Duration;

use landspout::server::{Listen, TlsConfig};
use lookout::config::{Config, SAMPLE};
use lookout::decide::Rule;

use crate::scratch::Scratch;

fn parse(text: &str) -> Config {
    let env = |name: &str| (name == "TOKEN").then(|| "Bearer abc".to_owned());
    Config::parse("lookout.toml", text, Path::new("/etc/lookout"), &env)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn an_endpoint_needs_no_more_than_id_and_url() {
    let config = parse("[[endpoint]]\nid = \"a\"\nurl = \"https://a.example\"\n");
    let endpoint = &config.endpoints[0];
    assert_eq!((endpoint.name.as_str(), endpoint.group.as_deref()), ("a", None));
    assert_eq!(endpoint.method, http::Method::GET);
    assert_eq!(endpoint.url.to_string(), "https://a.example/");
    assert_eq!(endpoint.every, Duration::from_secs(30));
    assert_eq!(endpoint.timeout, Duration::from_secs(10));
    assert_eq!(endpoint.retry, Duration::from_secs(5));
    assert_eq!(endpoint.rule, Rule { failures: 3, of: 5, recover: 2 });
    assert_eq!(endpoint.expect.status.to_string(), "2xx");
    assert_eq!(config.server.listen, ["127.0.0.1:8888".parse().unwrap()]);
    assert_eq!(config.keep.data, Path::new("/etc/lookout/lookout.db"));
    assert_eq!(config.keep.checks, Duration::from_secs(7 * 86_400));
    assert_eq!(config.limits.checks, 256);
}

#[test]
fn endpoint_settings_win_over_defaults_key_by_key() {
    let config = parse(
        r#"
        [defaults]
        every = "1m"
        down = "2 of 2"
        headers = { accept = "text/html", "x-from" = "lookout" }
        expect.status = [200, "3xx"]
        expect.body = { contains = "ok", lacks = "error" }
        expect.latency = { slow = "1s", fail = "4s" }

        [[endpoint]]
        id = "a"
        url = "http://a/"
        up = "3 in a row"
        headers.accept = "application/json"
        expect.body.contains = "fine"
        expect.latency.slow = "500ms"
        "#,
    );
    let endpoint = &config.endpoints[0];
    assert_eq!(endpoint.every, Duration::from_secs(60));
    assert_eq!(endpoint.rule, Rule { failures: 2, of: 2, recover: 3 });
    assert_eq!(endpoint.headers["accept"], "application/json");
    assert_eq!(endpoint.headers["x-from"], "lookout");
    assert_eq!(endpoint.expect.status.to_string(), "200 or 3xx");
    assert_eq!(endpoint.expect.contains.as_deref(), Some("fine"));
    assert_eq!(endpoint.expect.lacks.as_deref(), Some("error"));
    assert_eq!(endpoint.expect.slow, Some(Duration::from_millis(500)));
    assert_eq!(endpoint.expect.fail, Some(Duration::from_secs(4)));
}

#[test]
fn a_short_interval_shortens_the_timeout_and_retry_that_nobody_set() {
    let config = parse("[[endpoint]]\nid = \"a\"\nurl = \"http://a/\"\nevery = \"2s\"\n");
    assert_eq!(config.endpoints[0].timeout, Duration::from_secs(2));
    assert_eq!(config.endpoints[0].retry, Duration::from_secs(2));
}

#[test]
fn secrets_come_from_the_environment_or_a_file_and_are_marked() {
    let scratch = Scratch::new();
    let file = scratch.file("key", "s3cret\n");
    let config = parse(&format!(
        "[[endpoint]]\nid = \"a\"\nurl = \"http://a/\"\n[endpoint.headers]\n\
         authorization = {{ env = \"TOKEN\" }}\nx-key = {{ file = {file:?} }}\naccept = \"*/*\"\n"
    ));
    let headers = &config.endpoints[0].headers;
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["x-key"], "s3cret");
    assert!(headers["authorization"].is_sensitive() && headers["x-key"].is_sensitive());
    assert!(!headers["accept"].is_sensitive());
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn states_may_be_kept_forever() {
    let config =
        parse("keep.states = \"forever\"\n[[endpoint]]\nid = \"a\"\nurl = \"http://a/\"\n");
    assert_eq!(config.keep.states, None);
}

#[test]
fn the_page_is_served_at_one_address_or_several_with_or_without_tls() {
    let endpoint = "[[endpoint]]\nid = \"a\"\nurl = \"http://a/\"\n";
    let listen = |value: &str| parse(&format!("server.listen = {value}\n{endpoint}")).server.listen;
    assert_eq!(listen("\"localhost:80\""), ["localhost:80".parse().unwrap()]);
    let several = listen(
        "[\"unix:/run/lookout.sock\", { address = \"0.0.0.0:443\", \
         tls = { certificates = [{ certificate = \"cert.pem\", key = \"/secret/key.pem\" }] } }]",
    );
    let tls = TlsConfig::new("/etc/lookout/cert.pem", "/secret/key.pem");
    let https = "0.0.0.0:443".parse::<Listen>().unwrap().tls(tls);
    assert_eq!(several, ["unix:/run/lookout.sock".parse().unwrap(), https]);
}

#[test]
fn the_sample_watches_the_lookout_that_runs_it() {
    let health = |listen: &str| {
        let config = Config::sample(listen.parse().unwrap());
        assert_eq!(config.server.listen, [listen.parse().unwrap()]);
        config.endpoints[0].url.to_string()
    };
    assert_eq!(health("127.0.0.1:8888"), "http://127.0.0.1:8888/health");
    assert_eq!(health("0.0.0.0:9000"), "http://127.0.0.1:9000/health");
    assert_eq!(health("[::]:9000"), "http://[::1]:9000/health");
}

#[test]
fn the_example_in_the_sample_is_free_of_mistakes() {
    let begin = SAMPLE.find("# [[endpoint]]").unwrap();
    let example: String = SAMPLE[begin..]
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or("").to_owned() + "\n")
        .collect();
    let text = format!("{}{}", &SAMPLE[..begin], example.replace("SHOP_TOKEN", "TOKEN"));
    let config = parse(&text);
    assert_eq!(config.endpoints[1].id, "shop");
    assert_eq!(config.endpoints[1].body.as_deref(), Some("{ \"q\": \"apple\" }"));
}
