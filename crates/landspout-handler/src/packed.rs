//! A request that waits, in one piece of memory and a few words.

use crate::Body;
use crate::place::{About, Content, Place, Whole};
use crate::spare::Head;
use bytes::{Buf, BufMut, Bytes};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};
use std::cell::{Cell, OnceCell};
use std::mem::take;
use std::ops::Range;

/// A request that may not be looked at again.
///
/// A map takes a hundred bytes for each header, beside what stands in it. Here they stand one behind
/// the other. At the first look they are put into a map again, and are kept there.
pub(crate) struct Packed {
    about: About,
    version: Version,
    /// Where the path stands in the text.
    path: Range<u16>,
    text: Box<[u8]>,
    /// What is no text, if there is some, until it is unpacked.
    rest: Cell<Option<Box<Rest>>>,
    unpacked: OnceCell<Box<Content>>,
}

struct Rest {
    extensions: Extensions,
    body: Body,
}

/// Marks the length of a value that is not to be shown.
const SENSITIVE: u8 = 1 << 7;

/// Marks a name that stands in [`NAMES`]: the other bits say where.
const KNOWN: u8 = 1 << 7;

/// Names that handshakes and browsers send, which take one byte each.
static NAMES: [HeaderName; 24] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::FORWARDED,
    header::HOST,
    header::ORIGIN,
    header::PRAGMA,
    header::REFERER,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
    header::USER_AGENT,
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-forwarded-for"),
];

/// In place of a length that does not fit: four bytes with the length follow.
const LONG: u8 = SENSITIVE - 1;

impl Packed {
    /// Takes what a request consists of; nothing if there is no text for it.
    pub(crate) fn of(whole: &mut Whole) -> Option<Packed> {
        let Whole { content: Content { head, body }, about } = whole;
        let target = head.uri.to_string();
        target.parse::<Uri>().ok()?;
        let query = head.uri.query().map_or(0, |query| query.len() + 1);
        let target_at = if target.len() < LONG.into() { 1 } else { 5 };
        let path_end = target_at + target.len() - query;
        let path_start = path_end - head.uri.path().len();
        let path = u16::try_from(path_start).ok()?..u16::try_from(path_end).ok()?;
        let rest = (!head.extensions.is_empty() || !body.is_empty())
            .then(|| Box::new(Rest { extensions: take(&mut head.extensions), body: take(body) }));
        Some(Packed {
            about: take(about),
            version: head.version,
            path,
            text: write(&target, &head.method, &head.headers),
            rest: Cell::new(rest),
            unpacked: OnceCell::new(),
        })
    }

    pub(crate) fn about(&self) -> &About {
        &self.about
    }

    pub(crate) fn about_mut(&mut self) -> &mut About {
        &mut self.about
    }

    pub(crate) fn path(&self) -> &str {
        let path = &self.text[self.path.start.into()..self.path.end.into()];
        str::from_utf8(path).expect("a target is ASCII")
    }

    #[cold]
    pub(crate) fn content(&self) -> &Content {
        self.unpacked.get_or_init(|| Box::new(self.read()))
    }

    #[cold]
    pub(crate) fn unpack(&mut self) -> Place {
        let content = match self.unpacked.take() {
            Some(content) => *content,
            None => self.read(),
        };
        Place::Whole(Box::new(Whole { content, about: take(&mut self.about) }))
    }

    fn read(&self) -> Content {
        let mut head = http::Request::new(()).into_parts().0;
        (head.uri, head.method, head.headers) = read(Bytes::copy_from_slice(&self.text));
        head.version = self.version;
        let mut body = Body::empty();
        if let Some(rest) = self.rest.take() {
            head.extensions = rest.extensions;
            body = rest.body;
        }
        Content { head: Head::new(head), body }
    }
}

/// Behind each other, each behind its length: target, method, and the name and the value of each
/// header; of a name that is known its number alone.
fn write(target: &str, method: &Method, headers: &HeaderMap) -> Box<[u8]> {
    let mut text = Vec::new();
    put(&mut text, target.as_bytes(), 0);
    put(&mut text, method.as_str().as_bytes(), 0);
    for (name, value) in headers {
        match NAMES.iter().position(|known| known == name) {
            Some(at) => text.put_u8(KNOWN | at as u8),
            None => put(&mut text, name.as_str().as_bytes(), 0),
        }
        let mark = if value.is_sensitive() { SENSITIVE } else { 0 };
        put(&mut text, value.as_bytes(), mark);
    }
    text.into_boxed_slice()
}

fn put(text: &mut Vec<u8>, piece: &[u8], mark: u8) {
    match u8::try_from(piece.len()) {
        Ok(len) if len < LONG => text.put_u8(len | mark),
        _ => {
            text.put_u8(LONG | mark);
            text.put_u32_ne(u32::try_from(piece.len()).expect("heads are far from 4 GiB"));
        }
    }
    text.extend_from_slice(piece);
}

fn read(mut text: Bytes) -> (Uri, Method, HeaderMap) {
    let (target, _) = get(&mut text);
    let uri = Uri::from_maybe_shared(target).expect("it was tried when it was packed");
    let (method, _) = get(&mut text);
    let method = Method::from_bytes(&method).expect("this was a method");
    let mut headers = HeaderMap::new();
    while text.has_remaining() {
        let name = read_name(&mut text);
        let (value, mark) = get(&mut text);
        let mut value = HeaderValue::from_maybe_shared(value).expect("this was a value");
        value.set_sensitive(mark != 0);
        headers.append(name, value);
    }
    (uri, method, headers)
}

fn read_name(text: &mut Bytes) -> HeaderName {
    let known = text[0] & KNOWN != 0;
    if known {
        return NAMES[usize::from(text.get_u8() & !KNOWN)].clone();
    }
    HeaderName::from_bytes(&get(text).0).expect("this was a name")
}

fn get(text: &mut Bytes) -> (Bytes, u8) {
    let first = text.get_u8();
    let len = match first & !SENSITIVE {
        LONG => text.get_u32_ne(),
        len => len.into(),
    };
    (text.split_to(len as usize), first & SENSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, Route};
    use std::sync::Arc;

    fn is_packed(request: &Request) -> bool {
        matches!(request.0, Place::Packed(_))
    }

    fn value(bytes: &Bytes, at: Range<usize>) -> HeaderValue {
        HeaderValue::from_maybe_shared(bytes.slice(at)).unwrap()
    }

    /// A request whose text is in this buffer, as that of a client is.
    fn read_from(buffer: &Bytes) -> Request {
        let mut request = Request::default();
        request.set_uri(Uri::from_maybe_shared(buffer.slice(..14)).unwrap());
        request.headers_mut().append("x-many", value(buffer, 15..18));
        request.headers_mut().append("x-many", value(buffer, 19..22));
        let mut secret = value(buffer, 23..29);
        secret.set_sensitive(true);
        request.headers_mut().append("cookie", secret);
        let route = Route { pattern: "/{name}".into(), names: ["name".into()].into() };
        request.set_route(Arc::new(route), std::iter::once(1..5));
        *request.method_mut() = Method::PUT;
        request
    }

    #[test]
    fn nothing_of_the_buffer_is_kept_and_nothing_is_lost() {
        let buffer = Bytes::from(b"/room?name=den one two secret".to_vec());
        let mut request = read_from(&buffer);
        request.extensions_mut().insert(7);
        *request.body_mut() = Body::from("once");
        assert!(!buffer.is_unique());

        request.shrink_to_fit();
        assert!(buffer.is_unique());
        assert_eq!(request.uri(), "/room?name=den");
        assert_eq!(request.method(), Method::PUT);
        let many: Vec<_> = request.headers().get_all("x-many").iter().collect();
        assert_eq!(many, ["one", "two"]);
        assert_eq!(request.header("cookie"), Some("secret"));
        assert!(request.headers()["cookie"].is_sensitive());
        assert!(!request.headers()["x-many"].is_sensitive());
        assert_eq!(request.extensions().get(), Some(&7));
        assert_eq!(request.body().len(), Some(4));
        // And again, after a look.
        request.shrink_to_fit();
        assert_eq!(request.extensions().get(), Some(&7));
        assert_eq!(request.into_body().len(), Some(4));
    }

    #[test]
    fn what_is_no_text_is_there_without_unpacking() {
        let mut request = read_from(&Bytes::from(b"/room?name=den one two secret".to_vec()));
        request.shrink_to_fit();
        assert_eq!(request.path::<String>().unwrap(), "room");
        assert_eq!(&*request.route().unwrap().pattern, "/{name}");
        assert!(is_packed(&request));
        assert_eq!(request.method(), Method::PUT);
        request.headers_mut().remove("x-many");
        assert!(!is_packed(&request));
        assert_eq!(request.path::<String>().unwrap(), "room");
        assert_eq!(request.headers().len(), 1);
    }

    #[test]
    fn a_name_is_there_again_whether_it_is_known_or_not() {
        let names = NAMES.iter().cloned().chain([HeaderName::from_static("x-unknown")]);
        let mut request = names.fold(Request::get("/"), |request, name| {
            let value = HeaderValue::from_name(name.clone());
            request.with_header(name, value)
        });
        let before = request.headers().clone();
        request.shrink_to_fit();
        assert!(is_packed(&request));
        assert_eq!(request.headers().len(), NAMES.len() + 1);
        assert_eq!(*request.headers(), before);
    }

    #[test]
    fn a_value_of_any_length_is_there_again() {
        for len in [0, 1, 126, 127, 128, 255, 256, 70_000] {
            let value = HeaderValue::from_bytes(&vec![b'v'; len]).unwrap();
            let mut request = Request::get("/").with_header(http::header::COOKIE, value.clone());
            request.shrink_to_fit();
            assert_eq!(request.headers()["cookie"], value, "{len}");
        }
    }

    #[test]
    fn each_form_of_a_target_reads_the_same() {
        let long = ["/long".repeat(100), "?query".to_owned()].concat();
        for target in [
            &*long,
            "/",
            "*",
            "/a?",
            "/a/b?c=d",
            "example.com:80",
            "http://example.com/?q",
            "/%C3%A9",
        ] {
            let mut request = Request::get(target);
            let path = request.uri().path().to_owned();
            let before = request.uri().clone();
            request.shrink_to_fit();
            assert!(is_packed(&request), "{target}");
            assert_eq!(request.0.path(), path, "{target}");
            assert_eq!(*request.uri(), before, "{target}");
        }
    }
}
