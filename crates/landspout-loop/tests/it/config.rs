//! Settings from a file.

use landspout_loop::{LoopConfig, WorkersConfig};
use std::time::Duration;

#[test]
fn missing_fields_have_their_defaults_and_durations_are_seconds() {
    let text = "threads = 2\nshutdown_timeout = 5\n[event_loop]\nstall_threshold = 0.25\n";
    let config: WorkersConfig = toml::from_str(text).unwrap();
    let event_loop = LoopConfig::default().stall_threshold(Duration::from_millis(250));
    let expected = WorkersConfig::default()
        .threads(2)
        .shutdown_timeout(Duration::from_secs(5))
        .event_loop(event_loop);
    assert_eq!(config, expected);
}

#[test]
fn what_is_written_can_be_read() {
    let config = WorkersConfig::default();
    assert_eq!(toml::from_str::<WorkersConfig>(&toml::to_string(&config).unwrap()), Ok(config));
}

#[test]
fn unknown_fields_and_negative_durations_are_errors() {
    assert!(toml::from_str::<LoopConfig>("nmae = \"x\"").is_err());
    assert!(toml::from_str::<LoopConfig>("stall_threshold = -1").is_err());
}
