//! The settings, in files and out.

use landspout_client::{ClientConfig, TlsConfig};
use std::time::Duration;

#[test]
fn a_file_gives_what_differs_from_the_defaults() {
    let text = r#"
        timeout = 1.5
        connect_timeout = 0
        max_connections = 7
        keep_alive = false
        resolve = { "db.internal" = ["127.0.0.1:0", "[::1]:81"] }
        tls = { danger_accept_invalid_certs = true }
    "#;
    let config: ClientConfig = toml::from_str(text).unwrap();
    let addrs = ["127.0.0.1:0", "[::1]:81"].map(|addr| addr.parse().unwrap());
    let expected = ClientConfig::default()
        .timeout(Duration::from_millis(1500))
        .connect_timeout(Duration::ZERO)
        .max_connections(7)
        .keep_alive(false)
        .resolve("db.internal", addrs)
        .tls(TlsConfig::default().danger_accept_invalid_certs(true));
    assert_eq!(config, expected);
}

#[test]
fn what_is_written_reads_back() {
    let config = ClientConfig::default().idle_timeout(Duration::from_millis(250)).max_redirects(0);
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<ClientConfig>(&text).unwrap(), config);
}

#[test]
fn a_mistake_is_named() {
    for (text, complaint) in [
        ("timeuot = 1", "unknown field `timeuot`"),
        ("timeout = -1.0", "negative"),
        ("tls = { roots = true }", "unknown field `roots`"),
    ] {
        let error = toml::from_str::<ClientConfig>(text).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}
