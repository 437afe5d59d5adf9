//! From the command line to a client.

use crate::arguments::Way;
use crate::failure::Failure;
use http::{HeaderMap, HeaderName, HeaderValue};
use landspout_client::{ClientConfig, Credentials, ProxyConfig, RequestBuilder, TlsConfig};
use std::time::Duration;

/// The settings of a client that goes this way. It has no limits but those of the command line.
pub(crate) fn config(way: &Way) -> ClientConfig {
    let mut tls = TlsConfig::default().danger_accept_invalid_certs(way.insecure);
    if let Some(file) = &way.cacert {
        tls = tls.system_roots(false).extra_root_file(file);
    }
    let mut config = ClientConfig::default()
        .timeout(way.max_time.unwrap_or(Duration::ZERO))
        .connect_timeout(way.connect_timeout)
        .queue_timeout(Duration::ZERO)
        .max_body_size(u64::MAX)
        .tls(tls);
    if let Some(name) = &way.user_agent {
        config = config.user_agent(name);
    }
    if let Some(proxy) = &way.proxy {
        config = config.proxy(ProxyConfig::all(proxy));
    }
    config
}

/// Adds headers and credentials, and where to connect to.
pub(crate) fn add_way(mut request: RequestBuilder, way: &Way) -> Result<RequestBuilder, Failure> {
    let mut headers = HeaderMap::new();
    for line in &way.headers {
        let malformed = || Failure::usage(format!("`{line}` is no header: it is `name: value`"));
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let name: HeaderName = name.trim().parse().map_err(|_| malformed())?;
        let value = HeaderValue::from_str(value.trim()).map_err(|_| malformed())?;
        headers.append(name, value);
    }
    request = request.headers(headers);
    if let Some(user) = &way.user {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        request = match way.digest {
            true => request.credentials(Credentials::digest(user, password)),
            false => request.basic_auth(user, password),
        };
    }
    if let Some(path) = &way.unix_socket {
        request = request.unix_socket(path);
    }
    Ok(request)
}

/// The URL, with the scheme that was left out.
pub(crate) fn with_scheme(url: &str, scheme: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("{scheme}://{url}") }
}

/// The URL as it can be shown, well-formed or not.
pub(crate) fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let start = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[start..])
}

#[cfg(test)]
mod tests {
    use super::{with_scheme, without_credentials};

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(without_credentials("http://me:secret@host:x/a@b"), "http://host:x/a@b");
        assert_eq!(without_credentials("http://host?q=a@b"), "http://host?q=a@b");
        assert_eq!(without_credentials("me:pass@word@host"), "http://host");
    }

    #[test]
    fn a_scheme_may_be_left_out() {
        assert_eq!(with_scheme("localhost:8888/x", "http"), "http://localhost:8888/x");
        assert_eq!(with_scheme("wss://localhost", "ws"), "wss://localhost");
    }
}
