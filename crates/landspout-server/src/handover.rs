//! Handing the listening sockets over to a new process.

use crate::Server;
use crate::inherited::{FIRST, LEFT, predecessor};
use command_fds::{CommandFdExt, FdMapping};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::Duration;

/// What the new process says when it serves.
const READY: &[u8] = b"ready\n";

/// A process that was started to go on in the place of this one.
///
/// The listening sockets are in both, so that nobody who connects in between is turned away. This
/// one goes on accepting until the new one has said that it is [ready](Successor::is_ready); then
/// [`ServerHandle::hand_over`](crate::ServerHandle::hand_over) lets it finish what it has begun. If
/// the new one fails, nothing has happened.
///
/// The new process takes a socket over by binding to the same address as this one, written in the
/// same way. It listens anew at addresses that this one has not; what it does not bind to is closed.
///
/// ```no_run
/// # async fn restart(servers: &[landspout_server::Server]) -> std::io::Result<()> {
/// use landspout_server::Successor;
/// use std::{env, process::Command, time::Duration};
///
/// let mut command = Command::new(env::current_exe()?);
/// command.args(env::args_os().skip(1));
/// let mut successor = Successor::start(command, servers)?;
/// if successor.is_ready(Duration::from_secs(30)).await {
///     servers[0].handle().hand_over();
/// } else {
///     successor.stop();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Successor {
    child: Child,
    news: UnixStream,
}

impl Successor {
    /// Starts the command with the listening sockets of a group of servers, in the way of systemd
    /// (`LISTEN_FDS`).
    ///
    /// # Errors
    /// The command cannot be run, there are no file descriptors left, or the path of a Unix socket
    /// is no text of one line.
    pub fn start<'a>(
        mut command: Command,
        servers: impl IntoIterator<Item = &'a Server>,
    ) -> io::Result<Successor> {
        let (news, theirs) = UnixStream::pair()?;
        let mut sockets: Vec<OwnedFd> = Vec::new();
        let mut addresses = String::new();
        for listener in servers.into_iter().flat_map(Server::listeners) {
            let address = listener.listen.address.to_string();
            if address.contains('\n') {
                let message = format!("{address:?} cannot be handed over");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            sockets.push(listener.as_fd().try_clone_to_owned()?);
            addresses.push_str(&address);
            addresses.push('\n');
        }
        sockets.push(theirs.into());
        let count = sockets.len();
        let place = |(index, parent_fd)| {
            let child_fd = i32::try_from(FIRST + index).expect("descriptors are small numbers");
            FdMapping { parent_fd, child_fd }
        };
        let mappings = sockets.into_iter().enumerate().map(place).collect();
        command.fd_mappings(mappings).expect("each socket has a number of its own");
        for stale in ["LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD", "WATCHDOG_PID"] {
            // They speak of this process.
            command.env_remove(stale);
        }
        let child = command.env("LISTEN_FDS", count.to_string()).env(LEFT, addresses).spawn()?;
        Ok(Successor { child, news })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process says that it serves; false if it ends before, or takes longer than
    /// `limit`.
    ///
    /// # Panics
    /// It is not awaited on a tokio runtime with I/O and time.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn is_ready(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.hear()).await.is_ok_and(|heard| heard.is_ok())
    }

    async fn hear(&mut self) -> io::Result<()> {
        self.news.set_nonblocking(true)?;
        let news = tokio::net::UnixStream::from_std(self.news.try_clone()?)?;
        let mut heard = [0; READY.len()];
        loop {
            news.readable().await?;
            match news.try_read(&mut heard) {
                // So little comes in one piece.
                Ok(len) if &heard[..len] == READY => return Ok(()),
                Ok(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the process, and waits for its end.
    pub fn stop(mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says that this process serves, to the one that [started](Successor::start) it to go on in its
/// place; without such a process it does nothing. Sockets that were handed over and to whose
/// addresses no server was bound are closed.
pub fn tell_predecessor() {
    if let Some(mut stream) = predecessor() {
        // If the other process has gone, it needs no word.
        drop(stream.write_all(READY));
    }
}
