//! A server for tools to be pointed at: curl, h2load, slowhttptest, testssl, proxies in front.
//!
//! `cargo run --release -p landspout-server --features tls --example open -- open.toml`
//!
//! ```toml
//! listen = ["127.0.0.1:8888", { address = "127.0.0.1:8443", tls = { certificates = [
//!     { certificate = "fullchain.pem", key = "key.pem" },
//! ] } }]
//! loops = 2
//!
//! [server]
//! first_byte_timeout = 3
//! ```
//!
//! Instead of a file there may be addresses, and two PEM files for the addresses that follow them:
//! `open 127.0.0.1:8888 --tls fullchain.pem key.pem 127.0.0.1:8443`.
//!
//! | path | answer |
//! |---|---|
//! | `/` | `hello`, and from where the request came |
//! | `/plain` | `hello`, and nothing else |
//! | `/echo` | the request's body |
//! | `/large?bytes=1000000` | as many bytes |
//! | `/slow?seconds=1` | after that time |
//! | `/stream?lines=10` | a line every tenth of a second |
//! | `/upgrade` | 101 if the client wants it, and then what the client sends |

use http::HeaderValue;
use http::header::{CONNECTION, UPGRADE};
use landspout_server::{
    Body, Error, Listen, Refusal, Request, Response, Server, ServerConfig, TlsConfig,
};
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt::Display;
use std::str::FromStr;
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_local;
use tokio::time::sleep;

type Failure = Box<dyn StdError + Send + Sync>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    listen: Vec<Listen>,
    #[serde(default)]
    loops: usize,
    #[serde(default)]
    server: ServerConfig,
}

impl Config {
    fn from_args() -> Result<Config, Failure> {
        let mut config = Config { listen: Vec::new(), loops: 1, server: ServerConfig::default() };
        let mut tls = None;
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            if arg == "--tls" {
                let mut file = || args.next().ok_or("--tls needs a certificate and a key");
                tls = Some(TlsConfig::new(file()?, file()?));
            } else if arg.ends_with(".toml") {
                config = toml::from_str(&std::fs::read_to_string(arg)?)?;
            } else {
                let mut listen: Listen = arg.parse()?;
                listen.tls = tls.clone();
                config.listen.push(listen);
            }
        }
        if config.listen.is_empty() {
            config.listen.push("127.0.0.1:8888".parse()?);
        }
        Ok(config)
    }
}

async fn answer(request: Request) -> Result<Response, Error> {
    match request.uri().path() {
        "/" => Ok(Response::text(introduce(&request))),
        "/plain" => Ok(Response::text("hello")),
        "/echo" => Ok(Response::new(request.into_body().bytes().await?)),
        "/large" => {
            let bytes = argument(&request, "bytes", 1_000_000_usize)?;
            Ok(Response::new(vec![b'x'; bytes.min(256 << 20)]))
        }
        "/slow" => {
            let seconds = argument(&request, "seconds", 1_u32)?;
            sleep(Duration::from_secs(seconds.into())).await;
            Ok(Response::text("at last\n"))
        }
        "/stream" => Ok(stream(argument(&request, "lines", 10_u32)?)),
        "/upgrade" => echo_upgraded(request),
        _ => Err(Error::new(404, "there is nothing here")),
    }
}

fn introduce(request: &Request) -> String {
    let client = request.client_ip().map_or("stranger".to_owned(), |addr| addr.to_string());
    let (version, scheme) = (request.version(), request.scheme());
    format!("hello, {client}, over {version:?} and {scheme}\n")
}

/// A parameter of the query.
fn argument<T: FromStr<Err: Display>>(
    request: &Request,
    name: &str,
    default: T,
) -> Result<T, Error> {
    let pairs = request.uri().query().unwrap_or("").split('&');
    let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    let Some((_, value)) = value else { return Ok(default) };
    value.parse().map_err(|error| Error::new(400, format!("{name}: {error}")))
}

fn stream(lines: u32) -> Response {
    let (mut writer, body) = Body::writer();
    spawn_local(async move {
        for line in 1..=lines {
            writer.write(format!("{line}\n")).await?;
            sleep(Duration::from_millis(100)).await;
        }
        writer.finish().await
    });
    Response::new(body)
}

fn echo_upgraded(mut request: Request) -> Result<Response, Error> {
    let upgrade = request.take_upgrade().ok_or(Error::new(426, "say Upgrade: echo"))?;
    let protocol = request.headers().get(UPGRADE).cloned();
    spawn_local(async move {
        let mut io = upgrade.await?;
        let mut piece = vec![0; 4096];
        loop {
            match io.read(&mut piece).await? {
                0 => return Ok::<_, Failure>(()),
                len => io.write_all(&piece[..len]).await?,
            }
        }
    });
    let response =
        Response::empty(101).with_header(CONNECTION, HeaderValue::from_static("upgrade"));
    Ok(match protocol {
        Some(protocol) => response.with_header(UPGRADE, protocol),
        None => response,
    })
}

fn serve(server: Server) -> Result<(), Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let event_loop = builder.enable_all().build_local(Default::default())?;
    let report = event_loop.block_on(async {
        let (handle, refusals) = (server.handle(), server.refusals());
        let mut told = BTreeMap::new();
        spawn_local(async move {
            loop {
                sleep(Duration::from_secs(5)).await;
                let now: BTreeMap<_, _> = refusals
                    .iter()
                    .filter(|(_, count)| *count > 0)
                    .map(|(cause, count): (Refusal, u64)| (cause.name(), count))
                    .collect();
                if now != told {
                    println!("{:?} refused so far: {now:?}", thread::current().id());
                    told = now;
                }
            }
        });
        let mut stops = signal(SignalKind::terminate())?;
        spawn_local(async move {
            stops.recv().await;
            handle.shutdown();
        });
        Ok::<_, Failure>(server.serve(answer).await)
    })?;
    println!("{report:?}");
    Ok(())
}

fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).init();
    let config = Config::from_args()?;
    let servers = Server::bind_group(&config.listen, config.server, config.loops)?;
    println!("listening on {:?}", servers[0].addresses());
    let threads: Vec<_> =
        servers.into_iter().map(|server| thread::spawn(move || serve(server))).collect();
    threads.into_iter().try_for_each(|thread| thread.join().expect("no loop panics"))
}
