//! What a Prometheus sees.

use crate::wire::{Client, within};
use landspout_server::{Error, Metrics, Request, Response, Server};

async fn answer(request: Request) -> Result<Response, Error> {
    match request.uri().path() {
        "/missing" => Err(Error::new(404, "not here")),
        _ => Ok(Response::text("twelve bytes")),
    }
}

fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "no {line:?} in {text}");
    }
}

#[tokio::test(flavor = "local")]
async fn the_figures_of_all_loops_are_summed() {
    let metrics = Metrics::new();
    let group = Server::bind_group("127.0.0.1:0", Default::default(), 2).unwrap();
    let (addr, handle) = (group[0].local_addr(), group[0].handle());
    let mut serving = Vec::new();
    for server in group {
        serving.push(tokio::task::spawn_local(server.metrics(&metrics).serve(answer)));
    }
    for line in ["GET /a", "GET /b", "POST /missing", "BREW /a", "GET /a HTTP/9"] {
        let mut client = Client::new(tokio::net::TcpStream::connect(addr).await.unwrap());
        client.send(format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        client.rest().await;
    }
    handle.shutdown();
    for serving in serving {
        within(serving).await.unwrap();
    }
    let text = metrics.text();
    assert_has(
        &text,
        &[
            "http_requests_total{route=\"\",method=\"GET\",status=\"200\"} 2",
            "http_requests_total{route=\"\",method=\"POST\",status=\"404\"} 1",
            "http_requests_total{route=\"\",method=\"other\",status=\"200\"} 1",
            "http_request_duration_seconds_count{route=\"\"} 4",
            "http_connections_accepted_total 5",
            "http_connections_open 0.0",
            "http_requests_in_flight 0.0",
            "http_refusals_total{cause=\"bad_request\"} 1",
            "http_draining 1.0",
            "# EOF",
        ],
    );
    assert!(!text.contains("/missing"));
    let sent = text.lines().find_map(|line| line.strip_prefix("http_sent_bytes_total "));
    assert_eq!(sent, Some("44"), "{text}");
}
