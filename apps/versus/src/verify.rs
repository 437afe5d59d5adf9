//! Whether a peer's answers are those of the others.

use crate::exchange::{Answer, Ask, Exchange};
use crate::program::{find, said};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Asks once, and compares the answer with what has to come.
///
/// The content type of text and JSON is compared too; that of bytes is each framework's own guess.
pub(crate) fn verify(port: u16, ask: &Ask, files: &Path) -> Result<()> {
    let answer = Exchange::connect(port)?.ask(&ask.bytes())?;
    let expected = expected(ask, files)?;
    ensure!(
        answer.status == expected.status && answer.body == expected.body,
        "{} is answered with {} and {} bytes, not with {} and {} bytes",
        ask.path,
        answer.status,
        answer.body.len(),
        expected.status,
        expected.body.len(),
    );
    ensure!(
        expected.content_type.is_empty() || answer.content_type == expected.content_type,
        "{} is answered as {:?}, not as {:?}",
        ask.path,
        answer.content_type,
        expected.content_type,
    );
    Ok(())
}

/// The same over TLS, by curl.
pub(crate) fn verify_tls(port: u16, ask: &Ask) -> Result<()> {
    let url = format!("https://127.0.0.1:{port}{}", ask.path);
    let body = said(Command::new(find("curl")?).args(["--insecure", "--silent", &url]))?;
    ensure!(body == "Hello, World!", "{} is answered with {body:?}", ask.path);
    Ok(())
}

fn expected(ask: &Ask, files: &Path) -> Result<Answer> {
    let text = |text: &str| ("text/plain", text.as_bytes().to_vec());
    let (content_type, body) = match ask.path {
        "/plaintext" => text("Hello, World!"),
        "/json" => ("application/json", br#"{"message":"Hello, World!"}"#.to_vec()),
        "/users/4711/posts/42" => text("user 4711, post 42"),
        "/echo" => ("", vec![b'x'; ask.post.unwrap_or(0)]),
        path => {
            let name = path.strip_prefix("/static/").context("nobody knows the answer")?;
            ("", std::fs::read(files.join(name))?)
        }
    };
    Ok(Answer { status: 200, content_type: content_type.to_owned(), body })
}
