//! Where a download is written to.

use super::error::Kind;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};

/// Where a download is written to.
pub(super) trait Sink: Send {
    fn write(&mut self, piece: &[u8]) -> impl Future<Output = Result<(), Kind>> + Send;

    fn flush(&mut self) -> impl Future<Output = Result<(), Kind>> + Send;

    /// Takes back what was written.
    fn restart(&mut self) -> impl Future<Output = Result<(), Kind>> + Send;
}

/// A file that is written beside the one that it becomes.
#[derive(Debug)]
pub(super) struct FileSink {
    file: File,
    part: PathBuf,
    path: PathBuf,
}

impl FileSink {
    /// Opens the `.part` of a file, and keeps its first bytes.
    pub(super) async fn open(path: &Path, keeps: u64) -> io::Result<FileSink> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(false).open(&part).await?;
        let there = file.metadata().await?.len();
        if there < keeps {
            let what = format!("{} has {there} bytes, and not {keeps}", part.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        file.set_len(keeps).await?;
        file.seek(io::SeekFrom::Start(keeps)).await?;
        Ok(FileSink { file, part, path: path.to_owned() })
    }

    /// Puts it in its place.
    pub(super) async fn commit(mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        fs::rename(&self.part, &self.path).await
    }

    /// Removes it.
    pub(super) async fn discard(self) {
        if let Err(error) = fs::remove_file(&self.part).await {
            tracing::debug!(%error, path = %self.part.display(), "what is left of a download stays");
        }
    }
}

impl Sink for FileSink {
    async fn write(&mut self, piece: &[u8]) -> Result<(), Kind> {
        self.file.write_all(piece).await.map_err(Kind::Write)
    }

    async fn flush(&mut self) -> Result<(), Kind> {
        self.file.flush().await.map_err(Kind::Write)
    }

    async fn restart(&mut self) -> Result<(), Kind> {
        self.file.flush().await.map_err(Kind::Write)?;
        self.file.set_len(0).await.map_err(Kind::Write)?;
        self.file.rewind().await.map(drop).map_err(Kind::Write)
    }
}

/// Any writer, which takes nothing back.
#[derive(Debug)]
pub(super) struct WriterSink<'a, W> {
    writer: &'a mut W,
    has_written: bool,
}

impl<'a, W> WriterSink<'a, W> {
    pub(super) fn new(writer: &'a mut W, written: u64) -> WriterSink<'a, W> {
        WriterSink { writer, has_written: written > 0 }
    }
}

impl<W: AsyncWrite + Send + Unpin> Sink for WriterSink<'_, W> {
    async fn write(&mut self, piece: &[u8]) -> Result<(), Kind> {
        self.has_written = true;
        self.writer.write_all(piece).await.map_err(Kind::Write)
    }

    async fn flush(&mut self) -> Result<(), Kind> {
        self.writer.flush().await.map_err(Kind::Write)
    }

    async fn restart(&mut self) -> Result<(), Kind> {
        if self.has_written { Err(Kind::Changed) } else { Ok(()) }
    }
}
