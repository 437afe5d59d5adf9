//! What SIGHUP does to a program that serves, which is this very test program.

use landspout::event_loop::WorkersConfig;
use landspout::server::{CertificateFiles, Listen, LogConfig, LogFormat, TlsConfig};
use landspout::{Request, Serve, ServeConfig};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Set for the process that is the server: to the folder of its files.
const ROLE: &str = "LANDSPOUT_TEST_HANGUP";

fn certificate(folder: &Path) -> CertificateFiles {
    CertificateFiles::new(folder.join("certificate.pem"), folder.join("key.pem"))
}

async fn fine(_: Request) -> &'static str {
    "fine"
}

/// Not a test of its own: what the process runs that the test starts.
#[test]
fn the_server() {
    let Some(folder) = std::env::var_os(ROLE).map(PathBuf::from) else { return };
    let files = certificate(&folder);
    let mut tls = TlsConfig::new(files.certificate, files.key);
    tls.reload_interval = Duration::ZERO;
    let mut config = ServeConfig::default();
    config.workers = WorkersConfig::default().threads(2);
    let log = LogConfig::default().format(LogFormat::Common).path(folder.join("access.log"));
    config.server = config.server.log(log);
    config.listen = vec!["127.0.0.1:0".parse::<Listen>().unwrap().tls(tls)];
    let serve = Serve::new(config).unwrap();
    println!("\nlistening on {}", serve.local_addr());
    serve.run(|| fine).unwrap();
}

struct Site {
    folder: TempDir,
    process: Child,
    addr: String,
}

impl Site {
    fn start() -> Site {
        let folder = tempfile::tempdir().unwrap();
        issue(folder.path());
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hangup::the_server", "--nocapture", "--test-threads=1"])
            .env(ROLE, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addr =
            lines.find_map(|line| Some(line.unwrap().strip_prefix("listening on ")?.to_owned()));
        thread::spawn(move || lines.for_each(drop));
        Site { folder, process, addr: addr.unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), id]).status().unwrap().success());
    }

    /// Asks for `path` as a client that trusts the certificate alone that is in `file`.
    fn ask(&self, path: &str, file: &Path) -> std::io::Result<()> {
        let mut roots = RootCertStore::empty();
        roots.add(rustls::pki_types::CertificateDer::from_pem_file(file).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(client, TcpStream::connect(&self.addr)?);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        assert!(answer.ends_with("fine"), "{answer}");
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.signal("TERM");
        self.process.wait().unwrap();
    }
}

/// Puts another certificate into the folder.
fn issue(folder: &Path) {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = certificate(folder);
    fs::write(files.certificate, issued.cert.pem()).unwrap();
    fs::write(files.key, issued.signing_key.serialize_pem()).unwrap();
}

/// Looks again and again until it is so.
#[track_caller]
fn eventually(mut look: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !look() {
        assert!(Instant::now() < limit, "nothing happened for 30 s");
        thread::yield_now();
    }
}

#[test]
fn certificates_are_read_anew_and_the_access_log_is_opened_again() {
    let site = Site::start();
    let (log, certificate) = (site.file("access.log"), site.file("certificate.pem"));
    site.ask("/first", &certificate).unwrap();
    eventually(|| fs::read_to_string(&log).unwrap().contains("GET /first "));

    // Both are replaced, as certbot and logrotate do, and nothing has changed before the signal.
    let (old_log, old_certificate) = (site.file("access.log.1"), site.file("old.pem"));
    fs::rename(&log, &old_log).unwrap();
    fs::rename(&certificate, &old_certificate).unwrap();
    issue(site.folder.path());
    assert!(site.ask("/second", &certificate).is_err());
    site.ask("/second", &old_certificate).unwrap();
    eventually(|| fs::read_to_string(&old_log).unwrap().contains("GET /second "));
    assert!(!log.exists());

    site.signal("HUP");
    eventually(|| site.ask("/third", &certificate).is_ok());
    assert!(site.ask("/third", &old_certificate).is_err());
    eventually(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("GET /third ")));
    assert!(!fs::read_to_string(&old_log).unwrap().contains("GET /third "));

    // A key that does not fit: the certificate from before stays.
    fs::write(site.file("key.pem"), "no key").unwrap();
    fs::remove_file(&log).unwrap();
    site.signal("HUP");
    eventually(|| {
        site.ask("/fourth", &certificate).unwrap();
        log.exists()
    });
}
