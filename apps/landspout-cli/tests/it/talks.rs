//! WebSockets, by lines.

use crate::command::{run, server};

#[test]
fn lines_go_and_come() {
    let addr = server();
    let ended = run(&["ws", &format!("ws://{addr}/shout")], "hello\n\nworld");
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (0, "HELLO\n\nWORLD\n", ""));
    assert_eq!(run(&["ws", "--deflate", &format!("{addr}/shout")], "a\n").stdout, "A\n");
}

#[test]
fn it_is_a_stream_of_http2_where_that_is_wanted() {
    let addr = server();
    for (arguments, version) in [(&["ws"][..], "HTTP/1.1\n"), (&["ws", "--http2"], "HTTP/2.0\n")] {
        let url = format!("ws://{addr}/shout");
        let arguments: Vec<&str> = arguments.iter().copied().chain([&*url]).collect();
        assert_eq!(run(&arguments, "version\n").stdout, version);
    }
}

#[test]
fn a_close_that_is_not_the_usual_one_is_a_failure() {
    let addr = server();
    let ended = run(&["ws", &format!("ws://{addr}/shout")], "go away\n");
    assert_eq!(ended.code, 8);
    assert!(ended.stderr.contains("closed the connection: 1008 as you wish"), "{ended:?}");
}

#[test]
fn what_opens_no_websocket_is_told() {
    let addr = server();
    let ended = run(&["ws", &format!("ws://{addr}/mirror")], "");
    assert_eq!(ended.code, 22);
    assert!(ended.stderr.contains("the server answered 200 OK"), "{ended:?}");
    let ended = run(&["ws", "ws://127.0.0.1:1/"], "");
    assert!(ended.code == 5 && ended.stderr.contains("could not connect"), "{ended:?}");
}
