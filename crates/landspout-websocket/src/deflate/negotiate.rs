//! What the two sides say about compression in the handshake (RFC 7692 §7.1).

use super::contexts::Permit;
use super::pool::Settings;
use super::{DeflateConfig, Params};
use crate::config::Config;
use crate::handshake::extensions::Extension;

const NAME: &str = "permessage-deflate";
const SERVER_NO_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// The smallest window of the engine's compressor; what decompresses takes 8 as well.
const MIN_BITS: u8 = 9;
const MAX_BITS: u8 = 15;

/// The four parameters, as they stand in an offer or an answer.
#[derive(Default)]
struct Terms {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server_bits: Option<u8>,
    /// `Some(None)`: a client that lets the server choose.
    client_bits: Option<Option<u8>>,
}

impl Terms {
    /// Reads them; `None` if one is unknown, comes twice or has a value that it must not have.
    fn read(extension: &Extension) -> Option<Terms> {
        let mut terms = Terms::default();
        for (name, value) in &extension.params {
            let value = value.as_deref();
            let fresh = match name.as_str() {
                SERVER_NO_TAKEOVER if value.is_none() => {
                    !std::mem::replace(&mut terms.server_no_takeover, true)
                }
                CLIENT_NO_TAKEOVER if value.is_none() => {
                    !std::mem::replace(&mut terms.client_no_takeover, true)
                }
                SERVER_BITS => terms.server_bits.replace(read_bits(value?)?).is_none(),
                CLIENT_BITS => {
                    let bits = match value {
                        Some(value) => Some(read_bits(value)?),
                        None => None,
                    };
                    terms.client_bits.replace(bits).is_none()
                }
                _ => false,
            };
            if !fresh {
                return None;
            }
        }
        Some(terms)
    }
}

/// RFC 7692 §7.1.2: 8 to 15, without leading zeros.
fn read_bits(value: &str) -> Option<u8> {
    match value {
        "8" => Some(8),
        "9" => Some(9),
        "10" => Some(10),
        "11" => Some(11),
        "12" => Some(12),
        "13" => Some(13),
        "14" => Some(14),
        "15" => Some(15),
        _ => None,
    }
}

impl DeflateConfig {
    fn settings(&self, window_bits: u8) -> Settings {
        Settings {
            window_bits,
            level: self.level.clamp(1, 9),
            mem_level: self.mem_level.clamp(1, 9),
        }
    }

    fn own_bits(&self) -> u8 {
        self.window_bits.clamp(MIN_BITS, MAX_BITS)
    }

    fn peer_bits(&self) -> u8 {
        self.peer_window_bits.clamp(MIN_BITS, MAX_BITS)
    }
}

/// The server's answer to the first offer that it can accept, and what it comes to.
pub(crate) fn accept(config: &Config, offers: &[Extension]) -> Option<(Params, String)> {
    let config = config.deflate.as_ref()?;
    offers.iter().filter(|offer| offer.name == NAME).find_map(|offer| accept_one(config, offer))
}

fn accept_one(config: &DeflateConfig, offer: &Extension) -> Option<(Params, String)> {
    let terms = Terms::read(offer)?;
    let own_bits = terms.server_bits.unwrap_or(MAX_BITS).min(config.own_bits());
    if own_bits < MIN_BITS {
        return None;
    }
    let wanted = config.context_takeover && !(terms.server_no_takeover && terms.client_no_takeover);
    let permit = if wanted { Permit::acquire(config.max_contexts) } else { None };
    let own_takeover = permit.is_some() && !terms.server_no_takeover;
    let peer_takeover = permit.is_some() && !terms.client_no_takeover;

    let mut answer = NAME.to_owned();
    if !own_takeover {
        push_param(&mut answer, SERVER_NO_TAKEOVER);
    }
    if !peer_takeover {
        push_param(&mut answer, CLIENT_NO_TAKEOVER);
    }
    if terms.server_bits.is_some() || own_bits < MAX_BITS {
        push_bits(&mut answer, SERVER_BITS, own_bits);
    }
    // RFC 7692 §7.1.2.2: only a client that offers it takes an answer with it.
    let mut peer_bits = MAX_BITS;
    if let Some(offered) = terms.client_bits {
        peer_bits = offered.unwrap_or(MAX_BITS).min(config.peer_bits());
        if peer_bits < MAX_BITS {
            push_bits(&mut answer, CLIENT_BITS, peer_bits);
        }
    }
    let params = Params {
        own: Some(config.settings(own_bits)),
        own_takeover,
        peer_takeover: peer_takeover.then_some(peer_bits),
        threshold: config.threshold,
        permit,
    };
    Some((params, answer))
}

/// What a client offers.
pub(crate) fn offer(config: &Config) -> Option<String> {
    let config = config.deflate.as_ref()?;
    let mut offer = NAME.to_owned();
    if !config.context_takeover {
        push_param(&mut offer, SERVER_NO_TAKEOVER);
        push_param(&mut offer, CLIENT_NO_TAKEOVER);
    }
    if config.peer_bits() < MAX_BITS {
        push_bits(&mut offer, SERVER_BITS, config.peer_bits());
    }
    push_param(&mut offer, CLIENT_BITS);
    Some(offer)
}

/// What the server's answer to [`offer`] comes to; `None` if it is no answer to it.
pub(crate) fn confirm(config: &Config, answer: &Extension) -> Option<Params> {
    let config = config.deflate.as_ref()?;
    let terms = Terms::read(answer).filter(|_| answer.name == NAME)?;
    // RFC 7692 §7.1.1.1 and §7.1.2.1: a server that accepts an offer with these says them too.
    let peer_bits = terms.server_bits.unwrap_or(MAX_BITS);
    if (!config.context_takeover && !terms.server_no_takeover) || peer_bits > config.peer_bits() {
        return None;
    }
    let own_bits = match terms.client_bits {
        Some(Some(bits)) => bits.min(config.own_bits()),
        Some(None) => return None,
        None => config.own_bits(),
    };
    let wanted = config.context_takeover && !(terms.server_no_takeover && terms.client_no_takeover);
    let permit = if wanted { Permit::acquire(config.max_contexts) } else { None };
    Some(Params {
        own: (own_bits >= MIN_BITS).then(|| config.settings(own_bits)),
        own_takeover: permit.is_some() && !terms.client_no_takeover,
        // The server decides about its own context: the budget cannot refuse it any more.
        peer_takeover: (!terms.server_no_takeover).then_some(peer_bits),
        threshold: config.threshold,
        permit,
    })
}

fn push_param(list: &mut String, name: &str) {
    list.push_str("; ");
    list.push_str(name);
}

fn push_bits(list: &mut String, name: &str, bits: u8) {
    push_param(list, name);
    list.push('=');
    list.push_str(&bits.to_string());
}
