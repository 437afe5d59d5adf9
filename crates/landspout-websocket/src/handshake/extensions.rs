//! The header field `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use http::HeaderValue;
use http::header::{HeaderMap, SEC_WEBSOCKET_EXTENSIONS};

/// One extension of the list, with its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) params: Vec<(String, Option<String>)>,
}

/// The list, over all lines of the header; `None` if it is malformed.
pub(crate) fn read(headers: &HeaderMap) -> Option<Vec<Extension>> {
    let mut list = Vec::new();
    for line in headers.get_all(SEC_WEBSOCKET_EXTENSIONS) {
        let mut rest = Rest(line.to_str().ok()?.trim_matches(is_space));
        loop {
            list.push(rest.extension()?);
            match rest.0.as_bytes() {
                [] => break,
                [b',', ..] => rest.skip(1),
                _ => return None,
            }
        }
    }
    Some(list)
}

/// The members of a comma-separated list, over all lines of a header; `None` if one of them is
/// no token.
pub(crate) fn tokens<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Option<Vec<&'a str>> {
    let mut tokens = Vec::new();
    for line in lines {
        for token in line.to_str().ok()?.split(',') {
            let token = token.trim_matches(is_space);
            if token.is_empty() || !token.bytes().all(is_token) {
                return None;
            }
            tokens.push(token);
        }
    }
    Some(tokens)
}

/// What has not been read of a line.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn skip(&mut self, bytes: usize) {
        self.0 = self.0[bytes..].trim_start_matches(is_space);
    }

    /// A name with its parameters, up to the next comma.
    fn extension(&mut self) -> Option<Extension> {
        let name = self.token()?;
        let mut params = Vec::new();
        while self.0.starts_with(';') {
            self.skip(1);
            let name = self.token()?;
            let value = if self.0.starts_with('=') {
                self.skip(1);
                Some(if self.0.starts_with('"') { self.quoted()? } else { self.token()? })
            } else {
                None
            };
            params.push((name, value));
        }
        Some(Extension { name, params })
    }

    fn token(&mut self) -> Option<String> {
        let len = self.0.bytes().take_while(|byte| is_token(*byte)).count();
        let token = self.0[..len].to_owned();
        self.skip(len);
        (len > 0).then_some(token)
    }

    /// RFC 6455 §9.1: a quoted value must be a token once the quotes are gone.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut bytes = self.0.bytes().enumerate().skip(1);
        while let Some((at, byte)) = bytes.next() {
            let byte = match byte {
                b'"' => {
                    self.skip(at + 1);
                    return (!value.is_empty()).then_some(value);
                }
                b'\\' => bytes.next()?.1,
                byte => byte,
            };
            if !is_token(byte) {
                return None;
            }
            value.push(char::from(byte));
        }
        None
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
