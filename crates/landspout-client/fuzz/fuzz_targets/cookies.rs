//! Any lines as `Set-Cookie`, and as a jar's JSON: no panic; what is kept is of the site that set
//! it, goes through JSON unchanged, and makes a `Cookie` that a header can carry.
#![no_main]

use landspout_client::{Client, CookieJar, Request, RequestOptions};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, LocalRuntime};

/// Where a cookie comes from, and whose cookies may be set there.
const PLACES: [(&str, &str); 5] = [
    ("https://a.shop.example.co.uk/one/two", "a.shop.example.co.uk"),
    ("http://a.shop.example.co.uk/", "a.shop.example.co.uk"),
    ("http://127.0.0.1:8080/x/", "127.0.0.1"),
    ("http://[::1]/", "[::1]"),
    ("https://localhost/one", "localhost"),
];

thread_local! {
    static RUNTIME: LocalRuntime =
        Builder::new_current_thread().enable_all().build_local(Default::default()).unwrap();
}

async fn seen(jar: &CookieJar, url: &str) -> String {
    let client = Client::over(|request: Request| async move {
        request.headers().get("cookie").map(|value| value.as_bytes().to_vec()).unwrap_or_default()
    });
    let options = RequestOptions::default().cookies(jar.clone());
    let client = client.with_defaults(options);
    let mut response = client.get(url).send().await.unwrap();
    String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap()
}

fuzz_target!(|input: (u8, &[u8])| {
    let (place, lines) = input;
    let texts = String::from_utf8_lossy(lines);
    let (url, host) = PLACES[usize::from(place) % PLACES.len()];
    let jar = CookieJar::new();
    for text in texts.lines() {
        jar.set(url, text);
        let _ = CookieJar::from_json(text);
    }
    for cookie in jar.cookies() {
        let is_above =
            host.strip_suffix(cookie.domain.as_str()).is_some_and(|sub| sub.ends_with('.'));
        assert!(cookie.domain == host || (is_above && !cookie.host_only), "{cookie:?}");
        assert!(!["co.uk", "uk"].contains(&cookie.domain.as_str()), "{cookie:?}");
        assert!(!cookie.secure || url.starts_with("https"), "{cookie:?}");
        assert!(cookie.path.starts_with('/'), "{cookie:?}");
    }
    let copy = CookieJar::from_json(&jar.to_json()).unwrap();
    assert_eq!(jar.to_json(), copy.to_json());
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let sent = seen(&jar, url).await;
            assert!(!sent.contains(|c: char| c.is_ascii_control() && c != '\t'), "{sent:?}");
            assert_eq!(sent, seen(&copy, url).await);
            assert_eq!(seen(&jar, "https://elsewhere.test/").await, "");
        });
    });
});
