//! Proxies: which one a request goes through, and how it is asked.

mod bypass;
mod server;
mod socks;

pub(crate) use server::{ProxyServer, Scheme};
pub(crate) use socks::{Destination, SocksError, connect as connect_socks};

use crate::ProxyConfig;
use crate::error::Cause;
use crate::target::Origin;
use bypass::Bypass;

/// The proxies of some settings, understood. A URL that is none is an error when it is needed.
#[derive(Debug)]
pub(crate) struct Proxies {
    http: Option<Choice>,
    https: Option<Choice>,
    bypass: Bypass,
}

/// A proxy, and who chose it.
#[derive(Debug)]
struct Choice {
    server: Result<ProxyServer, String>,
    from_env: bool,
}

impl Proxies {
    /// Reads the settings; `env` gives the variables of the environment.
    pub(crate) fn new(config: &ProxyConfig, env: impl Fn(&str) -> Option<String>) -> Proxies {
        let env = |name: &str| env(name).filter(|value| config.from_env && !value.is_empty());
        let either = |name: &str| env(name).or_else(|| env(&name.to_ascii_uppercase()));
        // A header `Proxy` of a request becomes `HTTP_PROXY` in a CGI program.
        let is_cgi = env("REQUEST_METHOD").is_some();
        let http = if is_cgi { env("http_proxy") } else { either("http_proxy") };
        let all = either("all_proxy");
        let no_proxy = either("no_proxy");
        let own = config.no_proxy.iter().map(String::as_str);
        Proxies {
            http: Choice::new(&config.http, http.or_else(|| all.clone())),
            https: Choice::new(&config.https, either("https_proxy").or(all)),
            bypass: Bypass::new(own.chain(no_proxy.as_deref())),
        }
    }

    /// The proxy on the way to an origin.
    ///
    /// # Errors
    /// There is to be one, and its URL is none.
    pub(crate) fn choose(&self, origin: &Origin) -> Result<Option<&ProxyServer>, Cause> {
        let choice = if origin.secure { &self.https } else { &self.http };
        match choice {
            Some(choice) if choice.from_env && bypass::is_local(origin.bare_host()) => Ok(None),
            Some(_) if self.bypass.contains(origin.bare_host(), origin.port) => Ok(None),
            Some(choice) => match &choice.server {
                Ok(server) => Ok(Some(server)),
                Err(error) => Err(error.clone().into()),
            },
            None => Ok(None),
        }
    }
}

impl Choice {
    fn new(own: &Option<String>, env: Option<String>) -> Option<Choice> {
        let from_env = own.is_none();
        let url = own.clone().or(env)?;
        Some(Choice { server: ProxyServer::parse(&url), from_env })
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxies, Scheme};
    use crate::ProxyConfig;
    use crate::target::Target;

    const ENV: [(&str, &str); 3] =
        [("HTTP_PROXY", "one:1"), ("https_proxy", "http://two:2"), ("NO_PROXY", "no.test, .lan")];

    /// The proxy's origin, for a URL.
    fn chosen(config: &ProxyConfig, env: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| {
            let found = env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies::new(config, find);
        let origin = Target::parse(url).unwrap().origin;
        proxies.choose(&origin).unwrap().map(|server| server.origin.to_string())
    }

    #[track_caller]
    fn check(config: &ProxyConfig, env: &[(&str, &str)], url: &str, expected: Option<&str>) {
        assert_eq!(chosen(config, env, url).as_deref(), expected, "{url}");
    }

    #[test]
    fn the_environment_names_proxies_by_scheme() {
        let config = ProxyConfig::default();
        check(&config, &ENV, "http://a.test/", Some("http://one:1"));
        check(&config, &ENV, "https://a.test/", Some("http://two:2"));
        check(&config, &ENV, "https://no.test/", None);
        check(&config, &ENV, "https://deep.in.lan/", None);
        check(&config, &[("ALL_PROXY", "three:3")], "https://a.test/", Some("http://three:3"));
        check(&config, &[("http_proxy", "")], "http://a.test/", None);
    }

    #[test]
    fn settings_win_over_the_environment() {
        check(&ProxyConfig::none(), &ENV, "http://a.test/", None);
        check(&ProxyConfig::all("own:9"), &ENV, "http://no.test/", Some("http://own:9"));
        let mixed = ProxyConfig::default().http("own:9");
        check(&mixed, &ENV, "http://a.test/", Some("http://own:9"));
        check(&mixed, &ENV, "http://no.test/", None);
        check(&mixed, &ENV, "https://a.test/", Some("http://two:2"));
    }

    #[test]
    fn this_machine_is_not_behind_a_proxy_of_the_environment() {
        for url in
            ["http://localhost/", "http://127.1.2.3/", "http://[::1]/", "http://a.localhost/"]
        {
            check(&ProxyConfig::default(), &ENV, url, None);
            check(&ProxyConfig::all("own:9"), &ENV, url, Some("http://own:9"));
        }
    }

    #[test]
    fn a_request_cannot_name_the_proxy_of_a_cgi_program() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil:1")];
        check(&ProxyConfig::default(), &cgi, "http://a.test/", None);
        let cgi = [("REQUEST_METHOD", "GET"), ("http_proxy", "good:1")];
        check(&ProxyConfig::default(), &cgi, "http://a.test/", Some("http://good:1"));
    }

    #[test]
    fn a_proxy_that_is_none_is_an_error_without_its_password() {
        let proxies = Proxies::new(&ProxyConfig::all("ftp://user:secret@x"), |_| None);
        let origin = Target::parse("http://a.test/").unwrap().origin;
        let error = proxies.choose(&origin).unwrap_err().to_string();
        assert!(error.contains("ftp") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn schemes_have_their_ports() {
        let server = |url: &str| super::ProxyServer::parse(url).unwrap();
        assert_eq!(server("https://a").origin.port, 443);
        assert_eq!(server("a").origin.port, 80);
        assert_eq!(server("socks5h://a").origin.port, 1080);
        assert_eq!(server("socks5h://a").scheme, Scheme::Socks5 { resolves: true });
        assert_eq!(server("socks4://[::1]:5").origin.bare_host(), "::1");
        assert_eq!(server("http://u%40:p%3A@a").credentials, Some(("u@".into(), "p:".into())));
    }
}
