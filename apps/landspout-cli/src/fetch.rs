//! Fetches all URLs, some at a time.

use crate::arguments::FetchArguments;
use crate::destination::{self, Destination, Opened};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::request::Template;
use crate::settings;
use crate::table::{Row, table};
use futures_util::stream::{self, StreamExt};
use landspout_client::{Client, ClientResponse, FetchError};
use std::fmt::Write;
use std::path::Path;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What all fetches have in common.
struct Fetcher<'a> {
    arguments: &'a FetchArguments,
    template: Template<'a>,
    client: Client,
    progress: Progress,
}

/// A fetch whose head has come.
enum Begun {
    /// The body is still to be printed, in its turn.
    Unread(Box<ClientResponse>),
    Done(Row),
    Failed(Failure, Row),
}

/// Fetches all URLs; the exit code is that of the first one that failed.
pub(crate) async fn run(arguments: &FetchArguments) -> Result<i32, Failure> {
    let urls: Vec<String> =
        arguments.urls.iter().map(|url| settings::with_scheme(url, "http")).collect();
    let destinations = Destination::of_all(arguments, &urls)?;
    let fetcher = Fetcher {
        arguments,
        template: Template::new(arguments).await?,
        client: Client::with_config(settings::config(&arguments.way)),
        progress: Progress::new(arguments.silent),
    };
    let jobs = urls.iter().zip(&destinations);
    let fetches = jobs.map(|(url, destination)| fetcher.begin(url, destination));
    // They run side by side and are finished in order, so that what is printed is in order too.
    let mut begun = stream::iter(fetches).buffered(arguments.parallel);
    let (mut rows, mut code) = (Vec::new(), 0);
    while let Some(fetch) = begun.next().await {
        let fetch = match fetch? {
            Begun::Unread(response) => fetcher.print(*response).await?,
            fetch => fetch,
        };
        let row = match fetch {
            Begun::Failed(failure, row) => {
                let own = if arguments.silent { failure.code } else { failure.tell() };
                code = if code == 0 { own } else { code };
                Some(row)
            }
            Begun::Done(row) => Some(row),
            Begun::Unread(_) => None,
        };
        rows.extend(row);
    }
    if arguments.timings {
        eprint!("{}", table(&rows));
    }
    Ok(code)
}

impl Fetcher<'_> {
    /// Sends the request, and saves the body if it goes to a file. An error is one of all fetches.
    async fn begin(&self, url: &str, destination: &Destination) -> Result<Begun, Failure> {
        let mut request = self.template.request(&self.client, url)?;
        let mut len = 0;
        if let (Destination::File(path), true) = (destination, self.arguments.resume) {
            len = destination::len(path).await;
            request = destination::ask_from(request, len);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(failed(url, error)),
        };
        let status = response.status();
        if self.arguments.fail && status.as_u16() >= 400 && !(len > 0 && status == 416) {
            let failure = Failure::status(response.url(), status);
            return Ok(Begun::Failed(failure, row(&response, 0)));
        }
        match destination {
            Destination::Stdout => Ok(Begun::Unread(Box::new(response))),
            Destination::File(path) => self.save(path, len, response).await,
        }
    }

    async fn save(
        &self,
        path: &Path,
        len: u64,
        mut response: ClientResponse,
    ) -> Result<Begun, Failure> {
        let (mut file, at) = match destination::open(path, len, &response).await {
            Ok(Opened::At(file, at)) => (file, at),
            Ok(Opened::Complete(len)) => return Ok(Begun::Done(row(&response, len))),
            Err(failure) => return Ok(Begun::Failed(failure, row(&response, 0))),
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let bar = self.progress.bar(name, at, response.body_len());
        let copied = copy(&mut response, &mut file, |bytes| bar.inc(bytes)).await;
        bar.finish();
        let at_path = |failure: Copied| match failure {
            Copied::Read(error) => Failure::from(error),
            Copied::Write(error) => Failure::local(path.display(), error),
        };
        Ok(match copied {
            Ok(bytes) => Begun::Done(row(&response, bytes)),
            Err(failure) => Begun::Failed(at_path(failure), row(&response, 0)),
        })
    }

    /// Prints head and body, as far as they are wanted.
    async fn print(&self, mut response: ClientResponse) -> Result<Begun, Failure> {
        let mut stdout = tokio::io::stdout();
        let unwritable = |error| Failure::local("the standard output", error);
        if self.arguments.include || self.arguments.head {
            stdout.write_all(head(&response).as_bytes()).await.map_err(unwritable)?;
        }
        match copy(&mut response, &mut stdout, |_| {}).await {
            Ok(bytes) => Ok(Begun::Done(row(&response, bytes))),
            Err(Copied::Read(error)) => Ok(Begun::Failed(error.into(), row(&response, 0))),
            Err(Copied::Write(error)) => Err(unwritable(error)),
        }
    }
}

/// Why a body was not copied to its end.
enum Copied {
    Read(FetchError),
    Write(std::io::Error),
}

/// Copies the body as it comes; says how long it was.
async fn copy(
    response: &mut ClientResponse,
    out: &mut (impl AsyncWrite + Unpin),
    progress: impl Fn(u64),
) -> Result<u64, Copied> {
    let mut total = 0;
    while let Some(piece) = response.chunk().await.map_err(Copied::Read)? {
        out.write_all(&piece).await.map_err(Copied::Write)?;
        total += piece.len() as u64;
        progress(piece.len() as u64);
    }
    out.flush().await.map_err(Copied::Write)?;
    Ok(total)
}

/// The head of an answer as text, with the empty line behind it.
fn head(response: &ClientResponse) -> String {
    let mut head = format!("{:?} {}\n", response.version(), response.status());
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        writeln!(head, "{name}: {value}").expect("a String can be written to");
    }
    head.push('\n');
    head
}

fn row(response: &ClientResponse, bytes: u64) -> Row {
    let outcome = response.status().as_str().to_owned();
    Row { url: response.url().to_owned(), outcome, bytes, timings: response.timings() }
}

fn failed(url: &str, error: FetchError) -> Begun {
    let (url, timings) = (error.url().unwrap_or(url), error.timings());
    let url = settings::without_credentials(url);
    let row = Row { url: url.clone(), outcome: "failed".to_owned(), bytes: 0, timings };
    // A URL that is none is not in the error.
    let failure = match error.url() {
        Some(_) => error.into(),
        None => Failure::from(error).of(&url),
    };
    Begun::Failed(failure, row)
}
