//! The request that the command line describes.

use crate::arguments::FetchArguments;
use crate::failure::Failure;
use crate::settings;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use landspout_client::{Client, HttpVersion, RequestBuilder, RetryConfig};
use tokio::io::AsyncReadExt;

/// What is the same in the requests to all URLs.
#[derive(Debug)]
pub(crate) struct Template<'a> {
    arguments: &'a FetchArguments,
    method: Method,
    body: Option<Vec<u8>>,
}

impl<'a> Template<'a> {
    /// Reads what the command line refers to.
    pub(crate) async fn new(arguments: &'a FetchArguments) -> Result<Template<'a>, Failure> {
        let body = body(arguments).await?;
        let method = match &arguments.request {
            Some(method) => method
                .parse()
                .map_err(|_| Failure::usage(format!("`{method}` cannot be a method")))?,
            None if arguments.head => Method::HEAD,
            None if body.is_some() => Method::POST,
            None => Method::GET,
        };
        Ok(Template { arguments, method, body })
    }

    /// The request to one URL.
    pub(crate) fn request(&self, client: &Client, url: &str) -> Result<RequestBuilder, Failure> {
        let FetchArguments { json, no_location, max_redirs, retry, http1, http2, way, .. } =
            self.arguments;
        let mut request = client.request(self.method.clone(), url);
        if let Some(body) = &self.body {
            let content_type = match json {
                Some(_) => "application/json",
                None => "application/x-www-form-urlencoded",
            };
            request = request.header(CONTENT_TYPE, content_type).body(body.clone());
        }
        if json.is_some() {
            request = request.header(ACCEPT, "application/json");
        }
        request = request.max_redirects(if *no_location { 0 } else { *max_redirs });
        if *retry > 0 {
            request = request.retry(RetryConfig::default().max_retries(*retry));
        }
        if *http2 {
            request = request.http_version(HttpVersion::Http2);
        } else if *http1 {
            request = request.http_version(HttpVersion::Http1);
        }
        settings::add_way(request, way)
    }
}

async fn body(arguments: &FetchArguments) -> Result<Option<Vec<u8>>, Failure> {
    let mut parts = arguments.data.iter().chain(&arguments.json);
    let Some(first) = parts.next() else { return Ok(None) };
    let mut body = read(first).await?;
    for part in parts {
        body.push(b'&');
        body.extend(read(part).await?);
    }
    Ok(Some(body))
}

/// The data itself, or what it refers to by an `@`.
async fn read(data: &str) -> Result<Vec<u8>, Failure> {
    match data.strip_prefix('@') {
        None => Ok(data.as_bytes().to_vec()),
        Some("-") => {
            let mut bytes = Vec::new();
            let read = tokio::io::stdin().read_to_end(&mut bytes).await;
            read.map_err(|error| Failure::local("the standard input", error))?;
            Ok(bytes)
        }
        Some(path) => tokio::fs::read(path).await.map_err(|error| Failure::local(path, error)),
    }
}
