//! Who the client is, behind a proxy and in spite of those who would be another one.

use crate::wire::{Client, serve, serve_on, serve_with};
use landspout_server::{
    Listen, ProxyConfig, ProxyHeaders, Refusal, Request, Server, ServerConfig, TrustedProxy,
};

async fn who(request: Request) -> String {
    let client = request.client_ip().map_or("?".to_owned(), |addr| addr.to_string());
    format!("{client} {} {}", request.scheme(), request.host().unwrap_or("?"))
}

/// Trusts this machine and 10.0.0.0/8.
fn config(headers: ProxyHeaders) -> ServerConfig {
    let trusted = ["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"];
    let proxies = trusted.iter().fold(ProxyConfig::default(), |proxies, text| {
        proxies.trust(text.parse::<TrustedProxy>().unwrap())
    });
    ServerConfig::default().proxies(proxies.headers(headers))
}

fn get(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("GET / HTTP/1.1\r\nHost: inner\r\n{lines}Connection: close\r\n\r\n")
}

async fn asked(config: &ServerConfig, lines: &[&str]) -> String {
    let answer = serve_with(config.clone(), who).exchange(get(lines)).await;
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

/// Each set of header lines and what a handler reads of it.
async fn check(headers: ProxyHeaders, cases: &[(&[&str], &str)]) {
    let config = config(headers);
    for (lines, expected) in cases {
        assert_eq!(asked(&config, lines).await, *expected, "{lines:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn of_x_forwarded_for_the_last_hop_that_is_no_proxy_is_the_client() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "127.0.0.1 http inner"),
        (&["X-Forwarded-For: 192.0.2.1"], "192.0.2.1 http inner"),
        // The first is what the client wrote.
        (&["X-Forwarded-For: 9.9.9.9, 192.0.2.1"], "192.0.2.1 http inner"),
        (&["X-Forwarded-For: 9.9.9.9, 192.0.2.1, 10.1.1.1"], "192.0.2.1 http inner"),
        (
            &["X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 192.0.2.1,10.1.1.1"],
            "192.0.2.1 http inner",
        ),
        (&["X-Forwarded-For: 192.0.2.1:4711"], "192.0.2.1 http inner"),
        (&["X-Forwarded-For: 2001:db8::7"], "2001:db8::7 http inner"),
        (&["X-Forwarded-For: [2001:db8::7]:4711"], "2001:db8::7 http inner"),
        (&["X-Forwarded-For: 192.0.2.1, 2001:db8:1::5"], "192.0.2.1 http inner"),
        (&["X-Forwarded-For: ::ffff:192.0.2.1"], "192.0.2.1 http inner"),
        // Proxies all the way: the farthest one is the client.
        (&["X-Forwarded-For: 10.0.0.1, 10.0.0.2"], "10.0.0.1 http inner"),
        // Nobody knows; and nobody is taken for the proxy.
        (&["X-Forwarded-For: 9.9.9.9, unknown"], "? http inner"),
        (&["X-Forwarded-For: 9.9.9.9, not an address, 10.0.0.1"], "? http inner"),
        (&["X-Forwarded-For: 9.9.9.9,"], "? http inner"),
        (&["X-Forwarded-For: 192.0.2.1:99999999"], "? http inner"),
        // What the client wrote does no harm to what the proxy wrote.
        (&["X-Forwarded-For: not an address, 192.0.2.1"], "192.0.2.1 http inner"),
    ];
    check(ProxyHeaders::XForwarded, cases).await;
}

#[tokio::test(flavor = "local")]
async fn scheme_and_host_are_those_that_the_proxy_names() {
    let cases: &[(&[&str], &str)] = &[
        (&["X-Forwarded-Proto: https"], "127.0.0.1 https inner"),
        (&["X-Forwarded-Proto: http, HTTPS"], "127.0.0.1 https inner"),
        (&["X-Forwarded-Proto: wss"], "127.0.0.1 https inner"),
        (&["X-Forwarded-Proto: gopher"], "127.0.0.1 http inner"),
        (&["X-Forwarded-Host: example.com:8443"], "127.0.0.1 http example.com:8443"),
        (&["X-Forwarded-Host: a, b.example"], "127.0.0.1 http b.example"),
        (&["X-Forwarded-Host: a/b"], "127.0.0.1 http inner"),
        // That is the other family.
        (&["Forwarded: for=192.0.2.1;proto=https;host=x"], "127.0.0.1 http inner"),
    ];
    check(ProxyHeaders::XForwarded, cases).await;
}

#[tokio::test(flavor = "local")]
async fn forwarded_is_read_as_its_rfc_says() {
    let cases: &[(&[&str], &str)] = &[
        (&["Forwarded: for=192.0.2.1;proto=https;host=example.com"], "192.0.2.1 https example.com"),
        (&["Forwarded: For=\"[2001:db8::7]:4711\" ; Proto=https"], "2001:db8::7 https inner"),
        (&["Forwarded: for=\"192.0.2.1:_port\";by=_me"], "192.0.2.1 http inner"),
        (&["Forwarded: for=192.0.2.1:80;host=example.com:80"], "192.0.2.1 http example.com:80"),
        (&["Forwarded: host=\"ex\\ample.com\";for=192.0.2.1"], "192.0.2.1 http example.com"),
        // Scheme and host are those of the client's element, not of the hops behind it.
        (
            &[
                "Forwarded: for=9.9.9.9;host=evil",
                "Forwarded: for=192.0.2.1;proto=https, for=10.0.0.1;host=inside",
            ],
            "192.0.2.1 https inner",
        ),
        (&["Forwarded: for=unknown;proto=https"], "? https inner"),
        (&["Forwarded: for=_hidden"], "? http inner"),
        (&["Forwarded: proto=https"], "? https inner"),
        (&["Forwarded: for=192.0.2.1;for=192.0.2.2;proto=https"], "? http inner"),
        (&["Forwarded: for=2001:db8::7"], "? http inner"),
        // What the client wrote does no harm to what the proxy wrote.
        (&["Forwarded: for=\"9.9.9.9, for=192.0.2.1"], "192.0.2.1 http inner"),
        (&["Forwarded: for=9.9.9.9;a=\", for=\"[2001:db8::7]\""], "2001:db8::7 http inner"),
        (&["X-Forwarded-For: 192.0.2.1"], "127.0.0.1 http inner"),
    ];
    check(ProxyHeaders::Forwarded, cases).await;
}

#[tokio::test(flavor = "local")]
async fn who_is_not_trusted_is_not_heard() {
    let lines = ["X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"];
    let answer = serve(who).exchange(get(&lines)).await;
    assert!(answer.ends_with("127.0.0.1 http inner"), "{answer}");
    check(ProxyHeaders::None, &[(&lines, "127.0.0.1 http inner")]).await;
}

#[test]
fn trusted_proxies_are_texts_in_a_config() {
    for text in ["unix", "10.0.0.0/8", "fd00::/8", "192.0.2.1/32"] {
        assert_eq!(text.parse::<TrustedProxy>().unwrap().to_string(), text);
    }
    for text in ["", "10.0.0.0/33", "example.com", "10.0.0.0/8 "] {
        let error = text.parse::<TrustedProxy>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is no network")), "{error}");
    }
}

/// Who is asked for behind a listener of the PROXY protocol.
async fn preceded(trusted: &str, preamble: &[u8]) -> String {
    let listen = "127.0.0.1:0".parse::<Listen>().unwrap().proxy_protocol(true);
    let proxies = ProxyConfig::default().trust(trusted.parse().unwrap());
    let config = ServerConfig::default().proxies(proxies);
    let server = Server::bind_with(listen, config).unwrap();
    let (addr, refusals) = (server.local_addr(), server.refusals());
    tokio::task::spawn_local(server.serve(who));
    let mut client = Client::new(tokio::net::TcpStream::connect(addr).await.unwrap());
    client.send([preamble, get(&["X-Forwarded-For: 9.9.9.9"]).as_bytes()].concat()).await;
    let answer = client.rest().await;
    assert_eq!(answer.is_empty(), refusals.count(Refusal::ProxyProtocol) == 1, "{answer}");
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[tokio::test(flavor = "local")]
async fn the_proxy_protocol_tells_who_is_at_the_other_end() {
    let v2 = |rest: &[u8]| [V2, rest].concat();
    let cases: [(Vec<u8>, &str); 6] = [
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".to_vec(), "192.0.2.1 http inner"),
        (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(), "2001:db8::1 http inner"),
        // Somebody, who is not the proxy and has none of its rights.
        (b"PROXY UNKNOWN\r\n".to_vec(), "? http inner"),
        (
            v2(b"\x21\x11\0\x10\xC0\0\x02\x01\xC0\0\x02\x02\0\x01\0\x02\x04\0\x01\0"),
            "192.0.2.1 http inner",
        ),
        (v2(&[&[0x21, 0x31, 0, 216], [0; 216].as_slice()].concat()), "? http inner"),
        // The proxy itself, whose headers count as ever.
        (v2(b"\x20\0\0\0"), "9.9.9.9 http inner"),
    ];
    for (preamble, expected) in cases {
        assert_eq!(preceded("127.0.0.1", &preamble).await, expected, "{preamble:?}");
    }
}

#[tokio::test(flavor = "local")]
async fn without_a_preamble_of_a_trusted_proxy_the_connection_is_closed_and_counted() {
    assert_eq!(preceded("127.0.0.1", b"").await, "");
    assert_eq!(preceded("127.0.0.1", b"PROXY TCP4 x\r\n").await, "");
    assert_eq!(preceded("10.0.0.0/8", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n").await, "");
}

#[tokio::test(flavor = "local")]
async fn a_proxy_that_only_looks_whether_somebody_listens_is_not_refused() {
    let listen = "127.0.0.1:0".parse::<Listen>().unwrap().proxy_protocol(true);
    let proxies = ProxyConfig::default().trust("127.0.0.1".parse().unwrap());
    let site = serve_on(listen, ServerConfig::default().proxies(proxies), who);
    for (beginning, refusals) in [("", 0), ("PROXY", 1)] {
        let mut client = site.connect().await;
        client.send(beginning).await;
        client.finish().await;
        assert_eq!(client.rest().await, "");
        assert_eq!(site.refusals.count(Refusal::ProxyProtocol), refusals, "{beginning}");
    }
}

#[tokio::test(flavor = "local")]
async fn each_client_behind_the_proxy_protocol_has_its_own_count() {
    let listen = "127.0.0.1:0".parse::<Listen>().unwrap().proxy_protocol(true);
    let proxies = ProxyConfig::default().trust("127.0.0.1".parse().unwrap());
    let config = ServerConfig::default().proxies(proxies).address_connections(1);
    let site = serve_on(listen, config, who);
    let connect = async |client: &str| {
        let mut connection = site.connect().await;
        connection.send(format!("PROXY TCP4 {client} 192.0.2.9 1 2\r\n")).await;
        connection.send("GET / HTTP/1.1\r\nHost: inner\r\n\r\n").await;
        let status = connection.answer().await.status();
        (connection, status)
    };
    let (first, status) = connect("192.0.2.1").await;
    assert_eq!(status, 200);
    assert_eq!(connect("192.0.2.1").await.1, 503);
    assert_eq!(connect("192.0.2.2").await.1, 200);
    assert_eq!(site.refusals.count(Refusal::PerAddress), 1);
    drop(first);
    while connect("192.0.2.1").await.1 == 503 {
        tokio::task::yield_now().await;
    }
    assert_eq!(site.stop().await.cut, 0);
}
