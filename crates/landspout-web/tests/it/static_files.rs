//! Files of a directory, and what no path reaches.

use crate::{empty_directory, fetch, header, run, text};
use http::Method;
use landspout_web::static_files::Directory;
use landspout_web::{Application, Handler, Request};
use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, proptest};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const SECRET: &str = "the secret";

/// A root with some files, beside a file that is nobody's business.
fn root(name: &str) -> PathBuf {
    let outside = empty_directory(name);
    fs::write(outside.join("secret.txt"), SECRET).unwrap();
    let root = outside.join("root");
    fs::create_dir_all(root.join("docs/empty")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::create_dir_all(root.join(".well-known")).unwrap();
    fs::write(root.join("a.txt"), "text of a").unwrap();
    fs::write(root.join("caf\u{e9} & co.html"), "<p>").unwrap();
    fs::write(root.join("app.js"), "'use strict'").unwrap();
    fs::write(root.join("data"), [0, 1, 2]).unwrap();
    fs::write(root.join("docs/index.html"), "the docs").unwrap();
    fs::write(root.join(".git/config"), SECRET).unwrap();
    fs::write(root.join(".env"), SECRET).unwrap();
    fs::write(root.join(".well-known/security.txt"), "mail us").unwrap();
    root
}

fn application(root: &Path) -> Application {
    Application::new().mount("/static", Directory::new(root))
}

#[test]
fn files_are_sent_with_type_and_length() {
    let application = application(&root("types"));
    run(async {
        for (path, kind, body) in [
            ("/static/a.txt", "text/plain; charset=utf-8", "text of a"),
            ("/static/caf%C3%A9%20&%20co.html", "text/html; charset=utf-8", "<p>"),
            ("/static/app.js", "text/javascript; charset=utf-8", "'use strict'"),
            ("/static/data", "application/octet-stream", "\0\u{1}\u{2}"),
            ("/static/docs/", "text/html; charset=utf-8", "the docs"),
            ("/static/.well-known/security.txt", "text/plain; charset=utf-8", "mail us"),
        ] {
            let response = application.handle(Request::get(path)).await;
            assert_eq!(header(&response, "content-type"), kind, "{path}");
            assert_eq!(header(&response, "content-length"), body.len().to_string());
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(header(&response, "accept-ranges"), "bytes");
            assert_eq!(header(&response, "cache-control"), "no-cache");
            assert!(header(&response, "last-modified").ends_with(" GMT"));
            assert_eq!(text(response).await, (200, body.to_owned()));
        }
    });
}

#[test]
fn it_is_a_handler_without_any_application() {
    let directory = Directory::new(root("alone"));
    run(async {
        assert_eq!(fetch(&directory, "/a.txt").await, (200, "text of a".to_owned()));
        assert_eq!(fetch(&directory, "/").await.0, 404);
    });
}

#[test]
fn head_has_the_head_alone_and_other_methods_are_405() {
    let directory = Directory::new(root("head"));
    run(async {
        let ask = |method| directory.handle(Request::get("/a.txt").with_method(method));
        let response = ask(Method::HEAD).await;
        assert_eq!(header(&response, "content-length"), "9");
        assert_eq!(text(response).await, (200, String::new()));
        let response = ask(Method::POST).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "allow")),
            (405, "GET, HEAD, OPTIONS")
        );
        assert_eq!(ask(Method::OPTIONS).await.status(), 204);
    });
}

#[test]
fn a_directory_is_redirected_to_its_slash_and_never_listed() {
    let application = application(&root("directories"));
    run(async {
        let response = application.handle(Request::get("/static/docs?v=1")).await;
        assert_eq!(response.status(), 308);
        assert_eq!(header(&response, "location"), "./docs/?v=1");
        for path in ["/static/", "/static/docs/empty", "/static/docs/empty/", "/static/a.txt/"] {
            assert_eq!(fetch(&application, path).await.0, 404, "{path}");
        }
    });
}

#[test]
fn max_age_lets_clients_keep_files() {
    let directory = Directory::new(root("age")).max_age(std::time::Duration::from_secs(60));
    run(async {
        let response = directory.handle(Request::get("/a.txt")).await;
        assert_eq!(header(&response, "cache-control"), "public, max-age=60");
    });
}

#[test]
fn no_path_leaves_the_root() {
    let root = root("attacks");
    let (mounted, bare) = (application(&root), Directory::new(&root));
    run(async {
        for path in [
            "/../secret.txt",
            "/docs/../../secret.txt",
            "/docs/../a.txt",
            "/%2e%2e/secret.txt",
            "/.%2e/secret.txt",
            "/%2E%2E%2Fsecret.txt",
            "/..%2fsecret.txt",
            "/..%5csecret.txt",
            "/docs%2f..%2f..%2fsecret.txt",
            "/docs%2findex.html",
            "/%252e%252e/secret.txt",
            "/..%c0%afsecret.txt",
            "/%ff",
            "/./a.txt",
            "/%2e/a.txt",
            "//a.txt",
            "/docs//index.html",
            "/%2fetc/passwd",
            "//etc/passwd",
            "/a.txt%00",
            "/%00",
            "/a.txt%00.html",
            "/.env",
            "/%2eenv",
            "/.git/config",
            "/.git/",
        ] {
            assert_eq!(fetch(&bare, path).await.0, 404, "{path}");
            assert_eq!(fetch(&mounted, &format!("/static{path}")).await.0, 404, "{path}");
        }
        let long = format!("/{}", "a".repeat(5000));
        assert_eq!(fetch(&bare, &long).await.0, 404);
    });
}

#[cfg(unix)]
#[test]
fn links_are_followed_within_the_root_alone() {
    use std::os::unix::fs::symlink;
    let root = root("links");
    symlink(root.join("a.txt"), root.join("inside")).unwrap();
    symlink("a.txt", root.join("page.css")).unwrap();
    symlink("docs", root.join("manual")).unwrap();
    symlink("../secret.txt", root.join("outside")).unwrap();
    symlink("..", root.join("up")).unwrap();
    symlink("missing", root.join("dangling")).unwrap();
    fs::create_dir(root.join("sly")).unwrap();
    symlink("../../secret.txt", root.join("sly/index.html")).unwrap();
    let neighbour = root.with_file_name("root-of-others");
    fs::create_dir_all(&neighbour).unwrap();
    fs::write(neighbour.join("x"), SECRET).unwrap();
    symlink(&neighbour, root.join("neighbour")).unwrap();
    let linked = root.with_file_name("linked-root");
    symlink(&root, &linked).unwrap();
    let directory = Directory::new(&root);
    run(async {
        assert_eq!(fetch(&directory, "/inside").await, (200, "text of a".to_owned()));
        let response = directory.handle(Request::get("/inside")).await;
        // Its own name says nothing, but that of the file that it leads to.
        assert_eq!(header(&response, "content-type"), "text/plain; charset=utf-8");
        let response = directory.handle(Request::get("/page.css")).await;
        assert_eq!(header(&response, "content-type"), "text/css; charset=utf-8");
        assert_eq!(fetch(&directory, "/manual/").await, (200, "the docs".to_owned()));
        for path in ["/outside", "/up/secret.txt", "/dangling", "/sly/", "/sly", "/neighbour/x"] {
            assert_eq!(fetch(&directory, path).await.0, 404, "{path}");
        }
        assert_eq!(fetch(&Directory::new(&linked), "/a.txt").await.0, 200);
    });
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let root = root("sockets");
    let _listener = std::os::unix::net::UnixListener::bind(root.join("s")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(root.join("p")).status().unwrap();
    assert!(pipe.success());
    run(async {
        assert_eq!(fetch(&Directory::new(&root), "/s").await.0, 404);
        assert_eq!(fetch(&Directory::new(&root), "/p").await.0, 404);
    });
}

#[test]
fn a_root_that_is_not_there_is_404() {
    run(async {
        assert_eq!(fetch(&Directory::new("/no/such/root"), "/a.txt").await.0, 404);
    });
}

#[test]
fn a_large_file_comes_in_pieces_and_whole() {
    let root = root("large");
    let content: Vec<u8> = (0..200_000_u32).map(|at| (at / 7) as u8).collect();
    fs::write(root.join("large"), &content).unwrap();
    let directory = Directory::new(&root);
    run(async {
        let response = directory.handle(Request::get("/large")).await;
        let mut body = response.into_body();
        let (mut received, mut pieces) = (Vec::new(), 0);
        while let Some(piece) = body.chunk().await.unwrap() {
            received.extend_from_slice(&piece);
            pieces += 1;
        }
        assert!(pieces >= 4, "{pieces}");
        assert!(received == content);
    });
}

/// Whether the file system can say what it has in memory: `overlay` and some others cannot.
#[cfg(target_os = "linux")]
fn tells_what_is_in_memory(path: &Path) -> bool {
    use rustix::io::{ReadWriteFlags, preadv2};
    let file = fs::File::open(path).unwrap();
    let mut byte = [0];
    let mut bufs = [std::io::IoSliceMut::new(&mut byte)];
    preadv2(file, &mut bufs, 0, ReadWriteFlags::NOWAIT) != Err(rustix::io::Errno::OPNOTSUPP)
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_in_memory_is_sent_without_waiting() {
    use std::task::{Context, Poll, Waker};
    let root = root("memory");
    fs::write(root.join("large"), vec![7; 200_000]).unwrap();
    let known = tells_what_is_in_memory(&root.join("large"));
    run(async {
        let directory = Directory::new(&root);
        // Until it is known that the file system does not tell.
        fetch(&directory, "/a.txt").await;
        for (path, len) in [("/a.txt", 9), ("/docs/", 8), ("/large", 200_000)] {
            let mut cx = Context::from_waker(Waker::noop());
            let answer = async {
                let response = directory.handle(Request::get(path)).await;
                response.into_body().bytes().await.unwrap().len()
            };
            let answer = std::pin::pin!(answer).poll(&mut cx);
            assert_eq!(answer, if known { Poll::Ready(len) } else { Poll::Pending }, "{path}");
        }
    });
}

#[test]
fn a_very_large_file_lets_others_have_their_turn() {
    let root = root("very-large");
    fs::write(root.join("large"), vec![7; 4 << 20]).unwrap();
    run(async {
        let turns = std::rc::Rc::new(std::cell::Cell::new(0));
        let counted = turns.clone();
        tokio::task::spawn_local(async move {
            loop {
                counted.set(counted.get() + 1);
                tokio::task::yield_now().await;
            }
        });
        let response = Directory::new(&root).handle(Request::get("/large")).await;
        assert_eq!(response.into_body().bytes().await.unwrap().len(), 4 << 20);
        assert!(turns.get() >= 7, "{}", turns.get());
    });
}

#[test]
fn a_file_that_shrinks_under_the_answer_aborts_it() {
    let root = root("shrinking");
    fs::write(root.join("large"), vec![0; 200_000]).unwrap();
    run(async {
        let response = Directory::new(&root).handle(Request::get("/large")).await;
        fs::write(root.join("large"), "short").unwrap();
        assert!(response.into_body().bytes().await.is_err());
    });
}

fn nasty_path() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "%2f",
        "\\",
        "%5c",
        "..",
        ".",
        "%2e",
        "%2E%2e",
        "secret.txt",
        "docs",
        "root",
        "%00",
        "%252e",
        "a.txt",
        ".git",
        "config",
        "%c0%ae",
        ":",
        "~",
        "*",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn no_combination_of_them_finds_the_secret(path in nasty_path()) {
        static ROOT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
        let directory = Directory::new(ROOT.get_or_init(|| root("nasty")));
        if let Ok(uri) = path.parse() {
            let (_, body) = run(async {
                let request = Request::new(Method::GET, uri);
                let response = directory.handle(request).await;
                (response.status(), response.into_body().text().await.unwrap())
            });
            prop_assert!(body != SECRET, "{path}");
        }
    }
}

#[test]
fn a_file_that_is_replaced_is_sent_as_it_was_or_as_it_is() {
    let root = root("replaced");
    let big = |byte: u8| vec![byte; 200_000];
    fs::write(root.join("big"), big(b'a')).unwrap();
    let directory = Directory::new(&root);
    run(async {
        let mut body = directory.handle(Request::get("/big")).await.into_body();
        let first = body.chunk().await.unwrap().unwrap();
        fs::write(root.join("new"), &big(b'b')[..100]).unwrap();
        fs::rename(root.join("new"), root.join("big")).unwrap();
        let rest = body.bytes().await.unwrap();
        assert_eq!([&first[..], &rest[..]].concat(), big(b'a'));
    });
}

#[test]
fn length_and_content_are_of_one_file_while_it_is_being_replaced() {
    let root = root("being-replaced");
    let (long, short) = ("long".repeat(100), "short".to_owned());
    fs::write(root.join("file"), &long).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (files, stopped) = ((root.clone(), long.clone(), short.clone()), Arc::clone(&stop));
    let writer = std::thread::spawn(move || {
        let (root, long, short) = files;
        while !stopped.load(Ordering::Relaxed) {
            for content in [&short, &long] {
                fs::write(root.join("new"), content).unwrap();
                fs::rename(root.join("new"), root.join("file")).unwrap();
            }
        }
    });
    let directory = Directory::new(&root);
    let wrong = run(async {
        for _ in 0..2000 {
            let response = directory.handle(Request::get("/file")).await;
            let answer = text(response).await;
            if answer != (200, long.clone()) && answer != (200, short.clone()) {
                return Some(answer);
            }
        }
        None
    });
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert_eq!(wrong, None);
}
