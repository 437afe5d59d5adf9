//! How cost grows: with loops, connections, routes, headers, bytes and subscribers.

use crate::callgrind::Counted;
use crate::driver::Driver;
use crate::exchange::Ask;
use crate::footprint::with_idle;
use crate::program::{Places, build, find};
use crate::results::{Curve, Settings};
use crate::round::Round;
use crate::run::{Ready, Run};
use crate::scenario::{PARAMS, PLAINTEXT};
use crate::server::{Server, Start};
use crate::usage;
use crate::wrk::Wrk;
use anyhow::Result;
use nix::sys::resource::{Resource, getrlimit};
use std::path::PathBuf;

/// What grows.
const CPU: &str = "CPU s per 100 000";
const INSTRUCTIONS: &str = "instructions per request";
const RESIDENT: &str = "resident MiB";

const CONNECTIONS: &[usize] = &[1, 16, 64, 256, 1024, 4096];
/// With more connections than this a round is longer than a second: 8 s with 4 096.
const OPENED_BESIDE: usize = 512;
const LOOPS: &[usize] = &[1, 2, 4, 8];
const IDLE: &[usize] = &[1_000, 4_000, 16_000, 50_000];
const ROUTES: &[usize] = &[10, 100, 1_000, 10_000];
const HEADERS: &[usize] = &[0, 8, 16, 32, 56];
const BYTES: &[usize] = &[64, 1024, 16 * 1024, 128 * 1024, 512 * 1024];
const SUBSCRIBERS: &[usize] = &[10, 100, 1_000, 10_000];

/// Routers that look at one route after the other take minutes under valgrind with so many.
const MANY_ROUTES: usize = 1_000;
const ONE_BY_ONE: &[&str] = &["actix-web", "ntex", "salvo"];

/// All curves.
pub(crate) fn measure(run: &mut Run) -> Result<()> {
    let own_load = build("versus-load", &run.places)?;
    let mut jobs: Vec<Job> = Vec::new();
    let mut plan = |names: &[&'static str], job: fn(&Curves, &Ready) -> Result<Vec<Curve>>| {
        jobs.extend(names.iter().map(|&name| Job { name, job }));
    };
    plan(&["landspout", "hyper", "axum", "actix-web", "xitca-web"], Curves::connections);
    plan(&["landspout", "axum", "actix-web", "xitca-web"], Curves::loops);
    plan(&["landspout", "hyper", "axum"], Curves::idle);
    plan(&["landspout", "hyper", "axum"], Curves::bytes);
    plan(&["ws-landspout", "ws-fastwebsockets", "ws-actix"], Curves::subscribers);
    if find("callgrind_control").is_ok() {
        plan(&["landspout", "hyper", "axum", "xitca-web"], Curves::routes);
        plan(ONE_BY_ONE, Curves::routes);
        plan(&["landspout", "hyper", "axum", "actix-web", "xitca-web"], Curves::headers);
    }
    run.stage("curves", jobs.len());
    for Job { name, job } in jobs {
        run.step(name);
        let found = run.ready.iter().find(|ready| ready.peer.name == name).cloned();
        let Some(ready) = found else { continue };
        let (places, settings) = (run.places.clone(), run.results.settings.clone());
        let curves = Curves { places, settings, own_load: own_load.clone() };
        match job(&curves, &ready) {
            Ok(curves) => run.results.curves.extend(curves),
            Err(error) => run.omit(name, "a curve", &error),
        }
    }
    Ok(())
}

struct Job {
    name: &'static str,
    job: fn(&Curves, &Ready) -> Result<Vec<Curve>>,
}

struct Curves {
    places: Places,
    settings: Settings,
    own_load: PathBuf,
}

impl Curves {
    fn start(&self, ready: &Ready) -> Result<Server> {
        let core = Some(self.settings.server_core);
        Server::start(&ready.program, &self.places, &Start { core, ..Start::default() })
    }

    fn core(&self) -> usize {
        self.settings.load_core
    }

    fn wrk(&self, server: &Server, ask: Ask, connections: usize) -> Result<Round> {
        // To open thousands of connections takes a good part of a second.
        let longest = (connections / OPENED_BESIDE) as u64;
        let (seconds, core) = (self.settings.seconds.max(longest), self.core());
        let before = server.cpu()?;
        let done = Wrk { connections, ..Wrk::new(ask, seconds, core) }.run(server.port)?;
        Ok(Round::of_server(&done, server.cpu()?.saturating_sub(before), usage::load_average()))
    }

    /// Plaintext on more and more connections at once.
    fn connections(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let server = self.start(ready)?;
        let points = CONNECTIONS.iter().map(|&connections| {
            Ok((connections as f64, self.wrk(&server, PLAINTEXT, connections)?.cpu))
        });
        Ok(vec![curve("active connections", CPU, ready, points.collect::<Result<_>>()?)])
    }

    /// Plaintext by more and more threads, on all cores: what it costs that they share the work.
    fn loops(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let points = LOOPS.iter().map(|&loops| {
            let start = Start { loops: Some(loops), ..Start::default() };
            let server = Server::start(&ready.program, &self.places, &start)?;
            Ok((loops as f64, self.wrk(&server, PLAINTEXT, 64)?.cpu))
        });
        Ok(vec![curve("loops", CPU, ready, points.collect::<Result<_>>()?)])
    }

    /// Memory with more and more idle connections, and the cost of requests beside them.
    fn idle(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let server = self.start(ready)?;
        let (mut held, mut memory, mut cost) = (Vec::new(), Vec::new(), Vec::new());
        let mut open = 0;
        for &idle in IDLE.iter().filter(|idle| **idle < open_files()) {
            let more = with_idle(&server, "http", idle - open, &self.own_load, self.core())?;
            memory.push((idle as f64, more.1 as f64 / 1024.0 / 1024.0));
            cost.push((idle as f64, self.wrk(&server, PLAINTEXT, 64)?.cpu));
            held.push(more.0);
            open = idle;
        }
        Ok(vec![
            curve("idle connections", RESIDENT, ready, memory),
            curve("idle connections beside 64 active ones", CPU, ready, cost),
        ])
    }

    /// A path with parameters, in the middle of more and more routes.
    fn routes(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let most = if ONE_BY_ONE.contains(&ready.peer.name) { MANY_ROUTES } else { usize::MAX };
        let points = ROUTES.iter().filter(|routes| **routes <= most).map(|&routes| {
            let mut counted = Counted::start(&ready.program, &self.places, Some(routes))?;
            Ok((routes as f64, counted.cost(&PARAMS, 1)?.instructions))
        });
        Ok(vec![curve("routes", INSTRUCTIONS, ready, points.collect::<Result<_>>()?)])
    }

    /// Plaintext with more and more headers in the request.
    fn headers(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let mut counted = Counted::start(&ready.program, &self.places, None)?;
        let points = HEADERS.iter().map(|&headers| {
            let cost = counted.cost(&Ask { headers, ..PLAINTEXT }, 1)?;
            Ok((headers as f64 + 1.0, cost.instructions))
        });
        Ok(vec![curve("request headers", INSTRUCTIONS, ready, points.collect::<Result<_>>()?)])
    }

    /// An echo of larger and larger bodies.
    fn bytes(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let server = self.start(ready)?;
        let points = BYTES
            .iter()
            .map(|&size| Ok((size as f64, self.wrk(&server, Ask::post("/echo", size), 64)?.cpu)));
        Ok(vec![curve("bytes of an echoed body", CPU, ready, points.collect::<Result<_>>()?)])
    }

    /// Deliveries in larger and larger rooms.
    fn subscribers(&self, ready: &Ready) -> Result<Vec<Curve>> {
        let points = SUBSCRIBERS.iter().filter(|count| **count < open_files()).map(|&count| {
            let server = self.start(ready)?;
            let (subscribers, seconds) = (count.to_string(), self.settings.seconds);
            let arguments =
                ["room", "--subscribers", &subscribers, "--seconds", &seconds.to_string()];
            let mut driver = Driver::load(&self.own_load, server.port, &arguments, self.core())?;
            let before = server.cpu()?;
            let done = driver.work()?;
            let used = server.cpu()?.saturating_sub(before);
            Ok((count as f64, Round::of_server(&done, used, usage::load_average()).cpu))
        });
        Ok(vec![curve("WebSockets in a room", CPU, ready, points.collect::<Result<_>>()?)])
    }
}

fn curve(along: &str, cost: &str, ready: &Ready, points: Vec<(f64, f64)>) -> Curve {
    let (along, cost, peer) = (along.to_owned(), cost.to_owned(), ready.peer.name.to_owned());
    Curve { along, cost, peer, points }
}

/// Connections that one process may have, with some room for other files.
fn open_files() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(200)
}
