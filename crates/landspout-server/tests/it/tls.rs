//! TLS: whom a client is shown, whom the server lets in, and that what passes is HTTP as ever.

use crate::authority::{Authority, Peer, connect, was_shown};
use crate::wire::{Site, serve_on, within};
use landspout_server::{
    ClientAuth, Handler, Listen, Refusal, Request, ServerConfig, TlsConfig, TlsVersion,
};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, SupportedProtocolVersion};
use std::fs;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

static OLD: &[&SupportedProtocolVersion] = &[&TLS12];
static NEW: &[&SupportedProtocolVersion] = &[&TLS13];

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

fn serve(tls: TlsConfig, handler: impl Handler + 'static) -> Site {
    serve_with(tls, ServerConfig::default(), handler)
}

fn serve_with(tls: TlsConfig, config: ServerConfig, handler: impl Handler + 'static) -> Site {
    serve_on(Listen::new("127.0.0.1:0".parse().unwrap()).tls(tls), config, handler)
}

/// Says what the server knows of the session.
async fn describe(request: Request) -> String {
    let session = request.connection().tls().unwrap();
    let name = session.server_name.as_deref().unwrap_or("-");
    let shown = session.client_certificates.len();
    format!("{} {} {name} {shown} {}", request.scheme(), session.version, session.resumed)
}

fn one(authority: &Authority, names: &[&str]) -> TlsConfig {
    TlsConfig::default().certificates(vec![authority.issue(names)])
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    stream.write_all(GET).await?;
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await?;
    Ok(answer)
}

/// The body of the answer to a request on a connection of its own.
async fn body(site: &Site, peer: &Peer, name: &str) -> io::Result<String> {
    let mut stream = peer.connect(site.addr, name).await?;
    let answer = ask(&mut stream).await?;
    Ok(answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
}

#[tokio::test(flavor = "local")]
async fn both_versions_are_spoken() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), describe);
    let mut peer = authority.client();
    for (versions, said) in [(OLD, "TLSv1.2"), (NEW, "TLSv1.3")] {
        peer.versions = versions;
        let body = body(&site, &peer, "a.test").await.unwrap();
        assert_eq!(body, format!("https {said} a.test 0 false"));
    }
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn an_older_version_than_the_config_allows_is_refused() {
    let authority = Authority::new();
    let config = one(&authority, &["a.test"]).min_version(TlsVersion::Tls13);
    let site = serve(config, describe);
    let mut peer = authority.client();
    peer.versions = OLD;
    let error = peer.connect(site.addr, "a.test").await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
    peer.versions = NEW;
    assert!(peer.connect(site.addr, "a.test").await.is_ok());
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_client_is_shown_the_certificate_of_the_name_that_it_asks_for() {
    let authority = Authority::new();
    let names: [&[&str]; 3] = [&["a.test"], &["b.test", "c.test"], &["*.d.test"]];
    let certificates = names.map(|names| authority.issue(names));
    let site = serve(TlsConfig::default().certificates(certificates.to_vec()), describe);
    let peer = authority.client();
    for (name, at) in [("a.test", 0), ("b.test", 1), ("C.test", 1), ("x.d.test", 2)] {
        let stream = peer.connect(site.addr, name).await.unwrap();
        assert!(was_shown(&stream, &certificates[at].certificate), "{name}");
    }
    // A wildcard is for one label. These are shown the first, and do not believe it.
    for name in ["x.y.d.test", "d.test", "e.test", "127.0.0.1"] {
        let error = peer.connect(site.addr, name).await.unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{name}: {error}");
    }
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn an_unknown_name_can_be_refused() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]).refuse_unknown_names(true), describe);
    let peer = authority.client();
    assert!(peer.connect(site.addr, "a.test").await.is_ok());
    for name in ["b.test", "127.0.0.1"] {
        let error = peer.connect(site.addr, name).await.unwrap_err();
        assert!(error.to_string().contains("alert"), "{name}: {error}");
    }
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn of_two_certificates_for_a_name_a_client_is_shown_the_first() {
    let authority = Authority::new();
    let (p256, ed25519) = (&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ED25519);
    let certificates = [ed25519, p256].map(|kind| authority.issue_with(&["a.test"], kind));
    let site = serve(TlsConfig::default().certificates(certificates.to_vec()), describe);
    let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    assert!(was_shown(&stream, &certificates[0].certificate));
    drop(stream);
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_client_without_a_certificate_is_let_in_or_not_as_the_config_says() {
    let authority = Authority::new();
    let plain = authority.client();
    let mut known = authority.client();
    known.shows = Some(authority.issue(&["client"]));
    let mut stranger = authority.client();
    let elsewhere = Authority::new();
    stranger.shows = Some(elsewhere.issue(&["client"]));
    for (auth, without) in [(ClientAuth::Optional, true), (ClientAuth::Required, false)] {
        let config =
            one(&authority, &["a.test"]).client_auth(auth).client_roots(vec![authority.root()]);
        let site = serve(config, describe);
        let shown = body(&site, &known, "a.test").await.unwrap();
        assert_eq!(shown, "https TLSv1.3 a.test 1 false");
        assert_eq!(body(&site, &plain, "a.test").await.is_ok(), without, "{auth:?}");
        assert!(body(&site, &stranger, "a.test").await.is_err(), "{auth:?}");
        site.stop().await;
    }
}

#[tokio::test(flavor = "local")]
async fn a_revoked_certificate_of_a_client_is_refused() {
    let authority = Authority::new();
    let [revoked, good] = [(); 2].map(|()| authority.issue(&["client"]));
    let config = one(&authority, &["a.test"])
        .client_auth(ClientAuth::Required)
        .client_roots(vec![authority.root()])
        .client_revocations(vec![authority.revoke_first()]);
    let site = serve(config, describe);
    let mut peer = authority.client();
    peer.shows = Some(good);
    assert!(body(&site, &peer, "a.test").await.is_ok());
    peer.shows = Some(revoked);
    assert!(body(&site, &peer, "a.test").await.is_err());
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_session_resumes() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), describe);
    let mut peer = authority.client();
    for versions in [OLD, NEW] {
        peer.versions = versions;
        let config = peer.config();
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = connect(config.clone(), site.addr, "a.test").await.unwrap();
            let answer = ask(&mut stream).await.unwrap();
            let resumed = kind == HandshakeKind::Resumed;
            assert!(answer.ends_with(&resumed.to_string()), "{answer}");
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        }
    }
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_session_of_one_loop_resumes_on_another() {
    let authority = Authority::new();
    let listen = Listen::new("127.0.0.1:0".parse().unwrap()).tls(one(&authority, &["a.test"]));
    let config = ServerConfig::default();
    let mut group = landspout_server::Server::bind_group(&listen, config, 2).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    // Only one of them serves at a time, so each takes what the kernel gave to both.
    let second = group.pop().unwrap();
    let first = group.pop().unwrap();
    let client = authority.client().config();
    let mut kinds = Vec::new();
    for server in [first, second] {
        let mut serving = tokio::task::spawn_local(server.serve(describe));
        // Connections that wait at the other listener time out; one of a few lands here.
        let mut limit = Duration::from_millis(100);
        let found = async {
            loop {
                let tried = async {
                    let mut stream = connect(client.clone(), addr, "a.test").await?;
                    ask(&mut stream).await?;
                    io::Result::Ok(stream.get_ref().1.handshake_kind().unwrap())
                };
                if let Ok(kind) = tokio::time::timeout(limit, tried).await {
                    return kind.unwrap();
                }
                // On a slow machine it may have landed here and been too late.
                limit *= 2;
            }
        };
        kinds.push(within(found).await);
        serving.abort();
        drop((&mut serving).await);
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed]);
    handle.shutdown();
}

#[tokio::test(flavor = "local")]
async fn changed_files_are_read_and_bad_ones_are_not_used() {
    let authority = Authority::new();
    let files = authority.issue(&["a.test"]);
    let config = TlsConfig::default()
        .certificates(vec![files.clone()])
        .reload_interval(Duration::from_millis(10));
    let site = serve(config, describe);
    let mut open = authority.client().connect(site.addr, "a.test").await.unwrap();
    let old = fs::read(&files.certificate).unwrap();

    fs::write(&files.certificate, "half of a certifi").unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(authority.client().connect(site.addr, "a.test").await.is_ok());

    authority.issue_into(&files, &["a.test"], &rcgen::PKCS_ECDSA_P384_SHA384);
    assert_ne!(fs::read(&files.certificate).unwrap(), old);
    let renewed = async {
        loop {
            let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
            if was_shown(&stream, &files.certificate) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(renewed).await;
    assert!(ask(&mut open).await.unwrap().starts_with("HTTP/1.1 200 OK"));
    drop(open);
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn the_handle_reads_the_files_anew() {
    let authority = Authority::new();
    let files = authority.issue(&["a.test"]);
    let config =
        TlsConfig::default().certificates(vec![files.clone()]).reload_interval(Duration::ZERO);
    let site = serve(config, describe);
    authority.issue_into(&files, &["a.test"], &rcgen::PKCS_ECDSA_P256_SHA256);
    let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    assert!(!was_shown(&stream, &files.certificate));
    drop(stream);
    site.handle.reload_tls().unwrap();
    let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    assert!(was_shown(&stream, &files.certificate));
    drop(stream);

    fs::remove_file(&files.key).unwrap();
    let error = site.handle.reload_tls().unwrap_err();
    assert_eq!(error.file(), Some(&*files.key));
    assert!(authority.client().connect(site.addr, "a.test").await.is_ok());
    site.stop().await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_client_that_does_not_shake_hands_is_sent_away() {
    let authority = Authority::new();
    let config = one(&authority, &["a.test"]).handshake_timeout(Duration::from_secs(3));
    let site = serve(config, describe);
    let started = tokio::time::Instant::now();
    let mut silent = TcpStream::connect(site.addr).await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(4), "{took:?}");
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_client_that_only_looks_whether_somebody_listens_is_not_refused() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), describe);
    // As haproxy looks: with or without a first byte, and it leaves with or without a reset.
    for (beginning, resets) in [(&b""[..], false), (b"", true), (&[22, 3], false), (&[22, 3], true)]
    {
        let mut client = TcpStream::connect(site.addr).await.unwrap();
        client.write_all(beginning).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        if resets {
            client.set_zero_linger().unwrap();
        }
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(site.refusals.iter().map(|(_, count)| count).sum::<u64>(), 0);
    site.exchange([22, 3, 1, 0xff, 0xff, 0, 0]).await;
    assert_eq!(site.refusals.count(Refusal::Handshake), 1);
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn a_client_that_speaks_http_is_told_to_speak_https() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), describe);
    let answer = site.exchange(GET).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nthis port speaks https: use it"), "{answer}");
    let noise = site.exchange([0x16, 3, 1, 0xff, 0xff, 0, 0]).await;
    assert!(!noise.contains("HTTP"), "{noise}");
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn large_bodies_pass_both_ways() {
    async fn echo(request: Request) -> Result<Vec<u8>, landspout_server::Error> {
        Ok(request.into_body().bytes().await?.to_vec())
    }
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), echo);
    let stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7) as u8).collect();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let sent = body.clone();
    let sending = tokio::task::spawn_local(async move {
        writer.write_all(head.as_bytes()).await.unwrap();
        writer.write_all(&sent).await.unwrap();
        writer.flush().await.unwrap();
        writer
    });
    let mut answer = Vec::new();
    within(reader.read_to_end(&mut answer)).await.unwrap();
    drop(sending.await.unwrap());
    assert!(answer.ends_with(&body));
    drop(reader);
    site.stop().await;
}

#[tokio::test(flavor = "local")]
async fn an_end_is_told_from_a_cut() {
    let authority = Authority::new();
    let site = serve(one(&authority, &["a.test"]), describe);
    let mut stream = authority.client().connect(site.addr, "a.test").await.unwrap();
    // rustls reports an end without close_notify as an error (RFC 8446 §6.1).
    assert!(ask(&mut stream).await.unwrap().starts_with("HTTP/1.1 200 OK"));
    drop(stream);
    site.stop().await;
}

#[tokio::test(flavor = "local", start_paused = true)]
async fn a_drain_does_not_wait_for_handshakes() {
    let authority = Authority::new();
    let config = ServerConfig::default().drain_timeout(Duration::from_secs(5));
    let tls = one(&authority, &["a.test"]).handshake_timeout(Duration::ZERO);
    let site = serve_with(tls, config, describe);
    let mut idle = authority.client().connect(site.addr, "a.test").await.unwrap();
    let mut silent = TcpStream::connect(site.addr).await.unwrap();
    tokio::task::yield_now().await;
    let started = tokio::time::Instant::now();
    let report = site.stop().await;
    assert_eq!(report.cut, 0);
    // The client that is idle has two seconds to close its side.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0);
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
}

#[test]
fn what_cannot_be_used_is_said() {
    let authority = Authority::new();
    let good = authority.issue(&["a.test"]);
    let other = authority.issue(&["a.test"]);
    let empty = authority.file("empty.pem");
    fs::write(&empty, "").unwrap();
    let files = |certificate, key| {
        let files = landspout_server::CertificateFiles::new(certificate, key);
        TlsConfig::default().certificates(vec![files])
    };
    let cases = [
        (TlsConfig::default(), "TLS needs a certificate and its key".to_owned()),
        (files("/no/such", "/no/key"), "cannot read a certificate: /no/such".to_owned()),
        (
            files(empty.to_str().unwrap(), "/no/key"),
            format!("there is no PEM certificate in this file: {}", empty.display()),
        ),
        (
            files(good.certificate.to_str().unwrap(), "/no/key"),
            "cannot read a private key: /no/key".to_owned(),
        ),
        (
            files(good.certificate.to_str().unwrap(), other.key.to_str().unwrap()),
            format!(
                "this key is not that of {}: {}",
                good.certificate.display(),
                other.key.display()
            ),
        ),
        (
            TlsConfig::default().certificates(vec![good]).client_auth(ClientAuth::Required),
            "clients' certificates are asked for, and client_roots names no authority for them"
                .to_owned(),
        ),
    ];
    for (config, said) in cases {
        assert_eq!(landspout_server::Tls::new(config).unwrap_err().to_string(), said);
    }
}
