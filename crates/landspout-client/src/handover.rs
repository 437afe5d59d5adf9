//! A connection that speaks another protocol from now on, on its way from below to the answer.

use bytes::Bytes;
use http::Extensions;
use landspout_handler::{Upgrade, Upgraded};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The connection of an answer that goes on as another protocol. It travels in the answer's
/// extensions, which want values that can be cloned and shared.
#[derive(Debug, Clone)]
struct Handover(Arc<Mutex<Option<Upgraded>>>);

/// Adds a connection to an answer.
pub(crate) fn give(extensions: &mut Extensions, upgraded: Upgraded) {
    extensions.insert(Handover(Arc::new(Mutex::new(Some(upgraded)))));
}

/// Whether an answer has one.
pub(crate) fn is_given(extensions: &Extensions) -> bool {
    extensions.get::<Handover>().is_some()
}

/// Keeps a value as long as the connection of an answer is in use.
pub(crate) fn keep(extensions: &mut Extensions, kept: impl Send + Unpin + 'static) {
    if let Some(io) = take_upgraded(extensions) {
        give(extensions, Upgraded::new(Keeping { io, _kept: kept }, Bytes::new()));
    }
}

/// Takes the connection of an answer.
pub(crate) fn take(extensions: &mut Extensions) -> Option<Upgrade> {
    let upgraded = take_upgraded(extensions)?;
    let (sender, upgrade) = Upgrade::channel();
    sender.send(upgraded);
    Some(upgrade)
}

fn take_upgraded(extensions: &mut Extensions) -> Option<Upgraded> {
    let Handover(upgraded) = extensions.remove()?;
    upgraded.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// I/O that keeps a value until it is dropped.
struct Keeping<T> {
    io: Upgraded,
    _kept: T,
}

impl<T: Unpin> AsyncRead for Keeping<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: Unpin> AsyncWrite for Keeping<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
