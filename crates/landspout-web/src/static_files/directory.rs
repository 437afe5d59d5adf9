//! Files of a directory on disk.

use super::answer::{Known, about, content_type, to_method};
use super::path::FilePath;
use crate::conditional::{Validators, whole_seconds};
use crate::mount::add_slash;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use landspout_handler::{Body, Error, Handler, Request, Response};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::spawn_blocking;

/// Files up to this size are read in one go, larger ones in pieces of it: 64 KiB. One go to the
/// thread pool costs tens of microseconds, as much as reading this many bytes from the page cache.
const PIECE: u64 = 64 * 1024;

/// The files of a directory and of those below it.
///
/// The `ETag` is made of a file's time of change and its size. A path that ends in a slash is the
/// `index.html` below it, and a directory without the slash is redirected to the path with it;
/// nothing is ever listed. Files are looked up and read on tokio's pool of blocking threads, not on
/// the loop.
///
/// [The module](super) says what no path reaches. Links are followed and their ends compared with
/// the root before a file is opened, so that who can change links between the two is trusted;
/// do not serve a directory that a stranger may write to.
///
/// A file that is replaced by renaming another one is sent as it was or as it is, never as something
/// between. One that shrinks while it is being sent aborts the response, so that the client can tell.
///
/// ```no_run
/// use landspout_web::Application;
/// use landspout_web::static_files::Directory;
///
/// let application = Application::new().mount("/static", Directory::new("static"));
/// ```
///
/// # Panics
/// Outside of a tokio runtime.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
    max_age: Duration,
}

impl Directory {
    /// The files below `root`. It need not exist yet.
    pub fn new(root: impl AsRef<Path>) -> Directory {
        Directory { root: root.as_ref().into(), max_age: Duration::ZERO }
    }

    /// How long a client may use a file without asking again, in whole seconds. Zero, the default,
    /// lets it ask each time, which costs a 304; use more where the URL changes with the content.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Directory {
        self.max_age = max_age;
        self
    }

    /// Answers the request on a thread that may wait for the disk.
    fn answer(&self, request: &Request) -> Result<Response, Error> {
        let path = FilePath::of(request.uri().path()).ok_or_else(|| Error::new(404, ""))?;
        match find(&self.root, &path).map_err(refusal)? {
            Found::Directory => Ok(add_slash(request.uri())),
            Found::File(path, file) => {
                // Asked of the open file: another one may stand at the path by now.
                let known = known(&path, &file.metadata()?, self.max_age);
                match about(&known, request) {
                    (response, None) => Ok(response),
                    (response, Some(range)) => Ok(response.with_body(body(file, range)?)),
                }
            }
        }
    }
}

impl Handler for Directory {
    async fn handle(&self, request: Request) -> Response {
        if let Some(response) = to_method(request.method()) {
            return response;
        }
        let directory = self.clone();
        let answered = spawn_blocking(move || directory.answer(&request)).await;
        answered.map_err(Error::from).flatten().unwrap_or_else(Response::from)
    }
}

enum Found {
    /// Its path has no link in it and lies below the root.
    File(PathBuf, File),
    /// One with an index, to be asked for with a slash.
    Directory,
}

fn find(root: &Path, path: &FilePath) -> io::Result<Found> {
    let root = root.canonicalize()?;
    let wanted = root.join(&path.relative);
    let index = wanted.join("index.html");
    let file = if path.is_directory { &index } else { &wanted };
    let (file, metadata) = resolve(&root, file)?;
    if metadata.is_file() {
        let open = File::open(&file)?;
        return Ok(Found::File(file, open));
    }
    // A device or a pipe is never opened: reading one may never end.
    let has_index = metadata.is_dir() && resolve(&root, &index)?.1.is_file();
    if has_index { Ok(Found::Directory) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Follows the links of a path, as long as they stay below the root.
fn resolve(root: &Path, path: &Path) -> io::Result<(PathBuf, Metadata)> {
    let path = path.canonicalize()?;
    if !path.starts_with(root) {
        let message = format!("{} is outside of {}", path.display(), root.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let metadata = path.metadata()?;
    Ok((path, metadata))
}

/// What is not there and what may not be read are the same to a client.
fn refusal(error: io::Error) -> Error {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound, PermissionDenied};
    match error.kind() {
        NotFound | NotADirectory | PermissionDenied | InvalidFilename | InvalidInput => {
            Error::new(404, "").caused_by(error)
        }
        _ => Error::internal(error),
    }
}

fn known(path: &Path, metadata: &Metadata, max_age: Duration) -> Known {
    let now = SystemTime::now();
    let modified = metadata.modified().ok();
    let age = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Known {
        content_type: content_type(&path.to_string_lossy()),
        validators: Validators {
            etag: format!("\"{:x}-{:x}\"", age.as_nanos(), metadata.len()),
            // RFC 9110 §8.8.2.1: never later than now.
            modified: modified.map(|time| whole_seconds(time.min(now))),
        },
        len: metadata.len(),
        max_age,
    }
}

fn body(mut file: File, range: Range<u64>) -> io::Result<Body> {
    file.seek(SeekFrom::Start(range.start))?;
    let len = range.end - range.start;
    if len <= PIECE {
        return Ok(read_piece(&mut file, len)?.into());
    }
    Ok(Body::stream(try_unfold((file, len), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let read = spawn_blocking(move || Ok((read_piece(&mut file, left)?, file))).await;
        let (piece, file): (Bytes, File) = read.map_err(io::Error::other).flatten()?;
        let left = left - piece.len() as u64;
        Ok(Some((piece, (file, left))))
    })))
}

/// The next bytes of a file: all that are left, or a piece's worth.
fn read_piece(file: &mut File, left: u64) -> io::Result<Bytes> {
    let len = usize::try_from(left.min(PIECE)).expect("a piece is small");
    let mut piece = vec![0; len];
    file.read_exact(&mut piece)?;
    Ok(piece.into())
}
