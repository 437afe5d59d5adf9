//! The answer to a challenge (RFC 7616 §3.4).

use super::challenge::{DigestChallenge, Hash};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::digest::Digest;
use sha2::{Sha256, Sha512_256};
use std::fmt::Write;

/// What is encoded in an extended value (RFC 8187 §3.2.1).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What goes into an answer, beside the challenge.
pub(super) struct Answer<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) method: &'a str,
    /// Path and query, as in the request line.
    pub(super) uri: &'a str,
    pub(super) cnonce: &'a str,
    pub(super) count: u32,
}

/// The value of `Authorization`.
pub(super) fn response(challenge: &DigestChallenge, answer: &Answer<'_>) -> String {
    let Answer { user, uri, cnonce, count, .. } = *answer;
    let DigestChallenge { realm, nonce, hash, .. } = challenge;
    let mut value = String::from("Digest ");
    if challenge.hides_user {
        quoted(&mut value, "username", &digest(*hash, &format!("{user}:{realm}")));
    } else if user.is_ascii() {
        quoted(&mut value, "username", user);
    } else {
        let user = utf8_percent_encode(user, EXTENDED);
        let _ = write!(value, "username*=UTF-8''{user}");
    }
    for (name, text) in [("realm", realm.as_str()), ("uri", uri), ("nonce", nonce)] {
        value.push_str(", ");
        quoted(&mut value, name, text);
    }
    if let Some(algorithm) = &challenge.algorithm {
        let _ = write!(value, ", algorithm={algorithm}");
    }
    if challenge.has_qop || challenge.is_session {
        value.push_str(", ");
        quoted(&mut value, "cnonce", cnonce);
    }
    if challenge.has_qop {
        let _ = write!(value, ", nc={count:08x}, qop=auth");
    }
    value.push_str(", ");
    quoted(&mut value, "response", &proof(challenge, answer));
    if let Some(opaque) = &challenge.opaque {
        value.push_str(", ");
        quoted(&mut value, "opaque", opaque);
    }
    if challenge.hides_user {
        value.push_str(", userhash=true");
    }
    value
}

/// RFC 7616 §3.4.1 to §3.4.3.
fn proof(challenge: &DigestChallenge, answer: &Answer<'_>) -> String {
    let Answer { user, password, method, uri, cnonce, count } = *answer;
    let DigestChallenge { realm, nonce, hash, .. } = challenge;
    let mut secret = digest(*hash, &format!("{user}:{realm}:{password}"));
    if challenge.is_session {
        secret = digest(*hash, &format!("{secret}:{nonce}:{cnonce}"));
    }
    let request = digest(*hash, &format!("{method}:{uri}"));
    let text = match challenge.has_qop {
        true => format!("{secret}:{nonce}:{count:08x}:{cnonce}:auth:{request}"),
        // RFC 2069, which has no qop.
        false => format!("{secret}:{nonce}:{request}"),
    };
    digest(*hash, &text)
}

fn digest(hash: Hash, text: &str) -> String {
    match hash {
        Hash::Md5 => hex(&Md5::digest(text)),
        Hash::Sha256 => hex(&Sha256::digest(text)),
        Hash::Sha512_256 => hex(&Sha512_256::digest(text)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn quoted(value: &mut String, name: &str, text: &str) {
    value.push_str(name);
    value.push_str("=\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::challenge::digest_challenge;
    use super::*;

    #[track_caller]
    fn check(challenge: &str, answer: &Answer<'_>, expected: &str) {
        let challenge = digest_challenge([challenge].into_iter()).expect("it can be answered");
        assert_eq!(proof(&challenge, answer), expected);
    }

    /// The examples of RFC 7616 §3.9.1.
    #[test]
    fn the_examples_of_the_rfc_are_answered_as_it_says() {
        let answer = Answer {
            user: "Mufasa",
            password: "Circle of Life",
            method: "GET",
            uri: "/dir/index.html",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            count: 1,
        };
        let challenge = |algorithm| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        check(&challenge("MD5"), &answer, "8ca523f5e9506fed4657c9700eebdbec");
        let sha = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        check(&challenge("SHA-256"), &answer, sha);
    }

    #[test]
    fn the_strongest_challenge_wins_and_the_unknown_are_passed_over() {
        let values = [
            "Basic realm=\"a\", Digest realm=\"b\", nonce=\"1\", algorithm=MD5",
            "Digest realm=\"c, \\\"d\\\"\", nonce=2, algorithm=SHA-256, qop=auth",
            "Digest realm=\"e\", nonce=3, algorithm=SHA-3, Digest realm=f, nonce=4, qop=auth-int",
        ];
        let challenge = digest_challenge(values.into_iter()).expect("two can be answered");
        assert_eq!((challenge.realm.as_str(), challenge.nonce.as_str()), ("c, \"d\"", "2"));
        for broken in ["", ",", "Digest", "Digest realm=x", "realm=x", "Digest realm=\"x", "= ="] {
            assert_eq!(digest_challenge([broken].into_iter()), None, "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(value: String, params in "(Digest )?([a-z]{0,3}[=\", \\\\]{0,3}){0,20}") {
            digest_challenge([value.as_str(), params.as_str()].into_iter());
        }
    }
}
