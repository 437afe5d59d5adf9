//! Bodies that are read from files.

use crate::Replay;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body::{Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// Bytes that are read at a time. Each read occupies a thread of tokio's blocking pool for a moment;
/// with pieces of this size that is no more than a hundredth of what the bytes cost on their way.
const PIECE: usize = 64 * 1024;

/// A file to send: its length is known, and it is read as it is sent, so that its size does not
/// matter.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use landspout_client::{Client, FileBody};
///
/// let file = FileBody::open("weather.csv").await?;
/// let response = Client::new().put("http://127.0.0.1:8888/weather").file(file).send().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct FileBody {
    path: PathBuf,
    len: u64,
}

impl FileBody {
    /// Looks at a file; it is opened each time that it is sent. One that is shorter by then fails
    /// the request, one that is longer is cut to the length that it has now.
    ///
    /// # Errors
    /// There is no such file, or it is none.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<FileBody> {
        let path = path.as_ref().to_owned();
        let metadata = tokio::fs::metadata(&path).await?;
        if !metadata.is_file() {
            let what = format!("{} is no file", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(FileBody { path, len: metadata.len() })
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is not a byte in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last part of its path, if it is UTF-8.
    pub fn name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    /// The file as a body, which is sent with its length.
    pub fn body(&self) -> Body {
        let pieces = stream::try_unfold(Reading::Path(self.path.clone()), next_piece);
        Body::wrap(Measured { body: Body::stream(pieces), left: self.len })
    }

    /// The file as a body that can be sent again.
    pub fn replay(self) -> Replay {
        Replay::new(move || self.body())
    }
}

enum Reading {
    Path(PathBuf),
    File(File),
}

async fn next_piece(reading: Reading) -> io::Result<Option<(Bytes, Reading)>> {
    let mut file = match reading {
        Reading::Path(path) => File::open(path).await?,
        Reading::File(file) => file,
    };
    let mut piece = BytesMut::with_capacity(PIECE);
    match file.read_buf(&mut piece).await? {
        0 => Ok(None),
        _ => Ok(Some((piece.freeze(), Reading::File(file)))),
    }
}

/// A body of a length that is known.
struct Measured {
    body: Body,
    left: u64,
}

impl http_body::Body for Measured {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()? else {
            let left = std::mem::take(&mut self.left);
            let what = format!("the file has become {left} bytes shorter");
            return Poll::Ready(Some(Err(BodyError::incomplete(what))));
        };
        let Ok(mut piece) = frame.into_data() else { return Poll::Ready(None) };
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
