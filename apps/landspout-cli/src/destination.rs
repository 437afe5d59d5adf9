//! Where a body goes.

use crate::arguments::FetchArguments;
use crate::failure::Failure;
use http::header::{CONTENT_RANGE, RANGE};
use landspout_client::{ClientResponse, RequestBuilder};
use std::collections::HashSet;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncSeekExt;

/// Where the body of one URL goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

/// What becomes of a file whose beginning may be there already.
#[derive(Debug)]
pub(crate) enum Opened {
    /// To be written from here on.
    At(File, u64),
    /// All of it is there, which is so many bytes.
    Complete(u64),
}

impl Destination {
    /// One for each URL.
    pub(crate) fn of_all(
        arguments: &FetchArguments,
        urls: &[String],
    ) -> Result<Vec<Destination>, Failure> {
        let resumes = arguments.resume && arguments.output.is_none() && !arguments.remote_name;
        if resumes {
            return Err(Failure::usage("--continue needs --output or --remote-name"));
        }
        if let Some(path) = &arguments.output {
            return match urls {
                [_] => Ok(vec![Destination::File(path.clone())]),
                _ => Err(Failure::usage("--output is for one URL; --remote-name is for many")),
            };
        }
        if !arguments.remote_name {
            return Ok(vec![Destination::Stdout; urls.len()]);
        }
        let mut names = HashSet::new();
        let named = urls.iter().map(|url| {
            let name = remote_name(url)
                .ok_or_else(|| Failure::usage(format!("{url} ends with no name for a file")))?;
            if !names.insert(name) {
                return Err(Failure::usage(format!("two URLs end with the name {name}")));
            }
            Ok(Destination::File(PathBuf::from(name)))
        });
        named.collect()
    }
}

/// The last part of a URL's path, if it can be the name of a file in this directory.
fn remote_name(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    let name = path.rsplit('/').next()?;
    (!matches!(name, "" | "." | "..") && !name.contains(['\\', '\0'])).then_some(name)
}

/// How many bytes of a file are there already.
pub(crate) async fn len(path: &Path) -> u64 {
    tokio::fs::metadata(path).await.map_or(0, |metadata| metadata.len())
}

/// Asks for what is behind the bytes that are there (RFC 9110 §14.2).
pub(crate) fn ask_from(request: RequestBuilder, len: u64) -> RequestBuilder {
    if len == 0 { request } else { request.header(RANGE, format!("bytes={len}-")) }
}

/// Opens the file for an answer to a request that asked for what is behind `len` bytes. A server
/// that sends everything instead is taken at its word.
pub(crate) async fn open(
    path: &Path,
    len: u64,
    response: &ClientResponse,
) -> Result<Opened, Failure> {
    let range = response.header(CONTENT_RANGE).unwrap_or_default();
    let (range, total) = range.strip_prefix("bytes ").unwrap_or(range).split_once('/').unzip();
    let total: Option<u64> = total.and_then(|total| total.parse().ok());
    let start: Option<u64> =
        range.and_then(|range| range.split_once('-')).and_then(|(start, _)| start.parse().ok());
    // RFC 9110 §15.5.17: there is nothing behind the end.
    if len > 0 && response.status() == 416 && total == Some(len) {
        return Ok(Opened::Complete(len));
    }
    let at = match response.status().as_u16() {
        206 if start == Some(len) => len,
        206 => {
            let shown = path.display();
            return Err(Failure::broken(format!("{shown}: the server sent another part")));
        }
        _ => 0,
    };
    let failed = |error| Failure::local(path.display(), error);
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(path).await;
    let mut file = options.map_err(failed)?;
    file.set_len(at).await.map_err(failed)?;
    file.seek(SeekFrom::End(0)).await.map_err(failed)?;
    Ok(Opened::At(file, at))
}

#[cfg(test)]
mod tests {
    use super::remote_name;

    #[test]
    fn a_name_is_the_last_part_of_a_path() {
        for (url, name) in [
            ("http://host/a/b.txt", Some("b.txt")),
            ("http://host/b.txt?c=/d#e/f", Some("b.txt")),
            ("http://host/a/", None),
            ("http://host", None),
            ("http://host/a/..", None),
            ("http://host/a\\b", None),
        ] {
            assert_eq!(remote_name(url), name, "{url}");
        }
    }
}
