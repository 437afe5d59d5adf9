//! An error's page as text, HTML or JSON.

use crate::{ErrorPage, PageFormat};
use http::HeaderValue;
use http::header::X_CONTENT_TYPE_OPTIONS;
use landspout_handler::Response;
use serde::Serialize;

pub(crate) fn response(page: &ErrorPage<'_>) -> Response {
    let response = match page.format {
        PageFormat::Text => Response::text(text(page)),
        PageFormat::Html => Response::html(html(page)),
        PageFormat::Json => Response::json(&Json::of(page)).expect("texts have a JSON form"),
    };
    // A message may repeat what the client sent: no browser is to guess that it is a page.
    response.with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

fn text(page: &ErrorPage<'_>) -> String {
    let mut text = format!("{}\n", page.message);
    for cause in &page.causes {
        text.push_str(&format!("caused by: {cause}\n"));
    }
    text
}

fn html(page: &ErrorPage<'_>) -> String {
    let title = format!("{} {}", page.status.as_u16(), page.reason());
    let mut body = format!("<h1>{title}</h1>\n");
    if page.message != page.reason() {
        body.push_str(&format!("<p>{}</p>\n", escape(page.message)));
    }
    for cause in &page.causes {
        body.push_str(&format!("<pre>caused by: {}</pre>\n", escape(cause)));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n{body}</html>\n"
    )
}

/// Makes text of what might be markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[derive(Serialize)]
struct Json<'a> {
    status: u16,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
}

impl Json<'_> {
    fn of<'a>(page: &'a ErrorPage<'_>) -> Json<'a> {
        Json {
            status: page.status.as_u16(),
            error: page.reason(),
            message: (page.message != page.reason()).then_some(page.message),
            causes: &page.causes,
        }
    }
}
