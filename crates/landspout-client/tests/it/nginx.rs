//! The client against nginx.

use crate::peer::Peer;
#[cfg(unix)]
use crate::script::until;
use futures_util::future::join_all;
use landspout_client::{Client, ClientConfig};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// nginx with a small file and a large one; over TLS too, where the test has a certificate.
async fn nginx(listen: &str, files: &[(&str, String)]) -> Option<Peer> {
    let start = |command: &mut std::process::Command,
                 addr: std::net::SocketAddr,
                 folder: &std::path::Path| {
        let shown = folder.display();
        std::fs::write(folder.join("index.html"), "hello").unwrap();
        std::fs::write(folder.join("large"), "0123456789".repeat(200_000)).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let config = format!(
            "daemon off; master_process off; pid {shown}/pid; error_log stderr;\n\
             events {{}}\n\
             http {{ access_log off; client_body_temp_path {shown}; proxy_temp_path {shown};\n\
             fastcgi_temp_path {shown}; uwsgi_temp_path {shown}; scgi_temp_path {shown};\n\
             server {{ listen {addr} {listen}; listen unix:{shown}/socket; root {shown};\n\
             keepalive_requests 100; location /gone {{ return 410; }} }} }}\n",
            listen = listen.replace("FOLDER", &shown.to_string()),
        );
        let path = folder.join("nginx.conf");
        std::fs::write(&path, config).unwrap();
        command.arg("-p").arg(folder).arg("-e").arg("stderr").arg("-c").arg(path);
    };
    Peer::start("nginx", start).await
}

#[tokio::test]
async fn a_thousand_requests_over_a_few_connections() {
    let Some(server) = nginx("", &[]).await else { return };
    let client = Client::with_config(ClientConfig::default().max_connections_per_host(4));
    let url = format!("http://{}/", server.addr);
    // It closes each connection after a hundred requests.
    let all = join_all(
        (0..1000).map(|_| async { client.get(&url).send().await.unwrap().text().await.unwrap() }),
    );
    assert!(all.await.iter().all(|text| text == "hello"));
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
    assert!(stats.idle <= 4);
    assert_eq!(client.get(format!("{url}gone")).send().await.unwrap().status(), 410);
}

#[cfg(unix)]
#[tokio::test]
async fn a_large_file_over_a_unix_socket() {
    let Some(server) = nginx("", &[]).await else { return };
    let socket = server.path("socket");
    // It listens at one address after the other.
    until(|| UnixStream::connect(&socket).is_ok()).await;
    let request = Client::new().get("http://anything/large").unix_socket(socket);
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len(), 2_000_000);
}

#[cfg(all(feature = "http2", feature = "tls"))]
#[tokio::test]
async fn http2_is_agreed_on_and_shared() {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (certificate.cert.pem(), certificate.signing_key.serialize_pem());
    let listen = "ssl http2; ssl_certificate FOLDER/cert; ssl_certificate_key FOLDER/key";
    let files = [("cert", cert.clone()), ("key", key)];
    let Some(server) = nginx(listen, &files).await else { return };
    let tls = landspout_client::TlsConfig::default().system_roots(false).extra_root(cert);
    let client =
        Client::with_config(ClientConfig::default().tls(tls).resolve("localhost", [server.addr]));
    let base = format!("https://localhost:{}/", server.addr.port());
    // It says goodbye after a hundred requests.
    let all = join_all((0..500).map(|number| {
        let (client, base) = (&client, &base);
        async move {
            let path = if number % 50 == 0 { "large" } else { "" };
            let mut response = client.get(format!("{base}{path}")).send().await.unwrap();
            assert_eq!(response.version(), http::Version::HTTP_2);
            (path.is_empty(), response.bytes().await.unwrap().len())
        }
    }));
    for (is_small, len) in all.await {
        assert_eq!(len, if is_small { 5 } else { 2_000_000 });
    }
    let stats = client.pool_stats();
    assert_eq!((stats.in_use, stats.streams, stats.waiting), (0, 0, 0));
}
