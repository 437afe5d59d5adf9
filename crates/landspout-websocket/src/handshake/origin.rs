//! Which web pages may open a WebSocket.

use crate::config::Origins;
use http::Uri;

/// A host and a port.
type Place<'a> = (&'a str, u16);

impl Origins {
    /// Whether a page of the origin may connect to the host.
    pub(super) fn allow(&self, origin: &str, host: Option<&str>) -> bool {
        match self {
            Origins::Any => true,
            Origins::Same => is_same(origin, host),
            Origins::Also(list) => {
                is_same(origin, host) || list.iter().any(|one| one.eq_ignore_ascii_case(origin))
            }
        }
    }
}

/// Whether the origin is on the host. `null`, which pages without an origin send, is nowhere.
fn is_same(origin: &str, host: Option<&str>) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    let default = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    let Some(Ok(host)) = host.map(str::parse::<Uri>) else { return false };
    match (place(&origin, default), place(&host, default)) {
        (Some((name, port)), Some((host, host_port))) => {
            name.eq_ignore_ascii_case(host) && port == host_port
        }
        _ => false,
    }
}

fn place(uri: &Uri, default: u16) -> Option<Place<'_>> {
    let authority = uri.authority()?;
    Some((authority.host(), authority.port_u16().unwrap_or(default)))
}
