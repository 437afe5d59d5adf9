//! Files of a directory on disk.

use super::answer::{Known, about, cache_control, content_type, has_type, to_method, value};
use super::at_once::{self, AtOnce};
use super::content;
use super::path::FilePath;
use crate::conditional::{Validators, whole_seconds};
use crate::mount::add_slash;
use http::HeaderValue;
use landspout_handler::{Error, Handler, Request, Response};
use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::spawn_blocking;

/// The files of a directory and of those below it.
///
/// The `ETag` is made of a file's time of change and its size. A path that ends in a slash is the
/// `index.html` below it, and a directory without the slash is redirected to the path with it;
/// nothing is ever listed.
///
/// The loop never waits for the disk: on Linux, what the system has in its memory is opened and read
/// at once; what it has not, on tokio's pool of blocking threads, as everything is elsewhere.
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
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    cache_control: HeaderValue,
    /// Whether it is worth while to ask for what is in memory.
    asks_memory: AtomicBool,
}

impl Directory {
    /// The files below `root`. It need not exist yet.
    pub fn new(root: impl AsRef<Path>) -> Directory {
        Directory::with(root.as_ref().to_owned(), Duration::ZERO)
    }

    /// How long a client may use a file without asking again, in whole seconds. Zero, the default,
    /// lets it ask each time, which costs a 304; use more where the URL changes with the content.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Directory {
        Directory::with(self.0.root.clone(), max_age)
    }

    fn with(root: PathBuf, max_age: Duration) -> Directory {
        let (cache_control, asks_memory) = (cache_control(max_age), AtomicBool::new(true));
        Directory(Arc::new(Inner { root, cache_control, asks_memory }))
    }
}

impl Handler for Directory {
    async fn handle(&self, request: Request) -> Response {
        if let Some(response) = to_method(request.method()) {
            return response;
        }
        let Some(path) = FilePath::of(request.uri().path()) else {
            return Error::new(404, "").into();
        };
        if let Some(response) = self.0.answer_at_once(&path, &request) {
            return response;
        }
        let inner = Arc::clone(&self.0);
        let answered = spawn_blocking(move || inner.answer(&path, &request)).await;
        answered.map_err(Error::from).flatten().unwrap_or_else(Response::from)
    }
}

impl Inner {
    /// Answers with what is in memory, if it is all there and nothing about it is out of the ordinary.
    fn answer_at_once(&self, path: &FilePath, request: &Request) -> Option<Response> {
        if !self.asks_memory.load(Ordering::Relaxed) {
            return None;
        }
        let file = self.known_support(at_once::open(&self.root, path))?;
        let metadata = file.metadata().ok().filter(Metadata::is_file)?;
        match about(&self.known(&path.file(), &metadata), request) {
            (response, None) => Some(response),
            (response, Some(range)) => {
                if range.start > 0 {
                    (&file).seek(SeekFrom::Start(range.start)).ok()?;
                }
                let read = content::read_at_once(file, range.end - range.start);
                Some(response.with_body(self.known_support(read)?))
            }
        }
    }

    /// Remembers what can never be asked.
    fn known_support<T>(&self, answer: AtOnce<T>) -> Option<T> {
        match answer {
            AtOnce::Done(value) => Some(value),
            AtOnce::Waits => None,
            AtOnce::Unsupported => {
                self.asks_memory.store(false, Ordering::Relaxed);
                None
            }
        }
    }

    /// Answers on a thread that may wait for the disk.
    fn answer(&self, path: &FilePath, request: &Request) -> Result<Response, Error> {
        match find(&self.root, path).map_err(refusal)? {
            Found::Directory => Ok(add_slash(request.uri())),
            Found::File(target, mut file) => {
                // A link is what its name says. One that says nothing is what it leads to.
                let name = match path.file() {
                    name if has_type(&name) => name,
                    _ => target.to_string_lossy(),
                };
                // Asked of the open file: another one may stand at the path by now.
                let known = self.known(&name, &file.metadata()?);
                match about(&known, request) {
                    (response, None) => Ok(response),
                    (response, Some(range)) => {
                        file.seek(SeekFrom::Start(range.start))?;
                        let body = content::read(file, range.end - range.start)?;
                        Ok(response.with_body(body))
                    }
                }
            }
        }
    }

    fn known(&self, name: &str, metadata: &Metadata) -> Known {
        let modified = metadata.modified().ok();
        let age = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = age.unwrap_or_default().as_nanos();
        Known {
            content_type: content_type(name),
            validators: Validators {
                etag: value(format_args!("\"{nanoseconds:x}-{:x}\"", metadata.len())),
                // RFC 9110 §8.8.2.1: never later than now.
                modified: modified.map(|time| whole_seconds(time.min(SystemTime::now()))),
            },
            len: metadata.len(),
            cache_control: self.cache_control.clone(),
        }
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
    let (file, metadata) = resolve(&root, &root.join(&*path.file()))?;
    if metadata.is_file() {
        let open = File::open(&file)?;
        return Ok(Found::File(file, open));
    }
    // A device or a pipe is not opened: that may wait for ever.
    let has_index = metadata.is_dir() && resolve(&root, &root.join(path.index()))?.1.is_file();
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
