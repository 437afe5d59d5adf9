//! Limits from a config file.

use http::HeaderName;
use landspout_server::{
    Accept, Http2Config, LogConfig, LogFormat, ProxyConfig, ProxyHeaders, ServerConfig,
};
use std::time::Duration;

#[test]
fn toml_sets_every_field() {
    let text = "idle_timeout = 1.5\nheader_timeout = 2\nbody_timeout = 3\nwrite_timeout = 4\n\
        linger_timeout = 5\nlinger_bytes = 6\ndrain_timeout = 7\ndrain_grace = 0.25\ndrain_spread = 0.75\n\
        header_bytes = 9\nheader_count = 10\nuri_bytes = 11\nmethod_bytes = 12\nbody_bytes = 13\n\
        max_connections = 14\nbacklog = 15\nfirst_byte_timeout = 16\nbody_total_timeout = 17\n\
        body_rate = 18\nwrite_rate = 19\nrate_grace = 20\nhandler_timeout = 21\n\
        max_requests = 22\nconnection_requests = 23\nconnection_age = 24\nhosts = [\"a\"]\n\
        address_connections = 25\n\
        accept = \"shared\"\n\
        [http2]\nenabled = false\nmax_streams = 31\nmax_pending_resets = 32\nmax_error_resets = 33\n\
        stream_window = 34\nconnection_window = 35\nframe_bytes = 36\nsend_buffer = 37\n\
        ping_interval = 38\nping_timeout = 39\n\
        [proxies]\ntrusted = [\"10.0.0.0/8\"]\nheaders = \"forwarded\"\n\
        [log]\nformat = \"combined\"\npath = \"access.log\"\nbuffer_bytes = 16\nquery = true\n\
        request_id = \"x-id\"\nspan = true\n";
    let read: ServerConfig = toml::from_str(text).unwrap();
    let seconds = Duration::from_secs;
    let expected = ServerConfig::default()
        .idle_timeout(Duration::from_millis(1500))
        .header_timeout(seconds(2))
        .body_timeout(seconds(3))
        .write_timeout(seconds(4))
        .linger_timeout(seconds(5))
        .linger_bytes(6)
        .drain_timeout(seconds(7))
        .drain_grace(Duration::from_millis(250))
        .drain_spread(Duration::from_millis(750))
        .header_bytes(9)
        .header_count(10)
        .uri_bytes(11)
        .method_bytes(12)
        .body_bytes(13)
        .max_connections(14)
        .backlog(15)
        .first_byte_timeout(seconds(16))
        .body_total_timeout(seconds(17))
        .body_rate(18)
        .write_rate(19)
        .rate_grace(seconds(20))
        .handler_timeout(seconds(21))
        .max_requests(22)
        .connection_requests(23)
        .connection_age(seconds(24))
        .hosts(vec!["a".to_owned()])
        .address_connections(25)
        .accept(Accept::Shared)
        .http2(
            Http2Config::default()
                .enabled(false)
                .max_streams(31)
                .max_pending_resets(32)
                .max_error_resets(33)
                .stream_window(34)
                .connection_window(35)
                .frame_bytes(36)
                .send_buffer(37)
                .ping_interval(seconds(38))
                .ping_timeout(seconds(39)),
        )
        .proxies(
            ProxyConfig::default()
                .trust("10.0.0.0/8".parse().unwrap())
                .headers(ProxyHeaders::Forwarded),
        )
        .log(
            LogConfig::default()
                .format(LogFormat::Combined)
                .path("access.log")
                .buffer_bytes(16)
                .query(true)
                .request_id(HeaderName::from_static("x-id"))
                .span(true),
        );
    assert_eq!(read, expected);
    let written = toml::to_string(&read).unwrap();
    let lines = written.lines().filter(|line| !line.is_empty()).count();
    assert_eq!(lines, text.lines().count(), "a field is not in this test");
    assert_eq!(toml::from_str::<ServerConfig>(&written).unwrap(), read);
}

#[test]
fn an_unknown_name_or_a_negative_duration_is_an_error() {
    for (text, reason) in [
        ("idle = 3", "unknown field `idle`"),
        ("idle_timeout = -1", "-1 is not a number of seconds"),
        ("idle_timeout = nan", "NaN is not a number of seconds"),
    ] {
        let error = toml::from_str::<ServerConfig>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn the_longest_duration_survives() {
    let config = ServerConfig::default().idle_timeout(Duration::MAX);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<ServerConfig>(&written).unwrap(), config);
}
