//! What a server asks for in `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 7616 §3.3).

/// One challenge: its scheme, and its parameters by their names in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    fn param(&self, name: &str) -> Option<&str> {
        let param = self.params.iter().find(|(key, _)| key == name);
        param.map(|(_, value)| value.as_str())
    }
}

/// How digests are computed, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha512_256,
    Sha256,
}

/// A challenge that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DigestChallenge {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    pub(super) hash: Hash,
    /// The name of the algorithm, as the server wrote it.
    pub(super) algorithm: Option<String>,
    /// Whether the digest of user and password is made once per nonce.
    pub(super) is_session: bool,
    /// Whether the server takes `qop=auth`; without, it is one of RFC 2069.
    pub(super) has_qop: bool,
    /// Whether the name of the user goes out as a digest.
    pub(super) hides_user: bool,
    /// Whether the last answer was right, but its nonce too old.
    pub(super) is_stale: bool,
}

/// The strongest challenge that can be answered.
pub(super) fn digest_challenge<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Option<DigestChallenge> {
    let all = values.flat_map(challenges).filter_map(|challenge| understand(&challenge));
    all.reduce(|best, next| if next.hash > best.hash { next } else { best })
}

fn understand(challenge: &Challenge) -> Option<DigestChallenge> {
    if !challenge.scheme.eq_ignore_ascii_case("digest") {
        return None;
    }
    let algorithm = challenge.param("algorithm");
    let upper = algorithm.unwrap_or("MD5").to_ascii_uppercase();
    let (name, is_session) = match upper.strip_suffix("-SESS") {
        Some(name) => (name, true),
        None => (upper.as_str(), false),
    };
    let hash = match name {
        "MD5" => Hash::Md5,
        "SHA-256" => Hash::Sha256,
        "SHA-512-256" => Hash::Sha512_256,
        _ => return None,
    };
    let has_qop = match challenge.param("qop") {
        None => false,
        Some(qop) if qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) => true,
        // `auth-int` alone: the body would have to be read before it is sent.
        Some(_) => return None,
    };
    let says = |name| challenge.param(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    Some(DigestChallenge {
        realm: challenge.param("realm")?.to_owned(),
        nonce: challenge.param("nonce")?.to_owned(),
        opaque: challenge.param("opaque").map(str::to_owned),
        hash,
        algorithm: algorithm.map(str::to_owned),
        is_session,
        has_qop,
        hides_user: says("userhash"),
        is_stale: says("stale"),
    })
}

/// The challenges of one header value. Commas part both challenges and their parameters, so that a
/// name is a parameter's if a `=` follows, and a scheme's if not. What is malformed is left out.
fn challenges(value: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            // Neither a scheme nor a parameter: what follows cannot be told apart.
            return challenges;
        }
        let value = after.trim_start_matches([' ', '\t']).strip_prefix('=');
        match (value.map(|value| value.trim_start_matches([' ', '\t'])), challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let Some((text, left)) = param_value(value) else { return challenges };
                challenge.params.push((name.to_ascii_lowercase(), text));
                rest = left;
            }
            (Some(_), None) => return challenges,
            (None, _) => {
                challenges.push(Challenge { scheme: name.to_owned(), params: Vec::new() });
                rest = after;
            }
        }
    }
}

/// A token or a quoted string, and what follows it.
fn param_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}
