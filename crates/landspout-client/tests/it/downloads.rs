//! Downloads, and how they go on.

use crate::script::{Act, Server, write};
use landspout_client::{Client, Download, DownloadError, Downloaded};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const ETAG: &str = "ETag: \"v1\"\r\n";

/// An answer of 20 bytes that breaks off after 8.
fn broken(headers: &str) -> Vec<Act> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n{headers}\r\n01234567");
    vec![Act::Read, write(head)]
}

fn part(range: &str, headers: &str, body: &str) -> Vec<Act> {
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    vec![Act::Read, write(head)]
}

fn whole(body: &str) -> Vec<Act> {
    let len = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\nETag: \"v2\"\r\n\r\n{body}");
    vec![Act::Read, write(head)]
}

async fn save(download: Download) -> Result<(Downloaded, String), DownloadError> {
    let mut bytes = Vec::new();
    let downloaded = download.to_writer(&mut bytes).await?;
    Ok((downloaded, String::from_utf8(bytes).unwrap()))
}

fn get(server: &Server) -> Download {
    Client::new().get(server.url("/")).download()
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let rest = part("bytes 8-19/20", ETAG, "89abcdefghij");
    let server = Server::play([broken(ETAG), rest]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let download =
        get(&server).on_progress(move |bytes, total| log.lock().unwrap().push((bytes, total)));
    let (downloaded, text) = save(download).await.unwrap();
    assert_eq!(text, "0123456789abcdefghij");
    assert_eq!((downloaded.bytes, downloaded.resumed), (20, 1));
    assert_eq!(*seen.lock().unwrap(), [(8, Some(20)), (20, Some(20))]);
    let requests = server.requests();
    assert!(
        requests[0].contains("accept-encoding: identity\r\n") && !requests[0].contains("range")
    );
    assert!(requests[1].contains("range: bytes=8-\r\n"));
    assert!(requests[1].contains("if-range: \"v1\"\r\n"));
}

#[tokio::test]
async fn a_part_that_is_shorter_than_the_rest_is_followed_by_others() {
    let parts = [part("bytes 8-11/20", ETAG, "89ab"), part("bytes 12-19/20", ETAG, "cdefghij")];
    let [first, second] = parts;
    let server = Server::play([broken(ETAG), first, second]).await;
    let (downloaded, text) = save(get(&server)).await.unwrap();
    assert_eq!(text, "0123456789abcdefghij");
    assert_eq!((downloaded.bytes, downloaded.resumed), (20, 1));
    assert!(server.requests()[2].contains("range: bytes=12-\r\n"));
}

#[tokio::test]
async fn a_date_of_change_is_enough_if_it_is_old() {
    let date = |time: &str| {
        format!(
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 {time} GMT\r\n"
        )
    };
    let server =
        Server::play([broken(&date("08:50:37")), part("bytes 8-19/20", "", "89abcdefghij")]).await;
    assert_eq!(save(get(&server)).await.unwrap().1, "0123456789abcdefghij");
    assert!(server.requests()[1].contains("if-range: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    for weak in
        [&date("08:50:36")[..], "ETag: W/\"v1\"\r\n", "Accept-Ranges: none\r\nETag: \"v\"\r\n", ""]
    {
        let server = Server::play([broken(weak), whole("all of it")]).await;
        let error = save(get(&server)).await.unwrap_err();
        assert!(error.to_string().contains("cannot be taken back"), "{error:?}");
        assert!(!server.requests()[1].contains("range:"));
    }
}

#[tokio::test]
async fn a_part_that_does_not_fit_is_refused() {
    for (range, headers) in [
        ("bytes 9-19/20", ETAG),
        ("bytes 8-19/21", ETAG),
        ("bytes 8-20/20", ETAG),
        ("bytes 8-7/20", ETAG),
        ("bytes 8-19/20", "ETag: \"v2\"\r\n"),
        ("lines 8-19/20", ETAG),
        ("bytes */20", ETAG),
        ("nonsense", ETAG),
    ] {
        let server = Server::play([broken(ETAG), part(range, headers, "89abcdefghij")]).await;
        let error = save(get(&server)).await.unwrap_err();
        assert_eq!((error.written(), error.validator()), (8, Some("\"v1\"")), "{range}");
        assert!(error.to_string().contains("part"), "{range}: {error}");
    }
    let server = Server::play([part("bytes 0-4/5", "", "hello")]).await;
    assert!(save(get(&server)).await.is_err(), "nobody asked for a part");
}

#[tokio::test]
async fn it_gives_up_after_so_many_times_and_says_where_it_was() {
    let server = Server::play([broken(ETAG), vec![Act::Read, Act::Reset]]).await;
    let error = save(get(&server).max_resumes(2)).await.unwrap_err();
    assert_eq!((server.requests().len(), error.written()), (3, 8));
    assert!(error.fetch_error().is_some() && error.status().is_none());
    let server = Server::answering("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").await;
    let error = save(get(&server)).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(server.requests().len(), 1);
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("landspout-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_file_that_changed_is_fetched_from_the_beginning() {
    let folder = Folder::new("changed");
    let path = folder.0.join("file");
    std::fs::write(&path, "what was there").unwrap();
    for first in [broken(ETAG), broken("")] {
        let server = Server::play([first, whole("new")]).await;
        let downloaded = get(&server).to_file(&path).await.unwrap();
        assert_eq!((downloaded.bytes, downloaded.resumed), (3, 1));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(folder.names(), ["file"]);
    }
}

#[tokio::test]
async fn what_is_left_of_a_file_can_be_gone_on_with_by_another_program() {
    let folder = Folder::new("later");
    let path = folder.0.join("file");
    let server = Server::play([broken(ETAG)]).await;
    let error = get(&server).max_resumes(0).to_file(&path).await.unwrap_err();
    assert_eq!(folder.names(), ["file.part"]);
    let (written, validator) = (error.written(), error.validator().unwrap());

    let server = Server::play([part("bytes 8-19/20", ETAG, "89abcdefghij")]).await;
    let download = get(&server).resume_from(written, validator);
    assert_eq!(download.to_file(&path).await.unwrap().bytes, 20);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "0123456789abcdefghij");
    assert_eq!(folder.names(), ["file"]);

    let too_far = get(&server).resume_from(30, validator).to_file(&path).await;
    assert!(too_far.unwrap_err().to_string().contains("could not be written"));
}

#[tokio::test]
async fn a_file_that_is_complete_already_stays_and_a_range_that_is_gone_is_not_asked_for() {
    let folder = Folder::new("complete");
    let path = folder.0.join("file");
    std::fs::write(folder.0.join("file.part"), "hello").unwrap();
    let none = "HTTP/1.1 416 No\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering(none).await;
    let downloaded = get(&server).resume_from(5, "\"v\"").to_file(&path).await.unwrap();
    assert_eq!(downloaded.bytes, 5);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");

    std::fs::write(folder.0.join("file.part"), "hello, hello").unwrap();
    let server = Server::play([vec![Act::Read, write(none)], whole("hi")]).await;
    get(&server).resume_from(12, "\"v\"").to_file(&path).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hi");
    assert!(!server.requests()[1].contains("range"));
}

#[tokio::test]
async fn a_file_that_cannot_be_had_leaves_nothing_behind() {
    let folder = Folder::new("nothing");
    let server = Server::answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").await;
    assert!(get(&server).to_file(folder.0.join("file")).await.is_err());
    assert!(folder.names().is_empty());
    assert!(get(&server).to_file(folder.0.join("no/such/folder")).await.is_err());
}

#[tokio::test]
async fn a_limit_of_size_is_not_gone_on_after() {
    let server = Server::play([whole("hello, hello")]).await;
    let download = Client::new().get(server.url("/")).max_body_size(5).download();
    let error = save(download).await.unwrap_err();
    assert!(error.fetch_error().unwrap().is_too_large());
    assert_eq!(server.requests().len(), 1);
}
