//! Bodies from files, and forms with files.

use crate::script::{Act, OK, Server, write};
use landspout_client::{Body, Client, FileBody, Multipart, Part, Replay};
use std::path::PathBuf;

/// A file in a folder of its own, which is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("landspout-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_file_goes_with_its_length_and_again_after_a_redirect() {
    let folder = Folder::new("upload");
    let text = "line\n".repeat(40_000);
    let path = folder.file("lines.txt", text.as_bytes());
    let to = "HTTP/1.1 307 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let server = Server::play([vec![Act::Read, write(to), Act::Read, write(OK)]]).await;
    let file = FileBody::open(&path).await.unwrap();
    assert_eq!((file.len(), file.name()), (200_000, Some("lines.txt")));
    Client::new().put(server.url("/a")).file(file).send().await.unwrap();
    for request in server.requests() {
        assert!(request.contains("content-length: 200000\r\n"));
        assert!(body(&request) == text);
    }
}

#[tokio::test]
async fn a_file_that_is_none_or_has_shrunk_fails_and_one_that_has_grown_is_cut() {
    let folder = Folder::new("shrink");
    assert!(FileBody::open(folder.0.join("none")).await.is_err());
    assert!(FileBody::open(&folder.0).await.is_err());
    let path = folder.file("file", b"hello, hello");
    let file = FileBody::open(&path).await.unwrap();
    let server = Server::answering(OK).await;
    folder.file("file", b"hello, hello, hello");
    Client::new().put(server.url("/")).file(file.clone()).send().await.unwrap();
    assert_eq!(body(&server.requests()[0]), "hello, hello");
    folder.file("file", b"hello");
    let error = Client::new().put(server.url("/")).file(file.clone()).send().await.unwrap_err();
    assert_eq!(error.reason(), "the body of the request failed", "{error:?}");
    std::fs::remove_file(path).unwrap();
    let error = Client::new().put(server.url("/")).file(file).send().await.unwrap_err();
    assert_eq!(error.reason(), "the body of the request failed", "{error:?}");
}

#[tokio::test]
async fn a_form_has_its_parts_in_order_and_its_length() {
    let folder = Folder::new("form");
    let path = folder.file("r\"ain.txt", b"wet");
    let form = Multipart::new()
        .text("a \"b\"\r\nc", "one\r\ntwo")
        .file("file", FileBody::open(path).await.unwrap())
        .part(Part::bytes("json", "{}").content_type("application/json\r\nx: y"));
    let server = Server::answering(OK).await;
    Client::new().post(server.url("/")).multipart(form).send().await.unwrap();
    let request = &server.requests()[0];
    let (_, rest) = request.split_once("content-type: multipart/form-data; boundary=").unwrap();
    let boundary = rest.split("\r\n").next().unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a %22b%22%0D%0Ac\"\r\n\r\none\r\ntwo\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r%22ain.txt\"\r\n\
         Content-Type: application/octet-stream\r\n\r\nwet\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\n\
         Content-Type: application/jsonx: y\r\n\r\n{{}}\r\n--{boundary}--\r\n"
    );
    assert_eq!(body(request), expected);
    assert!(request.contains(&format!("content-length: {}\r\n", expected.len())));
}

#[tokio::test]
async fn a_form_without_parts_and_one_that_streams_are_forms_too() {
    let server = Server::answering(OK).await;
    Client::new().post(server.url("/")).multipart(Multipart::new()).send().await.unwrap();
    let request = &server.requests()[0];
    assert!(body(request).starts_with("--landspout-") && body(request).ends_with("--\r\n"));
    let stream = Replay::new(|| {
        Body::stream(futures_util::stream::iter([Ok::<_, std::io::Error>("piece".into())]))
    });
    let form = Multipart::new().part(Part::replay("s", stream));
    Client::new().post(server.url("/")).multipart(form).send().await.unwrap();
    let request = &server.requests()[1];
    assert!(request.contains("transfer-encoding: chunked") && request.contains("5\r\npiece\r\n"));
}

#[tokio::test]
async fn a_slow_server_slows_an_upload_down() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let pieces = futures_util::stream::iter((0..1024).map(move |_| {
        count.fetch_add(1, Relaxed);
        Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024].into())
    }));
    let server = Server::play([vec![Act::Pause(std::time::Duration::from_secs(60))]]).await;
    let request = Client::new().put(server.url("/")).body(Body::stream(pieces));
    let limit = std::time::Duration::from_millis(200);
    assert!(tokio::time::timeout(limit, request.send()).await.is_err());
    assert!(made.load(Relaxed) < 500, "{} pieces were made for nobody", made.load(Relaxed));
}

#[tokio::test]
async fn trailers_go_out_and_come_in() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n\
                  2\r\nhi\r\n0\r\nX-Sum: 17\r\n\r\n";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut io, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"x-mine: 1\r\n\r\n") {
            request.push(io.read_u8().await.unwrap());
        }
        io.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    };
    let (mut writer, body) = Body::writer();
    let request = Client::new().post(url).header("trailer", "x-mine").body(body);
    let write = async move {
        writer.write("data").await.unwrap();
        let trailers = [(http::HeaderName::from_static("x-mine"), "1".parse().unwrap())];
        writer.trailers(trailers.into_iter().collect()).await.unwrap();
    };
    let (response, (), request) = tokio::join!(request.send(), write, server);
    assert!(request.ends_with("4\r\ndata\r\n0\r\nx-mine: 1\r\n\r\n"), "{request}");
    let mut response = response.unwrap();
    assert!(response.trailers().is_none());
    assert_eq!(response.text().await.unwrap(), "hi");
    assert_eq!(response.trailers().unwrap()["x-sum"], "17");
}
