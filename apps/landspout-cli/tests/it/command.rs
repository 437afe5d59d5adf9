//! The binary, and a server for it to talk to.

use landspout::event_loop::EventLoop;
use landspout::server::Listen;
use landspout::web::Application;
use landspout::web::websocket::{CloseCode, Socket, websocket};
use landspout::{Error, Request, Response, Server};
use std::cell::Cell;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// What the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program in a folder, with this input.
pub(crate) fn run_in(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landspout"));
    // What is talked to is here, whichever proxies this machine needs for the rest of the world.
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    let mut child = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails at once does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn run(arguments: &[&str], input: &str) -> Ended {
    run_in(Path::new("."), arguments, input)
}

/// What has to be served as a file.
pub(crate) const FILE: &str = "0123456789abcdef";

/// Tells what it was asked.
async fn mirror(mut request: Request) -> Result<String, Error> {
    let body = request.text().await?;
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map_or("-", |value| value.to_str().unwrap()).to_owned()
    };
    Ok(format!(
        "{} {} type={} accept={} auth={} x={} agent={} body={body}\n",
        request.method(),
        request.uri(),
        header("content-type"),
        header("accept"),
        header("authorization"),
        header("x-test"),
        header("user-agent"),
    ))
}

async fn file(request: Request) -> Response {
    let range = request.headers().get("range").and_then(|range| range.to_str().ok());
    let Some(range) = range else { return Response::text(FILE) };
    let start: usize =
        range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap();
    let len = FILE.len();
    let (status, body, shown) = match FILE.get(start..).filter(|rest| !rest.is_empty()) {
        Some(rest) => (206, rest, format!("bytes {start}-{}/{len}", len - 1)),
        None => (416, "", format!("bytes */{len}")),
    };
    let name = "content-range".parse().unwrap();
    Response::text(body).with_status(status).with_header(name, shown.parse().unwrap())
}

async fn slow(_: Request) -> String {
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    "late".to_owned()
}

/// Is there at the second attempt.
async fn shy(_: Request) -> Response {
    thread_local! {
        static ASKED: Cell<bool> = const { Cell::new(false) };
    }
    match ASKED.replace(true) {
        true => Response::text("at last"),
        false => Response::empty(503),
    }
}

/// Asks for a digest, and tells what it got.
async fn secret(request: Request) -> Response {
    match request.headers().get("authorization") {
        Some(answer) => Response::text(answer.to_str().unwrap().to_owned()),
        None => Response::empty(401).with_header(
            "www-authenticate".parse().unwrap(),
            "Digest realm=\"here\", nonce=\"1\", qop=\"auth\"".parse().unwrap(),
        ),
    }
}

async fn shout(request: Request, socket: &mut Socket) {
    while let Ok(Some(message)) = socket.receive().await {
        match message.as_text() {
            Some("go away") => return socket.close(CloseCode::POLICY, "as you wish"),
            Some("version") => {
                socket.send(format!("{:?}", request.version())).await.unwrap();
            }
            Some(text) => socket.send(text.to_uppercase()).await.unwrap(),
            None => {}
        }
    }
}

fn application() -> Application {
    Application::new()
        .route("/mirror", mirror)
        .route("/file.txt", file)
        .route("/whole.txt", async |_: Request| FILE)
        .route("/slow", slow)
        .route("/shy", shy)
        .route("/secret", secret)
        .route("/away", async |_: Request| Response::redirect(302, "/mirror"))
        .route("/shout", websocket(shout))
}

/// A server, for as long as the test runs.
pub(crate) fn server() -> SocketAddr {
    serve("127.0.0.1:0", Server::local_addr)
}

/// The same, on a Unix socket.
pub(crate) fn server_on(socket: &Path) {
    serve(&format!("unix:{}", socket.display()), |_| ());
}

/// Starts a server, and tells what is to be known of it.
fn serve<T: Send + 'static>(listen: &str, tell: fn(&Server) -> T) -> T {
    let (sender, receiver) = mpsc::channel();
    let listen: Listen = listen.parse().unwrap();
    std::thread::spawn(move || {
        EventLoop::new().unwrap().run_until(async {
            let server = Server::bind(listen).unwrap();
            sender.send(tell(&server)).unwrap();
            server.serve(application()).await
        })
    });
    receiver.recv().unwrap()
}
