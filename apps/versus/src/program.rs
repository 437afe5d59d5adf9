//! A peer as a program: found or built, and how it is started.

use crate::catalogue::{Kind, Peer, Runs};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where things of this program are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The folder `apps/versus`.
    pub(crate) home: PathBuf,
    /// The folder that cargo builds into.
    pub(crate) target: PathBuf,
    /// The files that are served.
    pub(crate) files: PathBuf,
    /// The certificate of https, and its key; there are none before [`certify`](Places::certify).
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Whether programs are built, and not taken as they are.
    pub(crate) builds: bool,
}

impl Places {
    /// Finds the folders, and writes the files that are served.
    pub(crate) fn find(builds: bool) -> Result<Places> {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let metadata = cargo(&home)
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .output()
            .context("cargo is not there")?;
        let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
        let target = metadata["target_directory"].as_str().context("cargo tells no target")?;
        let target = PathBuf::from(target);
        let files = target.join("versus/static");
        std::fs::create_dir_all(&files)?;
        let bytes: Vec<u8> = (0..1024 * 1024).map(|at: u32| (at % 251) as u8).collect();
        std::fs::write(files.join("1m.bin"), &bytes)?;
        std::fs::write(files.join("4k.bin"), &bytes[..4096])?;
        let (certificate, key) =
            (files.with_file_name("cert.pem"), files.with_file_name("key.pem"));
        Ok(Places { home, target, files, certificate, key, builds })
    }

    /// Makes a certificate for this machine's own address, unless there is one.
    pub(crate) fn certify(&self) -> Result<()> {
        if self.certificate.exists() && self.key.exists() {
            return Ok(());
        }
        let mut openssl = Command::new(find("openssl")?);
        openssl.args(["req", "-x509", "-nodes", "-days", "3650", "-subj", "/CN=localhost"]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        done(openssl.arg("-keyout").arg(&self.key).arg("-out").arg(&self.certificate))
    }

    /// Where what belongs to runtimes other than Rust's is put.
    fn shed(&self, name: &str) -> PathBuf {
        self.target.join("versus").join(name)
    }
}

fn cargo(home: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(home).stdin(Stdio::null());
    cargo
}

/// How a peer is started; the port is added as the last argument.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) command: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// A configuration to be written for each start, in place of an argument.
    pub(crate) template: Option<PathBuf>,
    /// The version of what is compared.
    pub(crate) version: String,
}

impl Program {
    fn new(command: impl Into<PathBuf>, version: String) -> Program {
        let (arguments, environment) = (Vec::new(), Vec::new());
        Program { command: command.into(), arguments, environment, template: None, version }
    }
}

/// What a peer runs on, if this machine has it; else what is missing.
pub(crate) fn runtime(peer: &Peer) -> Result<PathBuf> {
    let tool = match peer.runs {
        Runs::Rust { .. } => "cargo",
        Runs::Python { .. } => "python3",
        Runs::Node { .. } => "npm",
        Runs::Go { .. } => "go",
        Runs::Nginx { .. } => "nginx",
    };
    find(tool)
}

/// A tool of this machine.
pub(crate) fn find(tool: &str) -> Result<PathBuf> {
    let mut folders: Vec<_> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.push("/usr/sbin".into());
    let mut candidates = folders.iter().map(|folder| folder.join(tool));
    candidates.find(|path| path.is_file()).with_context(|| format!("{tool} is not installed"))
}

/// Builds the peer, or fetches what it needs.
pub(crate) fn prepare(peer: &Peer, places: &Places) -> Result<Program> {
    runtime(peer)?;
    if peer.kind == Kind::Https {
        places.certify()?;
    }
    match peer.runs {
        Runs::Rust { package, library } => rust(package, library, places),
        Runs::Python { script, packages } => python(script, packages, places),
        Runs::Node { script, packages } => node(script, packages, places),
        Runs::Go { source } => go(source, places),
        Runs::Nginx { template } => nginx(template, places),
    }
}

/// Builds a package by itself, so that features are those of this peer alone.
fn rust(package: &str, library: &str, places: &Places) -> Result<Program> {
    let command = build(package, places)?;
    Ok(Program::new(command, locked_version(library, places)?))
}

/// Builds a package of this workspace; returns where its program is.
pub(crate) fn build(package: &str, places: &Places) -> Result<PathBuf> {
    let program = places.target.join("release").join(package);
    if places.builds {
        let mut cargo = cargo(&places.home);
        done(cargo.args(["build", "--release", "--quiet", "-p", package]))?;
    }
    ensure!(program.exists(), "{package} was not built");
    Ok(program)
}

/// The version of a library that `Cargo.lock` has.
fn locked_version(library: &str, places: &Places) -> Result<String> {
    let lock = std::fs::read_to_string(places.home.join("Cargo.lock"))?;
    let named = format!("name = \"{library}\"");
    let mut lines = lock.lines().skip_while(|line| *line != named);
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    let version = version.with_context(|| format!("Cargo.lock has no {library}"))?;
    Ok(version.trim_matches('"').to_owned())
}

/// An environment of its own, with the packages and all that they bring.
fn python(script: &str, packages: &[&str], places: &Places) -> Result<Program> {
    let name = packages.first().context("a Python peer names its package")?;
    let shed = places.shed(&format!("python-{}", packages.join("-")));
    let python = shed.join("bin/python");
    if !shed.join("complete").exists() {
        done(Command::new(find("python3")?).args(["-m", "venv"]).arg(&shed))?;
        done(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
        std::fs::write(shed.join("complete"), "")?;
    }
    let ask = format!("import importlib.metadata as m; print(m.version({name:?}))");
    let version = said(Command::new(&python).args(["-c", &ask]))?;
    let mut program = Program::new(python, version);
    program.arguments.push(places.home.join(script).into());
    Ok(program)
}

fn node(script: &str, packages: &[&str], places: &Places) -> Result<Program> {
    let node = find("node")?;
    let mut version = said(Command::new(&node).arg("--version"))?;
    let mut script = places.home.join(script);
    if let Some(name) = packages.first() {
        // A module is looked for from where the script is: the script goes to the modules.
        let shed = places.shed(&format!("node-{name}"));
        std::fs::create_dir_all(&shed)?;
        if !shed.join("node_modules").exists() {
            let mut npm = Command::new(find("npm")?);
            done(npm.args(["install", "--silent", "--prefix"]).arg(&shed).args(packages))?;
        }
        let copy = shed.join("server.mjs");
        std::fs::copy(script, &copy)?;
        script = copy;
        let package = shed.join("node_modules").join(name).join("package.json");
        let package: Value = serde_json::from_slice(&std::fs::read(package)?)?;
        let own = package["version"].as_str().unwrap_or_default();
        version = format!("{own} on Node {version}");
    }
    let mut program = Program::new(node, version);
    program.arguments.push(script.into());
    Ok(program)
}

fn go(source: &str, places: &Places) -> Result<Program> {
    let go = find("go")?;
    let shed = places.shed("go");
    std::fs::create_dir_all(&shed)?;
    let binary = shed.join("server");
    done(Command::new(&go).args(["build", "-o"]).arg(&binary).arg(places.home.join(source)))?;
    let version = said(Command::new(&go).args(["env", "GOVERSION"]))?;
    let mut program = Program::new(binary, version.trim_start_matches("go").to_owned());
    program.environment.push(("GOMAXPROCS", "1".into()));
    Ok(program)
}

fn nginx(template: &str, places: &Places) -> Result<Program> {
    let nginx = find("nginx")?;
    let output = Command::new(&nginx).arg("-v").output()?;
    let version = String::from_utf8_lossy(&output.stderr);
    let version = version.trim().rsplit('/').next().unwrap_or_default().to_owned();
    let mut program = Program::new(nginx, version);
    program.template = Some(places.home.join(template));
    Ok(program)
}

/// Runs a command to its end; what it said is the error when it failed.
pub(crate) fn done(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context("cannot be started")?;
    if !output.status.success() {
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// What a command says.
pub(crate) fn said(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().context("cannot be started")?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
