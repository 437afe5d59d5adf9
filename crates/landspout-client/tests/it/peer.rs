//! Programs that others wrote, started on a free port.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// A running program; it ends with this value.
pub(crate) struct Peer {
    child: Child,
    pub(crate) addr: SocketAddr,
    folder: PathBuf,
}

/// Says that a test did not take place. Past the test harness, which keeps what passing tests print
/// to itself.
pub(crate) fn skipped(program: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {program} is not installed");
}

/// A port that nobody uses now. Until the program takes it, somebody else may, and would be talked to
/// in its place; so where the whole of 127/8 is this machine, the address is one that nobody else
/// has.
fn free_addr() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, high.max(1), low, NEXT.fetch_add(1, Relaxed).max(1));
    let ip = if cfg!(target_os = "linux") { own } else { Ipv4Addr::LOCALHOST };
    std::net::TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap()
}

/// A folder of its own for one program.
fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("landspout-client-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Peer {
    /// Starts a program once it was told where to listen and where its files are; `None`, and a
    /// line that says so, where it is not installed.
    pub(crate) async fn start(
        program: &str,
        prepare: impl Fn(&mut Command, SocketAddr, &Path),
    ) -> Option<Peer> {
        let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin"]
            .map(|folder| Path::new(folder).join(program))
            .into_iter()
            .find(|path| path.exists());
        let Some(path) = found else {
            skipped(program);
            return None;
        };
        // One that ends was too late for its port, or cannot run here, which the next ones show.
        for _ in 0..5 {
            let (addr, folder) = (free_addr(), folder());
            let mut command = Command::new(&path);
            prepare(&mut command, addr, &folder);
            let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut peer = Peer { child: quiet.spawn().unwrap(), addr, folder };
            if peer.listens().await {
                return Some(peer);
            }
        }
        panic!("{program} ends at once");
    }

    /// tinyproxy, which lets `user` with the password `secret` through.
    pub(crate) async fn tinyproxy() -> Option<Peer> {
        let start = |command: &mut Command, addr: SocketAddr, folder: &Path| {
            let config = folder.join("tinyproxy.conf");
            let (ip, port) = (addr.ip(), addr.port());
            let text = format!("Port {port}\nListen {ip}\nBasicAuth user secret\n");
            std::fs::write(&config, text + "Allow 127.0.0.0/8\n").unwrap();
            command.arg("-d").arg("-c").arg(config);
        };
        Peer::start("tinyproxy", start).await
    }

    /// Waits until the program listens; false if it has ended instead.
    async fn listens(&mut self) -> bool {
        let listens = async {
            while tokio::net::TcpStream::connect(self.addr).await.is_err() {
                if self.child.try_wait().unwrap().is_some() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            true
        };
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, listens).await.expect("the program listens within a minute")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
