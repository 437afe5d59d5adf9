//! Files that are part of the program.

use super::answer::{Known, about, cache_control, content_type, to_method, value};
use super::path::FilePath;
use crate::conditional::Validators;
use crate::mount::add_slash;
use bytes::Bytes;
use http::HeaderValue;
use landspout_handler::{Error, Handler, Request, Response};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// Files that are part of the program, by their names.
///
/// The `ETag` is made of the content, so that it stays the same from one start to the next and on
/// each node. A path that ends in a slash is the `index.html` below it.
///
/// ```
/// use landspout_web::static_files::Embedded;
/// use landspout_web::{Handler, Request};
///
/// const FILES: &[(&str, &[u8])] = &[("index.html", b"<h1>Hello</h1>"), ("js/app.js", b"'use strict'")];
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let files = Embedded::new(FILES);
/// assert_eq!(files.handle(Request::get("/")).await.into_body().text().await?, "<h1>Hello</h1>");
/// assert_eq!(files.handle(Request::get("/js/app.js")).await.status(), 200);
/// assert_eq!(files.handle(Request::get("/js/main.js")).await.status(), 404);
/// # Ok::<(), landspout_web::Error>(()) }).unwrap();
/// ```
pub struct Embedded {
    files: HashMap<&'static str, (Bytes, Known)>,
}

impl Embedded {
    /// Files with their names, which have slashes between segments and none in front.
    pub fn new(files: &[(&'static str, &'static [u8])]) -> Embedded {
        let file = |&(name, content): &(&'static str, &'static [u8])| {
            let known = Known {
                content_type: content_type(name),
                validators: Validators { etag: etag(content), modified: None },
                len: content.len() as u64,
                cache_control: cache_control(Duration::ZERO),
            };
            (name, (Bytes::from_static(content), known))
        };
        Embedded { files: files.iter().map(file).collect() }
    }

    /// How long a client may use a file without asking again, in whole seconds. Zero, the default,
    /// lets it ask each time, which costs a 304; use more where the URL changes with the content.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Embedded {
        let cache_control = cache_control(max_age);
        self.files.values_mut().for_each(|(_, known)| known.cache_control = cache_control.clone());
        self
    }

    fn answer(&self, request: &Request) -> Response {
        if let Some(response) = to_method(request.method()) {
            return response;
        }
        let not_found = || Error::new(404, "").into();
        let Some(path) = FilePath::of(request.uri().path()) else {
            return not_found();
        };
        match self.files.get(&*path.file()) {
            Some((bytes, known)) => match about(known, request) {
                (response, Some(range)) => {
                    let within = |at| usize::try_from(at).expect("it is within the bytes");
                    response.with_body(bytes.slice(within(range.start)..within(range.end)))
                }
                (response, None) => response,
            },
            None if self.files.contains_key(&*path.index()) => add_slash(request.uri()),
            None => not_found(),
        }
    }
}

impl Handler for Embedded {
    async fn handle(&self, request: Request) -> Response {
        self.answer(&request)
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

/// FNV-1a with 64 bits, and the length. Whoever writes these files is no adversary: the tag has to
/// change when they do, and not to withstand anybody.
fn etag(content: &[u8]) -> HeaderValue {
    let hash = content.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    value(format_args!("\"{hash:016x}-{:x}\"", content.len()))
}
