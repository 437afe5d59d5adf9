//! Turning away a connection for which there is no room.

use crate::stream::Stream;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_local;
use tokio::time::timeout;

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\
    connection: close\r\ncontent-length: 0\r\n\r\n";

/// How many refused connections are told so at a time. Under an attack the others are closed
/// without a word, because to tell them costs what there is too little of.
const AT_A_TIME: usize = 128;

/// How long a refused client has to read its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The connections that are being turned away.
#[derive(Debug, Default)]
pub(crate) struct TurnedAway(Cell<usize>);

impl TurnedAway {
    /// Answers 503 and closes.
    pub(crate) fn refuse(self: &Rc<Self>, stream: Stream) {
        if self.0.get() < AT_A_TIME {
            self.0.set(self.0.get() + 1);
            let turned_away = self.clone();
            spawn_local(async move {
                drop(timeout(PATIENCE, tell(stream)).await);
                turned_away.0.set(turned_away.0.get() - 1);
            });
        }
    }
}

/// As every close: not both sides at once, so that the client reads the answer before a reset.
async fn tell(mut stream: Stream) -> std::io::Result<()> {
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
