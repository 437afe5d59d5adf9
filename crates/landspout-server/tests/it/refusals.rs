//! Requests that two servers in a row could read differently, and others that are wrong.

use crate::wire::serve;
use landspout_server::{Error, Request};

async fn read_all(request: Request) -> Result<String, Error> {
    Ok(format!("read {:?}", request.into_body().text().await?))
}

/// Sends `bytes`, with `~` for CRLF, and checks the status of each answer until the connection ends.
#[track_caller]
fn check(statuses: &[u16], bytes: &str) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let bytes = bytes.replace('~', "\r\n");
    async move {
        let site = serve(read_all);
        let mut client = site.connect().await;
        client.send(&bytes).await;
        client.finish().await;
        let all = client.rest().await;
        assert_eq!(statuses_of(&all), statuses, "{bytes:?} at {caller}: {all}");
        assert!(site.is_alive().await, "{bytes:?} at {caller}");
    }
}

/// As [`check`], with the bytes in pieces of every size.
#[track_caller]
fn check_in_pieces(statuses: &[u16], bytes: &str) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let bytes = bytes.replace('~', "\r\n");
    async move {
        for size in (1..bytes.len()).step_by(7) {
            let site = serve(read_all);
            let mut client = site.connect().await;
            for piece in bytes.as_bytes().chunks(size) {
                client.try_send(piece).await;
                tokio::task::yield_now().await;
            }
            client.finish().await;
            let all = client.rest().await;
            assert_eq!(statuses_of(&all), statuses, "{bytes:?} in {size} at {caller}: {all}");
        }
    }
}

/// The statuses of all answers.
fn statuses_of(all: &str) -> Vec<u16> {
    let answers = all.split("HTTP/1.").skip(1);
    answers.map(|answer| answer.split(' ').nth(1).unwrap().parse().unwrap()).collect()
}

/// What follows a refused request must never be taken for another one.
const NEXT: &str = "GET /smuggled HTTP/1.1~Host: a~~";

#[tokio::test(flavor = "local")]
async fn a_length_must_be_one_number() {
    for value in ["-1", "+3", "0x3", "3, 4", "3 3", "", "3a", "99999999999999999999999"] {
        check(&[400], &format!("POST / HTTP/1.1~Host: a~Content-Length: {value}~~abc{NEXT}")).await;
    }
    let two = "POST / HTTP/1.1~Host: a~Content-Length: 3~Content-Length: 4~~abc";
    check(&[400], &format!("{two}{NEXT}")).await;
    // RFC 9110 §8.6 lets a recipient take equal ones for one, or refuse them.
    for length in [0, 3] {
        let equal = format!("Content-Length: {length}~Content-Length: {length}");
        check(&[400], &format!("POST / HTTP/1.1~Host: a~{equal}~~abc{NEXT}")).await;
    }
    check(&[200, 200], "POST / HTTP/1.1~Host: a~Content-Length: 003~~abcGET / HTTP/1.1~Host: a~~")
        .await;
}

#[tokio::test(flavor = "local")]
async fn a_transfer_coding_must_be_chunked() {
    for value in [
        "gzip",
        "chunked, gzip",
        "identity",
        "xchunked",
        "chunked;q=1",
        "chunked, identity",
        "gzip, chunked",
        "chunked, chunked",
        "chunked~Transfer-Encoding: chunked",
        "",
        "identity~Transfer-Encoding: chunked",
        ", chunked",
        "\u{b}chunked",
        "\"chunked\"",
    ] {
        check(&[400], &format!("POST / HTTP/1.1~Host: a~Transfer-Encoding: {value}~~0~~{NEXT}"))
            .await;
    }
    check(&[200], "POST / HTTP/1.1~Host: a~Transfer-Encoding: \t Chunked ~~0~~").await;
    // RFC 9112 §6.1: HTTP/1.0 does not have it.
    check(&[400], &format!("POST / HTTP/1.0~Transfer-Encoding: chunked~~0~~{NEXT}")).await;
}

#[tokio::test(flavor = "local")]
async fn a_coding_and_a_length_are_refused_together() {
    for fields in [
        "Content-Length: 5~Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked~Content-Length: 5",
    ] {
        check(&[400], &format!("POST / HTTP/1.1~Host: a~{fields}~~0~~{NEXT}")).await;
        let headers = "X: y~".repeat(20);
        check(&[400], &format!("POST / HTTP/1.1~Host: a~{fields}~{headers}~0~~{NEXT}")).await;
    }
}

#[tokio::test(flavor = "local")]
async fn lines_of_the_head_have_one_form() {
    for head in [
        "GET / HTTP/1.1~Host: a~X: one~ folded",
        "GET / HTTP/1.1~Host: a~X : space before the colon",
        "GET / HTTP/1.1~Host: a~X\t: tab before the colon",
        "GET / HTTP/1.1~Host: a~ X: space before the name",
        "GET / HTTP/1.1~Host: a~no colon",
        "GET / HTTP/1.1~Host: a~: no name",
        "GET / HTTP/1.1~Host: a~X: a bare \r in it",
        "GET / HTTP/1.1~Host: a~X: a \0 in it",
        "GET / HTTP/1.1~Host: a~X(Y): a name that is no token",
        "GET / HTTP/1.1 ~Host: a",
        "GET  / HTTP/1.1~Host: a",
        "GET /a b HTTP/1.1~Host: a",
        "GET /\r HTTP/1.1~Host: a",
        "G(T / HTTP/1.1~Host: a",
        "GET / HTTP/1.2~Host: a",
        "GET / HTTP/2.0~Host: a",
        "GET / http/1.1~Host: a",
        "GET / ~Host: a",
        "GET /",
        "GET /#fragment HTTP/1.1~Host: a",
        "GET http://a/#fragment HTTP/1.1~Host: a",
        "GET / HTTP/1.1\nHost: a",
        "GET / HTTP/1.1~Host: a\nX: y",
        "GET / HTTP/1.1~X: y\nHost: a",
        "\nGET / HTTP/1.1~Host: a",
        "GET / HTTP/1.1~Host: a~X: a \u{1} in it",
        "GET / HTTP/1.1~Host: a~X: a \u{7f} in it",
    ] {
        check(&[400], &format!("{head}~~{NEXT}")).await;
    }
}

#[tokio::test(flavor = "local")]
async fn there_is_one_valid_host() {
    for hosts in [
        "",
        "Host:~",
        "Host: a~Host: a~",
        "Host: a, b~",
        "Host: me@a~",
        "Host: a/path~",
        "Host: a?query~",
        "Host: a b~",
        "Host: a:port~",
        "Host: a:99999~",
        "Host: a:1:2~",
        "Host: :80~",
        "Host: [::1~",
        "Host: [::1]x~",
        "Host: [nonsense]~",
        "Host: \u{e9}~",
    ] {
        check(&[400], &format!("GET / HTTP/1.1~{hosts}~{NEXT}")).await;
    }
    for host in ["a", "a.example:8080", "a:", "127.0.0.1:80", "[::1]", "[::1]:80", "xn--a_b"] {
        check(&[200], &format!("GET / HTTP/1.1~Host: {host}~~")).await;
    }
    check(&[200], "GET / HTTP/1.0~~").await;
}

#[tokio::test(flavor = "local")]
async fn a_target_is_a_path_or_a_uri_of_this_server() {
    for (status, line) in [
        (200, "GET /a?b HTTP/1.1"),
        (200, "GET http://a/b HTTP/1.1"),
        (200, "GET HTTPS://a HTTP/1.1"),
        (200, "OPTIONS * HTTP/1.1"),
        (400, "GET * HTTP/1.1"),
        (400, "GET ftp://a/b HTTP/1.1"),
        (400, "GET http://me@a/ HTTP/1.1"),
        (400, "GET a.example HTTP/1.1"),
        (400, "GET a.example:80 HTTP/1.1"),
        (400, "GET a/b HTTP/1.1"),
        (400, "GET /\u{e9} HTTP/1.1"),
        (501, "CONNECT a.example:80 HTTP/1.1"),
    ] {
        check(&[status], &format!("{line}~Host: a~~")).await;
    }
}

#[tokio::test(flavor = "local")]
async fn an_unknown_expectation_is_not_met() {
    check(&[417], "POST / HTTP/1.1~Host: a~Expect: a-miracle~Content-Length: 3~~abc").await;
    check(&[417], "GET / HTTP/1.1~Host: a~Expect: 100-continue~Expect: more~~").await;
    check(&[200], "GET / HTTP/1.1~Host: a~Expect: 100-Continue~~").await;
    check(&[200], "GET / HTTP/1.0~Expect: a-miracle~~").await;
}

#[tokio::test(flavor = "local")]
async fn chunks_are_well_formed() {
    let post = "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~";
    for chunks in [
        "-1~a~0~~",
        "+1~a~0~~",
        "0x1~a~0~~",
        "g~a~0~~",
        "~a~0~~",
        "fffffffffffffffff~a~0~~",
        "1~abc~0~~",
        "1 1~a~0~~",
        "1\ra\n0~~",
        "1~a\n\n0~~",
        ";x~a~0~~",
        "1;a\nb~a~0~~",
        "1;a\u{1}b~a~0~~",
        "ffffffffffffffff~a~0~~",
        "1~a~0~x\ny~~",
        "1~a~0\n\n",
        "1~a\r0~~",
    ] {
        check(&[400], &format!("{post}{chunks}{NEXT}")).await;
    }
    let long = format!("{post}1;{}~a~0~~{NEXT}", "x".repeat(300));
    check(&[400], &long).await;
    check(&[200], &format!("{post}1;extension=1~a~0~~")).await;
    check(&[200], &format!("{post}01 ; x~a~00~~")).await;
    check(&[200], &format!("{post}1~a~0~Trailer: yes~~")).await;
}

#[tokio::test(flavor = "local")]
async fn it_does_not_matter_in_which_pieces_requests_come() {
    let get = "GET / HTTP/1.1~Host: a~~";
    let post = "POST / HTTP/1.1~Host: a~Content-Length: 5~~a\nb~";
    let chunked = "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~3;x~abc~2~~~0~T: x~~";
    check_in_pieces(&[200, 200, 200], &format!("{get}{post}{get}")).await;
    check_in_pieces(&[200, 200, 200], &format!("{chunked}{chunked}{get}")).await;
    check_in_pieces(&[200, 200, 200], &format!("{post}{chunked}~~{post}")).await;
    let both = "POST / HTTP/1.1~Host: a~Content-Length: 5~Transfer-Encoding: chunked~~0~~";
    check_in_pieces(&[200, 200, 400], &format!("{get}{post}{both}{get}")).await;
    check_in_pieces(&[200, 200, 400], &format!("{chunked}{get}{both}{get}")).await;
    let lone = "GET / HTTP/1.1\nHost: a~~";
    check_in_pieces(&[200, 200, 400], &format!("{post}{chunked}{lone}{get}")).await;
}

#[tokio::test(flavor = "local")]
async fn a_body_that_ends_early_is_an_error() {
    check(&[400], "POST / HTTP/1.1~Host: a~Content-Length: 10~~abc").await;
    check(&[400], "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~3~abc~").await;
}

#[tokio::test(flavor = "local")]
async fn http_2_without_tls_is_not_understood() {
    check(&[], "PRI * HTTP/2.0~~SM~~\0\0\0\u{4}\0\0\0\0\0").await;
}
