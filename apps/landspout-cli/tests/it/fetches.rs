//! Requests, what is printed, and exit codes.

use crate::command::{FILE, run, server, server_on};

#[test]
fn a_body_goes_to_the_standard_output() {
    let addr = server();
    let ended = run(&["fetch", &format!("http://{addr}/mirror?a=b")], "");
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    assert!(
        ended.stdout.starts_with("GET /mirror?a=b type=- accept=*/* auth=- x=- agent=landspout/")
    );
    let without_scheme = run(&["fetch", "-A", "me", &format!("{addr}/mirror")], "");
    assert!(without_scheme.stdout.contains("agent=me"), "{without_scheme:?}");
}

#[test]
fn the_request_is_what_the_command_line_says() {
    let addr = server();
    let url = format!("http://{addr}/mirror");
    for (arguments, input, expected) in [
        (vec!["-X", "PUT"], "", "PUT /mirror type=- accept=*/* auth=- x=-"),
        (vec!["-H", "X-Test: 1", "-u", "me:secret"], "", "auth=Basic bWU6c2VjcmV0 x=1"),
        (vec!["-d", "a=b", "-d", "c=d"], "", "POST /mirror type=application/x-www-form-urlencoded"),
        (vec!["-d", "a=b", "-d", "c=d"], "", "body=a=b&c=d\n"),
        (vec!["-d", "@-"], "from\nstdin", "body=from\nstdin\n"),
        (vec!["-d", "@Cargo.toml"], "", "body=[package]\nname = \"landspout-cli\""),
        (vec!["--json", "[1]"], "", "type=application/json accept=application/json"),
        (vec!["--json", "[1]", "-X", "PATCH"], "", "PATCH"),
    ] {
        let arguments: Vec<&str> = ["fetch"].into_iter().chain(arguments).chain([&*url]).collect();
        let ended = run(&arguments, input);
        assert!(ended.code == 0 && ended.stdout.contains(expected), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn the_head_is_printed_where_it_is_wanted() {
    let addr = server();
    let url = format!("http://{addr}/whole.txt");
    let with_body = run(&["fetch", "-i", &url], "").stdout;
    assert!(with_body.starts_with("HTTP/1.1 200 OK\n"), "{with_body}");
    assert!(
        with_body.contains("content-length: 16\n") && with_body.ends_with(&format!("\n\n{FILE}"))
    );
    let head = run(&["fetch", "-I", &url], "").stdout;
    assert!(head.contains("content-length: 16\n") && head.ends_with("\n\n"), "{head}");
}

#[test]
fn redirects_are_followed_unless_they_are_the_answer() {
    let addr = server();
    let url = format!("http://{addr}/away");
    assert!(run(&["fetch", &url], "").stdout.starts_with("GET /mirror"));
    let shown = run(&["fetch", "-i", "--no-location", &url], "").stdout;
    assert!(shown.starts_with("HTTP/1.1 302 Found\n"), "{shown}");
    assert!(run(&["fetch", "--no-location", "-L", &url], "").stdout.starts_with("GET /mirror"));
    assert_eq!(run(&["fetch", "--max-redirs", "1", &url], "").code, 0);
}

#[test]
fn many_urls_are_fetched_at_once_and_printed_in_order() {
    let addr = server();
    let urls: Vec<String> = (0..20).map(|at| format!("http://{addr}/mirror?{at}")).collect();
    let arguments: Vec<&str> =
        ["fetch", "-P", "5"].into_iter().chain(urls.iter().map(String::as_str)).collect();
    let ended = run(&arguments, "");
    let seen: Vec<_> =
        ended.stdout.lines().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
    let expected: Vec<_> = (0..20).map(|at| format!("/mirror?{at}")).collect();
    assert_eq!((ended.code, seen), (0, expected));
}

#[test]
fn a_failure_has_its_line_and_its_code() {
    let addr = server();
    let slow = format!("http://{addr}/slow");
    let missing = format!("http://{addr}/missing");
    // No name has a part of more than 63 bytes, so that no server need be asked.
    let nowhere = format!("http://{}.invalid/", "x".repeat(64));
    for (arguments, code, line) in [
        (vec!["http://127.0.0.1:1/"], 5, "GET http://127.0.0.1:1/: could not connect"),
        (vec![&nowhere], 4, "(while resolving the host name)"),
        (vec!["-m", "1", &slow], 7, "timed out after 1s while waiting for the answer"),
        (vec!["gopher://host/"], 2, "the URL's scheme must be http or https"),
        (vec!["http://me:secret@host:x/"], 2, "http://host:x/: GET: the request cannot be sent"),
        (vec!["-f", &missing], 22, "the server answered 404 Not Found"),
        (vec!["-H", "nonsense", &missing], 2, "`nonsense` is no header: it is `name: value`"),
        (vec!["-d", "@/no/such/file", &missing], 3, "/no/such/file: No such file"),
        (vec!["-m", "0", &missing], 2, "it takes longer than no time"),
    ] {
        let arguments: Vec<&str> = ["fetch"].into_iter().chain(arguments).collect();
        let ended = run(&arguments, "");
        assert!(ended.code == code && ended.stderr.contains(line), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
    }
    assert_eq!(run(&["fetch", &missing], "").code, 0, "a 404 is an answer");
    let silent = run(&["fetch", "-s", "http://127.0.0.1:1/"], "");
    assert_eq!((silent.code, &*silent.stderr), (5, ""));
    let second =
        run(&["fetch", &format!("{addr}/mirror"), "http://127.0.0.1:1/", &slow, "-m", "3"], "");
    assert!(second.code == 5 && second.stdout.starts_with("GET /mirror"), "{second:?}");
}

#[test]
fn what_fails_in_passing_is_tried_again_where_that_is_wanted() {
    for (arguments, code, stdout) in
        [(&["fetch", "-f"][..], 22, ""), (&["fetch", "-f", "--retry", "2"], 0, "at last")]
    {
        let url = format!("http://{}/shy", server());
        let arguments: Vec<&str> = arguments.iter().copied().chain([&*url]).collect();
        let ended = run(&arguments, "");
        assert_eq!((ended.code, &*ended.stdout), (code, stdout), "{ended:?}");
    }
}

#[test]
fn a_digest_is_answered_where_that_is_wanted() {
    let url = format!("http://{}/secret", server());
    let ended = run(&["fetch", "-u", "me:pw", &url], "");
    assert!(ended.stdout.starts_with("Basic "), "{ended:?}");
    let ended = run(&["fetch", "-u", "me:pw", "--digest", &url], "");
    assert!(ended.stdout.starts_with("Digest username=\"me\", realm=\"here\""), "{ended:?}");
    assert_eq!(run(&["fetch", "--digest", &url], "").code, 2);
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_a_way() {
    let path = std::env::temp_dir().join(format!("landspout-cli-{}", std::process::id()));
    server_on(&path);
    let path = path.to_str().unwrap();
    let ended = run(&["fetch", "--unix-socket", path, "http://docker/mirror"], "");
    assert!(ended.code == 0 && ended.stdout.starts_with("GET /mirror "), "{ended:?}");
    let _ = std::fs::remove_file(path);
}

#[test]
fn timings_are_a_table() {
    let addr = server();
    let url = format!("http://{addr}/mirror");
    let ended = run(&["fetch", "--timings", "-P", "1", &url, &url, "http://127.0.0.1:1/"], "");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines[1].contains("first byte") && lines[1].ends_with("url (times in ms)"));
    assert!(lines[2].trim_start().starts_with("200") && lines[2].contains(" no  "), "{lines:?}");
    assert!(lines[3].contains(" yes  "), "{lines:?}");
    assert!(lines[4].starts_with("failed") && lines[4].ends_with("http://127.0.0.1:1/"));
}

#[test]
fn the_help_tells_the_exit_codes() {
    let ended = run(&["fetch", "--help"], "");
    assert!(ended.code == 0 && ended.stdout.contains("7   a limit of time was reached"));
}
