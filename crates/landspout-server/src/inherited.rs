//! Sockets that were passed on when the process was started.

use crate::{Address, Listener};
use std::io;
#[cfg(all(unix, feature = "handover"))]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
#[cfg(unix)]
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The sockets of an address that names passed-on sockets. Each can be taken once.
///
/// # Errors
/// None was passed on, or none of this name or number; it was taken before; or it is no socket that
/// listens.
#[cfg(unix)]
pub(crate) fn take(address: &Address) -> io::Result<Vec<Listener>> {
    inherited().get_or_insert_with(Inherited::from_env).take(address)
}

/// # Errors
/// This system passes none on.
#[cfg(not(unix))]
pub(crate) fn take(_: &Address) -> io::Result<Vec<Listener>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The sockets that the process before this one had for an address; `None` if there was no such
/// process, or it did not listen there.
///
/// # Errors
/// What it left is no socket that listens.
#[cfg(unix)]
pub(crate) fn left_by_predecessor(address: &Address) -> io::Result<Option<Vec<Listener>>> {
    inherited().get_or_insert_with(Inherited::from_env).left(address)
}

/// The stream to the process before this one, once; what it left and nobody has taken is closed.
#[cfg(all(unix, feature = "handover"))]
pub(crate) fn predecessor() -> Option<UnixStream> {
    let mut inherited = inherited().take().unwrap_or_else(Inherited::from_env);
    let index = inherited.left.as_ref()?.len();
    let socket = inherited.sockets.take_unix_listener(index).ok()??;
    // It was never one that listens: this is how a socket is got out of the list.
    Some(UnixStream::from(OwnedFd::from(socket)))
}

/// What was found, once somebody has asked.
#[cfg(unix)]
fn inherited() -> MutexGuard<'static, Option<Inherited>> {
    static INHERITED: Mutex<Option<Inherited>> = Mutex::new(None);
    INHERITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The variable in which a process tells the next one, which it starts itself, at which addresses the
/// sockets listen that it passes on: one for each, in order, a line each. One more socket follows, the
/// stream between the two.
#[cfg(unix)]
pub(crate) const LEFT: &str = "LANDSPOUT_SOCKETS";

/// The first descriptor that is passed on (`SD_LISTEN_FDS_START` of `sd_listen_fds(3)`).
#[cfg(unix)]
pub(crate) const FIRST: usize = 3;

/// What systemd, or whoever speaks its protocol, has left for this process.
#[cfg(unix)]
struct Inherited {
    sockets: listenfd::ListenFd,
    /// One for each socket, in order, if they have names.
    names: Vec<String>,
    /// The addresses, if the process before this one has left them.
    left: Option<Vec<String>>,
}

#[cfg(unix)]
impl Inherited {
    /// Reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`.
    fn from_env() -> Inherited {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let names = names.split(':').map(str::to_owned).collect();
        let sockets = listenfd::ListenFd::from_env();
        let left = std::env::var(LEFT).ok().filter(|_| sockets.len() > 0);
        let left = left.map(|lines| lines.lines().map(str::to_owned).collect());
        Inherited { sockets, names, left }
    }

    fn left(&mut self, address: &Address) -> io::Result<Option<Vec<Listener>>> {
        let Some(left) = &self.left else { return Ok(None) };
        let name = address.to_string();
        let indices: Vec<_> = (0..left.len()).filter(|index| left[*index] == name).collect();
        let mut taken = Vec::new();
        for index in indices {
            taken.extend(self.take_at(index)?);
        }
        Ok((!taken.is_empty()).then_some(taken))
    }

    fn take(&mut self, address: &Address) -> io::Result<Vec<Listener>> {
        let indices: Vec<usize> = match address {
            Address::Systemd(None) => (0..self.sockets.len()).collect(),
            Address::Systemd(Some(name)) => (0..self.sockets.len())
                .filter(|index| self.names.get(*index).is_some_and(|known| known == name))
                .collect(),
            Address::Fd(number) => {
                let index = usize::try_from(*number).ok().and_then(|fd| fd.checked_sub(FIRST));
                index.into_iter().filter(|index| *index < self.sockets.len()).collect()
            }
            Address::Tcp(_) | Address::Unix(_) => Vec::new(),
        };
        let mut taken = Vec::new();
        for index in indices {
            taken.extend(self.take_at(index)?);
        }
        if taken.is_empty() {
            let message = match self.sockets.len() {
                0 => "no socket was passed on to this process".to_owned(),
                count => format!("none of the {count} sockets that were passed on is left for it"),
            };
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        Ok(taken)
    }

    fn take_at(&mut self, index: usize) -> io::Result<Option<Listener>> {
        if let Ok(socket) = self.sockets.take_tcp_listener(index) {
            return Ok(socket.map(Listener::from));
        }
        let socket = self.sockets.take_unix_listener(index).map_err(|_| {
            let message = format!("descriptor {} is no TCP or Unix stream socket", FIRST + index);
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        Ok(socket.map(Listener::from))
    }
}
