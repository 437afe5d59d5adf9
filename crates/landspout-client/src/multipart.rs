//! Forms with files (RFC 7578).

use crate::{FileBody, Replay};
use bytes::Bytes;
use http::HeaderValue;
use http_body::{Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A form with files, as `multipart/form-data`. Files are read as they are sent.
///
/// Names and file names are written as browsers write them: quotes and line breaks as `%22`, `%0D`
/// and `%0A`, all else as it is, in UTF-8. Values are sent as they are.
///
/// ```
/// use landspout_client::{Client, Multipart, Part, Request};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = Client::over(|mut request: Request| async move { request.text().await });
/// let form = Multipart::new()
///     .text("title", "Rain")
///     .part(Part::bytes("picture", "...").file_name("rain.png").content_type("image/png"));
/// let mut response = client.post("/").multipart(form).send().await?;
/// assert!(response.text().await?.contains("name=\"picture\"; filename=\"rain.png\"\r\n"));
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Multipart {
    /// What lies between parts: random, so that no part has it within.
    boundary: String,
    parts: Vec<Part>,
}

/// One part of a [`Multipart`] form.
#[derive(Debug, Clone)]
pub struct Part {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Bytes(Bytes),
    File(FileBody),
    Replay(Replay),
}

impl Multipart {
    /// A form without parts.
    pub fn new() -> Multipart {
        Multipart { boundary: format!("landspout-{}", crate::random::hex()), parts: Vec::new() }
    }

    /// Adds a field.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Multipart {
        self.part(Part::bytes(name, value.into()))
    }

    /// Adds a file, with its name and as `application/octet-stream`.
    #[must_use]
    pub fn file(self, name: impl Into<String>, file: FileBody) -> Multipart {
        self.part(Part::file(name, file))
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Multipart {
        self.parts.push(part);
        self
    }

    pub(crate) fn content_type(&self) -> HeaderValue {
        let value = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::try_from(value).expect("letters and digits are a header value")
    }

    pub(crate) fn replay(self) -> Replay {
        Replay::new(move || self.body())
    }

    fn body(&self) -> Body {
        let mut pieces = VecDeque::with_capacity(2 * self.parts.len() + 1);
        for (index, part) in self.parts.iter().enumerate() {
            let break_before = if index == 0 { "" } else { "\r\n" };
            let head = part.head();
            pieces.push_back(format!("{break_before}--{}\r\n{head}\r\n", self.boundary).into());
            pieces.push_back(part.source.body());
        }
        let break_before = if self.parts.is_empty() { "" } else { "\r\n" };
        pieces.push_back(format!("{break_before}--{}--\r\n", self.boundary).into());
        Body::wrap(Pieces(pieces))
    }
}

impl Default for Multipart {
    fn default() -> Multipart {
        Multipart::new()
    }
}

impl Part {
    /// A part of these bytes.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Part {
        Part::new(name, Source::Bytes(bytes.into()))
    }

    /// A part of this file, with its name and as `application/octet-stream`.
    pub fn file(name: impl Into<String>, file: FileBody) -> Part {
        let file_name = file.name().unwrap_or("file").to_owned();
        let part = Part::new(name, Source::File(file));
        part.file_name(file_name).content_type("application/octet-stream")
    }

    /// A part that streams. The form has no length then, unless the body has one.
    pub fn replay(name: impl Into<String>, replay: Replay) -> Part {
        Part::new(name, Source::Replay(replay))
    }

    fn new(name: impl Into<String>, source: Source) -> Part {
        Part { name: name.into(), file_name: None, content_type: None, source }
    }

    /// Makes it a file of this name.
    #[must_use]
    pub fn file_name(mut self, file_name: impl Into<String>) -> Part {
        self.file_name = Some(file_name.into());
        self
    }

    /// Says what it is. Line breaks in it count for nothing.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Part {
        self.content_type = Some(content_type.into().replace(['\r', '\n'], ""));
        self
    }

    fn head(&self) -> String {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", escape(&self.name));
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", escape(file_name)));
        }
        head.push_str("\r\n");
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        head
    }
}

impl Source {
    fn body(&self) -> Body {
        match self {
            Source::Bytes(bytes) => bytes.clone().into(),
            Source::File(file) => file.body(),
            Source::Replay(replay) => replay.body(),
        }
    }
}

/// As the HTML standard has it, under "multipart form data".
fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// Bodies, one after the other.
struct Pieces(VecDeque<Body>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        while let Some(piece) = self.0.front_mut() {
            match ready!(Pin::new(piece).poll_frame(cx)) {
                Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // Trailers in the middle have no place to go to.
                Some(Ok(_)) => {}
                None => drop(self.0.pop_front()),
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let lens = self.0.iter().map(Body::len);
        match lens.sum::<Option<u64>>() {
            Some(len) => SizeHint::with_exact(len),
            None => SizeHint::default(),
        }
    }
}
