//! Downloads, which go on where they broke off.

mod error;
mod range;
mod sink;

pub use error::DownloadError;

use crate::{ClientResponse, FetchError, RequestBuilder};
use error::Kind;
use http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use range::{Next, Progress};
use sink::{FileSink, Sink, WriterSink};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::sleep;

/// The longest wait before the first and before any attempt to go on.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A download in the making; begun by [`RequestBuilder::download`].
///
/// Where it breaks off the rest is asked for with `Range`, if the server has said what the thing is
/// known by: a strong `ETag`, or a date of change of at least a minute ago (RFC 9110 §13.1.5). If it
/// has changed by then, or is known by nothing, all of it is fetched again. The request's limits of
/// time and size are for each of the attempts; one whose time is up goes on as one that broke off.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = landspout_client::Client::new();
/// let request = client.get("https://example.com/weather.csv").max_body_size(1 << 30);
/// let saved = request.download().to_file("weather.csv").await?;
/// println!("{} bytes, {} times resumed", saved.bytes, saved.resumed);
/// # Ok(()) }
/// ```
#[must_use = "a download does nothing until it is told where to go"]
pub struct Download {
    request: RequestBuilder,
    max_resumes: u32,
    progress: Progress,
    on_progress: Option<Box<OnProgress>>,
}

type OnProgress = dyn FnMut(u64, Option<u64>) + Send;

/// A download that is complete.
#[derive(Debug)]
#[non_exhaustive]
pub struct Downloaded {
    /// Bytes that were written, with those that were there before.
    pub bytes: u64,
    /// How often it broke off and went on.
    pub resumed: u32,
    /// The last answer; its body has been read.
    pub response: Option<ClientResponse>,
}

impl RequestBuilder {
    /// Makes a download of the request. It is not compressed on its way, because parts of something
    /// compressed do not fit together.
    pub fn download(self) -> Download {
        let request = self.decompress(false).header(ACCEPT_ENCODING, "identity");
        Download { request, max_resumes: 5, progress: Progress::default(), on_progress: None }
    }
}

impl Download {
    /// How often it goes on after it broke off. Default 5; at 0 the first failure is the last.
    pub fn max_resumes(mut self, max_resumes: u32) -> Download {
        self.max_resumes = max_resumes;
        self
    }

    /// Goes on after so many bytes, of something that was known by `validator`: what
    /// [`DownloadError::validator`] gave. A file must have these bytes in its `.part`.
    pub fn resume_from(mut self, bytes: u64, validator: impl Into<String>) -> Download {
        self.progress.written = bytes;
        self.progress.validator = Some(validator.into());
        self
    }

    /// Calls a function after each piece, with the bytes that are written and those that there will
    /// be, if that is known. When it starts again from the beginning the first number is small
    /// again.
    pub fn on_progress(
        mut self,
        callback: impl FnMut(u64, Option<u64>) + Send + 'static,
    ) -> Download {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Saves it as a file. It is written beside it first, under its name and `.part`, and takes its
    /// place when it is complete; what was there before stays until then. A `.part` stays where it
    /// could be resumed, and is removed where it could not.
    ///
    /// # Errors
    /// It cannot be fetched, or not written: see [`DownloadError`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the download; the `.part` stays.
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<Downloaded, DownloadError> {
        let keeps = self.progress.written;
        let failed =
            |error| DownloadError { kind: Kind::Write(error), written: 0, validator: None };
        let mut sink = FileSink::open(path.as_ref(), keeps).await.map_err(failed)?;
        match self.run(&mut sink).await {
            Ok(downloaded) => {
                sink.commit().await.map_err(failed)?;
                Ok(downloaded)
            }
            Err(error) => {
                if error.validator.is_none() || error.written == 0 {
                    sink.discard().await;
                }
                Err(error)
            }
        }
    }

    /// Writes it. What has changed after some of it was written is an error here, because that
    /// cannot be taken back.
    ///
    /// # Errors
    /// It cannot be fetched, or not written: see [`DownloadError`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the download; what was written stays.
    pub async fn to_writer<W>(self, writer: &mut W) -> Result<Downloaded, DownloadError>
    where
        W: AsyncWrite + Send + Unpin,
    {
        let mut sink = WriterSink::new(writer, self.progress.written);
        self.run(&mut sink).await
    }

    async fn run(mut self, sink: &mut impl Sink) -> Result<Downloaded, DownloadError> {
        let mut resumed = 0;
        loop {
            let before = self.progress.written;
            match self.attempt(sink).await {
                Ok(response) => {
                    let bytes = self.progress.written;
                    return Ok(Downloaded { bytes, resumed, response });
                }
                Err(Kind::Fetch(error)) if resumed < self.max_resumes && is_passing(&error) => {
                    tracing::debug!(?error, self.progress.written, "a download goes on");
                    let wait = if self.progress.written > before { 0 } else { resumed };
                    sleep(wait_before(wait)).await;
                    resumed += 1;
                }
                Err(kind) => {
                    let Progress { written, validator, .. } = self.progress;
                    return Err(DownloadError { kind, written, validator });
                }
            }
        }
    }

    /// Asks for what is missing, and writes it. `None` if nothing was.
    async fn attempt(&mut self, sink: &mut impl Sink) -> Result<Option<ClientResponse>, Kind> {
        let mut asks_for_rest = self.progress.can_resume();
        loop {
            let mut request = self.request.try_clone().ok_or(Kind::Request)?;
            if let Some(validator) = self.progress.validator.as_ref().filter(|_| asks_for_rest) {
                let range = format!("bytes={}-", self.progress.written);
                request = request.header(RANGE, range).header(IF_RANGE, validator.as_str());
            }
            let mut response = request.send().await.map_err(Kind::Fetch)?;
            match self.progress.take(response.status(), response.headers(), asks_for_rest) {
                Next::Append => {}
                Next::Replace => sink.restart().await?,
                Next::Complete => return Ok(None),
                Next::AskForAll => {
                    asks_for_rest = false;
                    continue;
                }
                Next::Refuse(what) => return Err(Kind::Part(what)),
                Next::Status => return Err(Kind::Status(response.status())),
            }
            let before = self.progress.written;
            let copied = self.copy(&mut response, sink).await;
            sink.flush().await?;
            copied?;
            let written = self.progress.written;
            match self.progress.total {
                Some(total) if total != written => {
                    // RFC 9110 §15.3.7: a server may send less than it was asked for.
                    if !asks_for_rest || written > total || written == before {
                        let what = "the parts together have another length than the whole";
                        return Err(Kind::Part(what));
                    }
                }
                _ => return Ok(Some(response)),
            }
        }
    }

    async fn copy(
        &mut self,
        response: &mut ClientResponse,
        sink: &mut impl Sink,
    ) -> Result<(), Kind> {
        while let Some(piece) = response.chunk().await.map_err(Kind::Fetch)? {
            sink.write(&piece).await?;
            self.progress.written += piece.len() as u64;
            if let Some(callback) = &mut self.on_progress {
                callback(self.progress.written, self.progress.total);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Whether the same may go well another time.
fn is_passing(error: &FetchError) -> bool {
    let is_lasting = error.is_too_large()
        || error.is_malformed()
        || error.is_decode()
        || error.is_redirect()
        || error.is_tls()
        || error.is_invalid_request();
    !is_lasting
}

fn wait_before(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures));
    doubled.min(LONGEST_WAIT).mul_f64(crate::random::fraction())
}
