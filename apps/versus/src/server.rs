//! A peer as a process that answers.

use crate::program::{Places, Program};
use crate::usage;
use anyhow::{Context, Result, bail};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a peer may take to listen. Under valgrind everything takes fifty times as long.
const START: Duration = Duration::from_secs(30);

/// What is different from one start to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Start {
    /// The core it is kept on; any, if none is told.
    pub(crate) core: Option<usize>,
    /// A tool that runs it, with the tool's arguments.
    pub(crate) under: Vec<OsString>,
    /// How many routes surround the measured ones.
    pub(crate) fillers: Option<usize>,
    /// How many threads serve.
    pub(crate) loops: Option<usize>,
}

/// A running peer. It is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// From the start of the process until it took a connection.
    pub(crate) started_in: Duration,
    _folder: TempDir,
}

impl Server {
    /// Starts the program, and waits until it takes connections.
    pub(crate) fn start(program: &Program, places: &Places, start: &Start) -> Result<Server> {
        let folder = TempDir::new()?;
        let port = free_port()?;
        let log = File::create(folder.path().join("log"))?;
        let mut line = start.under.clone();
        line.push(program.command.clone().into());
        line.extend(program.arguments.iter().cloned());
        match &program.template {
            Some(template) => line.extend(configured(template, port, places, folder.path())?),
            None => line.push(port.to_string().into()),
        }
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).envs(program.environment.iter().cloned());
        command.env("VERSUS_FILES", &places.files);
        command.env("VERSUS_CERT", &places.certificate).env("VERSUS_KEY", &places.key);
        if let Some(fillers) = start.fillers {
            command.env("VERSUS_ROUTES", fillers.to_string());
        }
        if let Some(loops) = start.loops {
            command.env("VERSUS_LOOPS", loops.to_string());
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let began = Instant::now();
        let child = pinned(start.core, || command.spawn())?
            .with_context(|| format!("{} cannot be started", line[0].display()))?;
        let mut server = Server { child, port, started_in: Duration::ZERO, _folder: folder };
        server.wait(began)?;
        server.started_in = began.elapsed();
        Ok(server)
    }

    fn wait(&mut self, began: Instant) -> Result<()> {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || began.elapsed() > START {
                let log = fs::read_to_string(self._folder.path().join("log")).unwrap_or_default();
                bail!("it does not listen ({ended:?}): {}", log.trim());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Time on a processor since it started.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        usage::cpu(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.pid().cast_signed());
        // Some peers drain on SIGTERM for as long as connections are open: nothing is lost here.
        let _ = kill(pid, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A port that is free now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Writes nginx's configuration, and gives the arguments that name it.
fn configured(template: &Path, port: u16, places: &Places, folder: &Path) -> Result<Vec<OsString>> {
    let text = fs::read_to_string(template)?;
    let text = text.replace("@PORT@", &port.to_string());
    let text = text.replace("@FILES@", &places.files.display().to_string());
    let text = text.replace("@CERT@", &places.certificate.display().to_string());
    let text = text.replace("@KEY@", &places.key.display().to_string());
    let path = folder.join("nginx.conf");
    fs::write(&path, text)?;
    Ok(vec!["-p".into(), folder.into(), "-e".into(), "stderr".into(), "-c".into(), path.into()])
}

/// Does something while this thread is kept on a core. A process that it starts stays there.
pub(crate) fn pinned<T>(core: Option<usize>, action: impl FnOnce() -> T) -> Result<T> {
    let Some(core) = core else { return Ok(action()) };
    let this = Pid::from_raw(0);
    let before = nix::sched::sched_getaffinity(this)?;
    let mut only = CpuSet::new();
    only.set(core)?;
    sched_setaffinity(this, &only).with_context(|| format!("core {core} may not be used"))?;
    let result = action();
    sched_setaffinity(this, &before)?;
    Ok(result)
}
