//! Each mistake in a file is found at its place and said with what to do.

use std::path::Path;

use lookout::config::{Config, Mistakes};
use proptest::prelude::*;

/// An endpoint without a mistake, in lines 1 to 3; what is tested begins in line 4.
const GOOD: &str = "[[endpoint]]\nid = \"shop\"\nurl = \"http://shop.example/\"\n";

fn mistakes(text: &str) -> Mistakes {
    Config::parse("lookout.toml", text, Path::new("/nowhere"), &|_| None).unwrap_err()
}

/// Lines appended to a good endpoint have exactly one mistake, at `line:column`.
#[track_caller]
fn check(lines: &str, place: &str, message: &str) {
    check_whole(&format!("{GOOD}{lines}"), place, message);
}

#[track_caller]
fn check_whole(text: &str, place: &str, message: &str) {
    let found: Vec<String> = mistakes(text)
        .iter()
        .map(|mistake| format!("{}:{}: {}", mistake.line, mistake.column, mistake.message))
        .collect();
    assert_eq!(found, [format!("{place}: {message}")]);
}

#[test]
fn text_that_is_not_toml() {
    check_whole("[server\n", "1:8", "not TOML: unclosed table, expected `]`");
    check(
        "every = 30s\n",
        "4:9",
        "not TOML: string values must be quoted, expected literal string",
    );
    check("id = \"twice\"\n", "4:1", "not TOML: duplicate key");
}

#[test]
fn nothing_to_monitor() {
    let message = "there is nothing to monitor; add an [[endpoint]] with an id and a url";
    check_whole("", "1:1", message);
    check_whole("[server]\ntitle = \"x\"\n", "1:1", message);
}

#[test]
fn keys_that_nobody_knows() {
    check(
        "evrey = \"5s\"\n",
        "4:1",
        "unknown key \"evrey\" in [[endpoint]]; did you mean \"every\"?",
    );
    check(
        "[server]\nport = 80\n",
        "5:1",
        "unknown key \"port\" in [server]; it may have listen, title",
    );
    check(
        "expect.body = { contain = \"x\" }\n",
        "4:17",
        "unknown key \"contain\" in \"expect.body\"; did you mean \"contains\"?",
    );
    check(
        "[defaults]\nurl = \"http://a/\"\n",
        "5:1",
        "unknown key \"url\" in [defaults]; did you mean \"up\"?",
    );
    check(
        "[[endpiont]]\nid = \"b\"\n",
        "4:3",
        "unknown key \"endpiont\" in the file; did you mean \"endpoint\"?",
    );
}

#[test]
fn keys_of_a_later_version() {
    let message = |key| format!("\"{key}\" has no effect in this version of lookout; remove it");
    check("needs = [\"gateway\"]\n", "4:1", &message("needs"));
    check("expect.certificate = { warn = \"21d\" }\n", "4:8", &message("certificate"));
    check("[guard]\nany_of = []\n", "4:2", &message("guard"));
    check("[notify.ops]\nkind = \"slack\"\n", "4:2", &message("notify"));
    check("[keep]\nhours = \"400d\"\n", "5:1", &message("hours"));
}

#[test]
fn endpoints_without_id_or_url() {
    check_whole("[[endpoint]]\nurl = \"http://a/\"\n", "1:1", "this endpoint has no \"id\"");
    check_whole("[[endpoint]]\nid = \"a\"\n", "1:1", "this endpoint has no \"url\"");
    check_whole("[endpoint]\nid = \"a\"\n", "1:1", "\"endpoint\" must be written as [[endpoint]]");
}

#[test]
fn ids_that_cannot_be() {
    let wanted =
        "\"id\" must be 1 to 64 of a-z, 0-9, '-', '_' and '.', and begin with a letter or digit";
    for id in ["Shop", "my shop", "-shop", "..", "größe", &"x".repeat(65)] {
        let text = format!("[[endpoint]]\nid = \"{id}\"\nurl = \"http://a/\"\n");
        check_whole(&text, "2:6", wanted);
    }
    check(
        "[[endpoint]]\nid = \"shop\"\nurl = \"http://b/\"\n",
        "5:6",
        "the endpoint in line 2 has the id \"shop\" already; ids must differ",
    );
    check("name = \" \"\n", "4:8", "\"name\" must not be empty");
}

#[test]
fn urls_that_cannot_be() {
    let check = |url: &str, message: &str| {
        let text = format!("[[endpoint]]\nid = \"a\"\nurl = {url}\n");
        check_whole(&text, "3:7", message);
    };
    check("\"example.org\"", "\"url\" must begin with http:// or https://");
    check("\"ftp://example.org\"", "\"url\" must begin with http:// or https://");
    check(
        "\"http://a/b c\"",
        "\"url\" is not a URL; anything but ASCII letters, digits and punctuation must be percent-encoded",
    );
    check("\"http://a/#top\"", "\"url\" must not have a fragment: what follows # is never sent");
    check(
        "\"http://me:secret@a/\"",
        "\"url\" must not have a user name in it; send an authorization header instead",
    );
    check("\"http://:80/\"", "\"url\" must name a host");
    check("80", "\"url\" must be a text in quotes");
}

#[test]
fn durations_out_of_range_or_out_of_sense() {
    let wanted = "\"every\" must be a duration such as \"30s\", \"5m\" or \"250ms\"";
    for every in ["30", "\"30\"", "\"\"", "\"s\"", "\"1m1h\"", "\"1s1s\"", "\"-5s\"", "\"1.5m1s\""]
    {
        check(&format!("every = {every}\n"), "4:9", wanted);
    }
    check("every = \"10ms\"\n", "4:9", "\"every\" must be at least 1s");
    check("every = \"31d\"\n", "4:9", "\"every\" must be at most 30d");
    check("timeout = \"1ms\"\n", "4:11", "\"timeout\" must be at least 10ms");
    check("[keep]\nchecks = \"1m\"\n", "5:10", "\"checks\" must be at least 1h");
    check(
        "[keep]\nstates = \"for ever\"\n",
        "5:10",
        "\"states\" must be \"forever\" or a duration of at least 1h such as \"400d\"",
    );
}

#[test]
fn durations_that_contradict_each_other() {
    check(
        "timeout = \"40s\"\n",
        "4:11",
        "\"timeout\" (40s) is longer than \"every\" (30s); a check must end before the next begins",
    );
    check(
        "retry = \"1m\"\n",
        "4:9",
        "\"retry\" (1m) is longer than \"every\" (30s); it is to be sooner than the next check",
    );
    check(
        "expect.latency.fail = \"15s\"\n",
        "4:23",
        "\"fail\" (15s) is longer than \"timeout\" (10s); no answer can be that late",
    );
    check(
        "expect.latency = { slow = \"2s\", fail = \"1s\" }\n",
        "4:27",
        "\"slow\" (2s) is longer than \"fail\" (1s); an answer is slow before it fails",
    );
}

#[test]
fn a_contradiction_with_a_default_is_shown_where_the_endpoint_is() {
    check(
        "every = \"5s\"\n[defaults]\ntimeout = \"8s\"\n",
        "4:9",
        "\"timeout\" (8s) is longer than \"every\" (5s); a check must end before the next begins",
    );
}

#[test]
fn rules_that_cannot_be_met() {
    let wanted = "\"down\" must be such as \"3 of 5\", at most \"60 of 60\"";
    for down in ["3", "\"3\"", "\"6 of 5\"", "\"0 of 5\"", "\"3 of 61\"", "\"three of five\""] {
        check(&format!("down = {down}\n"), "4:8", wanted);
    }
    let wanted = "\"up\" must be such as \"2 in a row\", at most 60";
    for up in ["2", "\"0 in a row\"", "\"2 of 3\""] {
        check(&format!("up = {up}\n"), "4:6", wanted);
    }
}

#[test]
fn expectations_that_cannot_be() {
    let wanted =
        "\"status\" must be a status such as 200, a class such as \"2xx\", or a list of them";
    for status in ["\"ok\"", "99", "600", "\"6xx\"", "\"+xx\"", "[]", "[200, \"x\"]", "2.5"] {
        check(&format!("expect.status = {status}\n"), "4:17", wanted);
    }
    check("expect.body = \"x\"\n", "4:15", "\"body\" must be a table");
    check("expect.body.contains = \"\"\n", "4:24", "\"contains\" must not be empty");
    check(
        "method = \"HEAD\"\nexpect.body.contains = \"x\"\n",
        "4:10",
        "an answer to HEAD has no body, so \"expect.body\" cannot be met",
    );
    let wanted = "\"method\" must be one of GET, HEAD, POST, PUT, DELETE, PATCH and OPTIONS";
    check("method = \"get\"\n", "4:10", wanted);
}

#[test]
fn headers_that_cannot_be() {
    check("headers = { \"a b\" = \"x\" }\n", "4:13", "\"a b\" cannot be the name of a header");
    check(
        "headers.content-length = \"3\"\n",
        "4:9",
        "the header \"content-length\" is set by lookout itself; remove it",
    );
    let wanted = "a header must be a text, { env = \"NAME\" } or { file = \"path\" }";
    check("headers.accept = 3\n", "4:18", wanted);
    check("headers.accept = { env = \"A\", file = \"b\" }\n", "4:18", wanted);
    check("headers.accept = { evn = \"A\" }\n", "4:18", wanted);
    check(
        "headers.accept = \"a\\nb\"\n",
        "4:18",
        "a header must be one line of printable characters",
    );
    check(
        "headers.authorization = { env = \"TOKEN\" }\n",
        "4:25",
        "the environment variable TOKEN is not set",
    );
    check(
        "headers.authorization = { file = \"token\" }\n",
        "4:25",
        "cannot read /nowhere/token: No such file or directory (os error 2)",
    );
}

#[test]
fn server_and_limits_out_of_range() {
    let wanted = "\"listen\": \"localhost\" is no address: write host:port, unix:/path, systemd:, \
                  systemd:name or fd:3";
    check("[server]\nlisten = \"localhost\"\n", "5:10", wanted);
    check("[server]\nlisten = [\"a:80\", \"localhost\"]\n", "5:19", wanted);
    let wanted = "\"listen\": invalid type: integer `80`, expected an address, or a table with an \
                  `address`";
    check("[server]\nlisten = 80\n", "5:10", wanted);
    let wanted = "\"listen\" must have an address such as \"127.0.0.1:8888\"";
    check("[server]\nlisten = []\n", "5:10", wanted);
    check("[limits]\nchecks = 0\n", "5:10", "\"checks\" must be at least 1");
    check("[limits]\nchecks = 10001\n", "5:10", "\"checks\" must be at most 10000");
    check("[limits]\nchecks = \"many\"\n", "5:10", "\"checks\" must be a whole number");
    check_whole(&format!("limits = 5\n{GOOD}"), "1:10", "\"limits\" must be a table");
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let text = "[defaults]\nevery = 5\n[[endpoint]]\nid = \"A\"\nurl = \"a\"\nx = 1\n[server]\nlisten = 1\n";
    let lines: Vec<usize> = mistakes(text).iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [2, 4, 5, 6, 8]);
}

#[test]
fn a_bad_default_is_told_once() {
    let text = format!(
        "{GOOD}[[endpoint]]\nid = \"b\"\nurl = \"http://b/\"\n[defaults]\nretry = \"2m\"\n"
    );
    assert_eq!(mistakes(&text).iter().len(), 1);
}

#[test]
fn a_mistake_is_shown_with_its_line_and_a_caret() {
    let text = format!("{GOOD}name = \"größer\" \n\n\n\n\n\n\tevery = \"10ms\" # often\n");
    assert_eq!(
        mistakes(&text).to_string(),
        "lookout.toml:10:10: \"every\" must be at least 1s\n   \
         |\n\
         10 | \tevery = \"10ms\" # often\n   \
         | \t        ^^^^^^"
    );
    let text = "[[endpoint]]\nid = \"größe\"  # name\nurl = \"http://a/\"";
    assert!(mistakes(text).to_string().ends_with("2 | id = \"größe\"  # name\n  |      ^^^^^^^"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        if let Err(mistakes) = Config::parse("x", &text, Path::new(""), &|_| None) {
            prop_assert!(!mistakes.to_string().is_empty());
        }
    }

    #[test]
    fn no_damage_to_the_sample_makes_it_panic(at in 0..lookout::config::SAMPLE.len(), with in "\\PC{0,3}") {
        let mut text = lookout::config::SAMPLE.to_owned();
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &with);
        }
        if let Err(mistakes) = Config::parse("x", &text, Path::new(""), &|_| None) {
            prop_assert!(!mistakes.to_string().is_empty());
        }
    }
}
