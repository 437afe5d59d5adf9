//! Files that the operating system has in its memory: they are opened and read without waiting.

use super::path::FilePath;
use std::fs::File;
use std::path::Path;

/// What can be said of a file without waiting for the disk.
#[derive(Debug)]
pub(crate) enum AtOnce<T> {
    Done(T),
    /// Whoever may wait is to look: it is not in memory, or not a simple case.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is ever known there"))]
    Waits,
    /// This can never be asked of this system, or of where this file lies.
    Unsupported,
}

impl<T> AtOnce<T> {
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> AtOnce<U> {
        match self {
            AtOnce::Done(value) => AtOnce::Done(map(value)),
            AtOnce::Waits => AtOnce::Waits,
            AtOnce::Unsupported => AtOnce::Unsupported,
        }
    }
}

/// Opens the file at a path below `root` that has no link in it. It may be no regular file; one that
/// is a pipe or a device has been opened without waiting, and is not to be read.
#[cfg(target_os = "linux")]
pub(crate) fn open(root: &Path, path: &FilePath) -> AtOnce<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = match openat2(CWD, root, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(root) => root,
        Err(error) => return unless_supported(error),
    };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    // The kernel itself sees to it that the path leads nowhere else, also while links are changed.
    // One with a link waits, so that there is one place that knows which links are followed.
    let resolve = ResolveFlags::CACHED | ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match openat2(&root, &*path.file(), flags, Mode::empty(), resolve) {
        Ok(file) => AtOnce::Done(file.into()),
        Err(error) => unless_supported(error),
    }
}

/// Reads from where the file stands as much as is in memory, at least a byte. A file that has become
/// shorter than it was waits: whoever reads it there learns of it.
#[cfg(target_os = "linux")]
pub(crate) fn read(file: &File, buf: &mut [u8]) -> AtOnce<usize> {
    use rustix::io::{ReadWriteFlags, preadv2};
    const WHERE_IT_STANDS: u64 = u64::MAX;
    let mut bufs = [std::io::IoSliceMut::new(buf)];
    match preadv2(file, &mut bufs, WHERE_IT_STANDS, ReadWriteFlags::NOWAIT) {
        Ok(0) => AtOnce::Waits,
        Ok(len) => AtOnce::Done(len),
        Err(error) => unless_supported(error),
    }
}

/// A sandbox may refuse these calls, and an older kernel or a file system not know the flags.
#[cfg(target_os = "linux")]
fn unless_supported<T>(error: rustix::io::Errno) -> AtOnce<T> {
    use rustix::io::Errno;
    match error {
        Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP => AtOnce::Unsupported,
        _ => AtOnce::Waits,
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open(_: &Path, _: &FilePath) -> AtOnce<File> {
    AtOnce::Unsupported
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn read(_: &File, _: &mut [u8]) -> AtOnce<usize> {
    AtOnce::Unsupported
}
