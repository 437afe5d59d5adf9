//! The file of a Unix socket: made by binding, removed at the end.

#![cfg(unix)]

use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::debug;

/// The file of a socket that this server has bound. Dropping the value removes it, unless another
/// file has come in its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
    /// The file is somebody else's now.
    left: AtomicBool,
}

impl SocketFile {
    /// Listens on a path. A file that is there already is removed if it is a socket on which nobody
    /// answers, which is what a server that was killed leaves behind.
    ///
    /// # Errors
    /// Somebody listens there (`AddrInUse`), the file is no socket, or it cannot be made.
    pub(crate) fn bind(
        path: &Path,
        mode: Option<u32>,
        backlog: u16,
    ) -> io::Result<(UnixListener, SocketFile)> {
        clear(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::unix(path)?)?;
        let file = SocketFile::of(path)?;
        // Nobody can connect before `listen`, so that nobody comes in under the wrong mode.
        if let Some(mode) = mode {
            fs::set_permissions(path, Permissions::from_mode(mode & 0o777))?;
        }
        socket.listen(backlog.into())?;
        Ok((socket.into(), file))
    }

    /// The file of a socket that another process has bound, and has left to this one.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn of(path: &Path) -> io::Result<SocketFile> {
        let identity = identity(&fs::symlink_metadata(path)?);
        Ok(SocketFile { path: path.to_owned(), identity, left: AtomicBool::new(false) })
    }

    /// Leaves the file to the process that goes on with the socket.
    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }
}

/// Removes the socket of a server that is gone.
fn clear(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file is no socket"));
    }
    let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Who has no room in its queue is there too, and is not to be waited for.
    probe.set_nonblocking(true)?;
    match probe.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            debug!(target: "landspout::server", ?path, "a socket that was left behind is removed");
            fs::remove_file(path)
        }
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        Ok(()) | Err(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn identity(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if *self.left.get_mut() {
            return;
        }
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| identity(&found) == self.identity) {
            drop(fs::remove_file(&self.path));
        }
    }
}
