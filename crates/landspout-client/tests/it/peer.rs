//! Programs that others wrote, started on a free port.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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

/// A port that nobody uses now.
fn free_addr() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
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
        prepare: impl FnOnce(&mut Command, SocketAddr, &Path),
    ) -> Option<Peer> {
        let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin"]
            .map(|folder| Path::new(folder).join(program))
            .into_iter()
            .find(|path| path.exists());
        let Some(path) = found else {
            skipped(program);
            return None;
        };
        let (addr, folder) = (free_addr(), folder());
        let mut command = Command::new(path);
        prepare(&mut command, addr, &folder);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let peer = Peer { child: quiet.spawn().unwrap(), addr, folder };
        peer.listens().await;
        Some(peer)
    }

    /// tinyproxy, which lets `user` with the password `secret` through.
    pub(crate) async fn tinyproxy() -> Option<Peer> {
        let start = |command: &mut Command, addr: SocketAddr, folder: &Path| {
            let config = folder.join("tinyproxy.conf");
            let port = addr.port();
            let text = format!("Port {port}\nListen 127.0.0.1\nBasicAuth user secret\n");
            std::fs::write(&config, text + "Allow 127.0.0.1\n").unwrap();
            command.arg("-d").arg("-c").arg(config);
        };
        Peer::start("tinyproxy", start).await
    }

    async fn listens(&self) {
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(self.addr).await.is_ok() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the program listens within five seconds");
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
