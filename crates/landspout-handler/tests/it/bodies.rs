//! Bodies: whole, streamed, written, limited, broken off.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use landspout_handler::{Body, BodyError};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

fn pieces(pieces: &[&'static str]) -> Body {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok::<_, io::Error>(Bytes::from(*piece))).collect();
    Body::stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_body_is_read_whole_or_in_pieces() {
    assert_eq!(pieces(&["a", "b", "c"]).text().await.unwrap(), "abc");
    let mut body = pieces(&["a", "b"]);
    assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
    assert_eq!(body.chunk().await.unwrap().unwrap(), "b");
    assert_eq!(body.chunk().await.unwrap(), None);
    assert_eq!(body.chunk().await.unwrap(), None);
    assert_eq!(Body::empty().bytes().await.unwrap(), "");
}

/// Says how many bytes are left, and fails if a piece is still there when another is asked for.
struct Lent {
    left: u64,
    lent: Vec<Weak<()>>,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        assert!(self.lent.iter().all(|piece| piece.strong_count() == 0));
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let piece = Arc::new(());
        self.lent.push(Arc::downgrade(&piece));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(Piece(piece))))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

struct Piece(#[expect(dead_code, reason = "it is there to be counted")] Arc<()>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        b"x"
    }
}

#[tokio::test]
async fn a_piece_of_an_announced_body_is_let_go_before_the_next_is_asked_for() {
    let body = Body::wrap(Lent { left: 4, lent: Vec::new() });
    assert_eq!(body.text().await.unwrap(), "xxxx");
}

#[test]
fn a_body_knows_its_length_where_that_can_be_known() {
    assert_eq!(Body::from("four").len(), Some(4));
    assert_eq!(Body::empty().len(), Some(0));
    assert!(Body::from("").is_empty());
    assert_eq!(pieces(&["a"]).len(), None);
    assert!(!pieces(&["a"]).is_empty());
}

#[tokio::test]
async fn the_limit_counts_bytes_that_arrive() {
    assert_eq!(pieces(&["abc", "def"]).limit(6).text().await.unwrap(), "abcdef");
    let mut body = pieces(&["abc", "def"]).limit(5);
    assert_eq!(body.chunk().await.unwrap().unwrap(), "abc");
    let error = body.chunk().await.unwrap_err();
    assert!(error.is_too_large());
    assert_eq!(error.to_string(), "the body is longer than 5 bytes");
    assert_eq!(body.chunk().await.unwrap(), None, "nothing more comes out of it");
}

#[tokio::test]
async fn a_later_limit_replaces_an_earlier_one() {
    assert_eq!(Body::from("abcd").limit(1).limit(4).text().await.unwrap(), "abcd");
}

#[tokio::test]
async fn an_error_of_the_stream_is_an_error_of_the_body() {
    let items = [Ok(Bytes::from("a")), Err(io::Error::other("torn"))];
    let mut body = Body::stream(stream::iter(items));
    body.chunk().await.unwrap();
    let error = body.chunk().await.unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "torn");
}

#[tokio::test]
async fn a_stream_that_has_ended_or_failed_is_not_asked_again() {
    let mut pieces = ["a"].into_iter();
    let once = stream::poll_fn(move |_| match pieces.next() {
        Some(piece) => Poll::Ready(Some(Ok::<_, io::Error>(Bytes::from(piece)))),
        None => Poll::Ready(None),
    });
    // `unfold` panics when it is polled after its end.
    let once = stream::unfold(Some(Box::pin(once)), |once| async move {
        let mut once = once?;
        futures_util::StreamExt::next(&mut once).await.map(|item| (item, Some(once)))
    });
    let mut body = Body::stream(once);
    assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
    assert_eq!(body.chunk().await.unwrap(), None);
    assert!(body.is_empty());
    assert_eq!(body.chunk().await.unwrap(), None);

    let mut body = Body::stream(stream::repeat_with(|| Err::<Bytes, _>(io::Error::other("torn"))));
    assert!(body.chunk().await.is_err());
    assert_eq!(body.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_malformed() {
    let error = Body::from(&b"\xff"[..]).text().await.unwrap_err();
    assert!(error.is_malformed());
}

#[tokio::test]
async fn a_dropped_writer_aborts_the_body() {
    let (mut writer, mut body) = Body::writer();
    writer.write("half").await.unwrap();
    drop(writer);
    assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
    assert!(body.chunk().await.unwrap_err().is_incomplete());
    assert_eq!(body.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn a_writer_waits_for_its_reader_and_learns_that_it_left() {
    let (mut writer, body) = Body::writer();
    writer.write("one").await.unwrap();
    let second = tokio::spawn(async move { (writer.write("two").await, writer.closed().await) });
    tokio::task::yield_now().await;
    assert!(!second.is_finished(), "one piece waits at most");
    drop(body);
    let (written, ()) = second.await.unwrap();
    assert!(written.unwrap_err().is_incomplete());
}

#[tokio::test]
async fn trailers_follow_the_last_piece() {
    let (mut writer, body) = Body::writer();
    let trailers =
        HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
    let (_, collected) = tokio::join!(
        async {
            writer.write("data").await?;
            writer.trailers(trailers).await
        },
        body.collect(),
    );
    let (data, trailers) = collected.unwrap();
    assert_eq!(
        (data, &trailers.unwrap()["x-sum"]),
        ("data".into(), &HeaderValue::from_static("7"))
    );
}

#[test]
fn each_kind_of_error_has_its_question() {
    let questions = |error: BodyError| {
        [error.is_too_large(), error.is_timeout(), error.is_incomplete(), error.is_malformed()]
    };
    assert_eq!(questions(BodyError::too_large(1)), [true, false, false, false]);
    assert_eq!(questions(BodyError::timeout()), [false, true, false, false]);
    assert_eq!(questions(BodyError::incomplete("x")), [false, false, true, false]);
    assert_eq!(questions(BodyError::malformed("x")), [false, false, false, true]);
    assert_eq!(questions(BodyError::other("x")), [false; 4]);
}
