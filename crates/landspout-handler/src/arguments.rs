//! Typed arguments of a request, with errors that are answers.

use crate::{Error, Request, path};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// More arguments than this in one query or form are refused: parsing many small ones costs far
/// more than their bytes (Tornado's GHSA-mpf4-983q-p7j4).
const MAX_ARGUMENTS: usize = 1000;

/// Arguments.
impl Request {
    /// The parameters of the path, percent-decoded, as any type that serde can read from them: one
    /// value, a tuple in the order of the pattern, or a struct or map by name.
    ///
    /// # Errors
    /// 400: a parameter does not read as its type, or is not UTF-8 when decoded. 500: the pattern
    /// has another number of parameters than the type.
    ///
    /// ```
    /// use landspout_handler::{Request, Route};
    /// use std::sync::Arc;
    ///
    /// let route = Route { pattern: "/story/{id}".into(), names: ["id".into()].into() };
    /// let mut request = Request::get("/story/12");
    /// request.set_route(Arc::new(route), [7..9]);
    ///
    /// let (id,): (u64,) = request.path()?;
    /// assert_eq!(id, 12);
    /// let error = request.path::<bool>().unwrap_err();
    /// assert_eq!(error.status(), 400);
    /// assert_eq!(error.message(), "path: `id` must be true or false, and is \"12\"");
    /// # Ok::<(), landspout_handler::Error>(())
    /// ```
    pub fn path<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match self.parameters() {
            Some(parameters) => path::deserialize(parameters),
            None => path::deserialize(std::iter::empty()),
        }
    }

    /// The query, as a struct or map by name. A name that comes several times fills a `Vec`.
    ///
    /// # Errors
    /// 400: a value is missing or does not read as its type, or there are over 1000.
    ///
    /// ```
    /// use landspout_handler::Request;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Search { q: String, #[serde(default)] tag: Vec<String>, page: Option<u32> }
    ///
    /// let search: Search = Request::get("/?q=rain+or+shine&tag=a&tag=b").query()?;
    /// assert_eq!(search.q, "rain or shine");
    /// assert_eq!(search.tag, ["a", "b"]);
    /// assert_eq!(search.page, None);
    /// # Ok::<(), landspout_handler::Error>(())
    /// ```
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let query = self.uri().query().unwrap_or_default();
        check_count(query.as_bytes(), "query")?;
        serde_html_form::from_str(query)
            .map_err(|error| bad("query", StatusCode::BAD_REQUEST, &error))
    }

    /// One value of the query; the last one, where its name comes several times.
    pub fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        let query = self.uri().query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }

    /// The body as JSON (RFC 8259).
    ///
    /// # Errors
    /// 415: the content type is not `application/json` or `…+json`. 413: the body is over its
    /// limit. 408: it came too slowly. 400: it is not JSON. 422: it is, but not of this type.
    ///
    /// # Cancel safety
    /// Not safe: what was read of the body is lost.
    ///
    /// ```
    /// use landspout_handler::Request;
    /// use http::header::CONTENT_TYPE;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut request = Request::post("/")
    ///     .with_header(CONTENT_TYPE, "application/json".parse()?)
    ///     .with_body("[1, 2, 3]");
    /// assert_eq!(request.json::<Vec<u8>>().await?, [1, 2, 3]);
    /// # Ok::<(), landspout_handler::Error>(()) }).unwrap();
    /// ```
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        self.check_content_type("application/json", |essence| {
            essence == "application/json" || essence.ends_with("+json")
        })?;
        let bytes = std::mem::take(self.body_mut()).bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let status = match error.classify() {
                serde_json::error::Category::Data => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::BAD_REQUEST,
            };
            bad("JSON body", status, &error)
        })
    }

    /// The body as a form (`application/x-www-form-urlencoded`), as a struct or map by name.
    ///
    /// # Errors
    /// 415: the content type is another. 413: the body is over its limit. 408: it came too slowly.
    /// 400: there are over 1000 fields. 422: a field is missing or does not read as its type.
    ///
    /// # Cancel safety
    /// Not safe: what was read of the body is lost.
    pub async fn form<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        const FORM: &str = "application/x-www-form-urlencoded";
        self.check_content_type(FORM, |essence| essence == FORM)?;
        let bytes = std::mem::take(self.body_mut()).bytes().await?;
        check_count(&bytes, "form")?;
        serde_html_form::from_bytes(&bytes)
            .map_err(|error| bad("form", StatusCode::UNPROCESSABLE_ENTITY, &error))
    }

    /// The body as text.
    ///
    /// # Errors
    /// 413: the body is over its limit. 408: it came too slowly. 400: it is not UTF-8, or broke
    /// off.
    ///
    /// # Cancel safety
    /// Not safe: what was read of the body is lost.
    pub async fn text(&mut self) -> Result<String, Error> {
        Ok(std::mem::take(self.body_mut()).text().await?)
    }

    fn check_content_type(&self, wanted: &str, fits: fn(&str) -> bool) -> Result<(), Error> {
        let given = self.header(CONTENT_TYPE).unwrap_or_default();
        // RFC 9110 §8.3.1: type and subtype are case-insensitive, parameters follow a semicolon.
        let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if fits(&essence) {
            return Ok(());
        }
        let message = match given {
            "" => format!("the content type must be {wanted}, and none is given"),
            given => format!("the content type must be {wanted}, and is {given:?}"),
        };
        Err(Error::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
    }
}

fn check_count(encoded: &[u8], place: &str) -> Result<(), Error> {
    let count = encoded.iter().filter(|&&byte| byte == b'&').count() + 1;
    if count > MAX_ARGUMENTS {
        let message = format!("{place}: there are over {MAX_ARGUMENTS} arguments");
        return Err(Error::with_status(StatusCode::BAD_REQUEST, message));
    }
    Ok(())
}

fn bad(place: &str, status: StatusCode, error: &dyn std::error::Error) -> Error {
    Error::with_status(status, format!("{place}: {error}"))
}
