//! The settings in a file.

use landspout_websocket::{Config, Origins, Overflow};
use std::time::Duration;

#[test]
fn settings_are_read_and_written() {
    let config: Config = toml::from_str(
        r#"
        max_message = 65536
        overflow = "drop-oldest"
        ping_interval = 2.5
        subprotocols = ["chat"]
        origins = { also = ["https://app.example.com"] }
        "#,
    )
    .unwrap();
    let expected = Config::default()
        .max_message(65536)
        .overflow(Overflow::DropOldest)
        .ping_interval(Duration::from_millis(2500))
        .subprotocol("chat")
        .origins(Origins::Also(vec!["https://app.example.com".to_owned()]));
    assert_eq!(config, expected);
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
}

#[test]
fn unknown_settings_are_refused() {
    assert!(toml::from_str::<Config>("max_mesage = 1").is_err());
    assert!(toml::from_str::<Config>("ping_interval = -1.0").is_err());
}

#[cfg(feature = "deflate")]
#[test]
fn compression_is_a_table() {
    let config: Config = toml::from_str("[deflate]\ncontext_takeover = true").unwrap();
    assert!(config.deflate.unwrap().context_takeover);
    assert!(toml::from_str::<Config>("[deflate]\nlevels = 1").is_err());
}
