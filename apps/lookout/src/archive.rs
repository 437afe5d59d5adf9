//! The history, read without holding up the loop.

use std::sync::{Arc, Mutex, PoisonError};

use landspout::Error;
use landspout::event_loop::run_blocking;

use crate::store::{Reader, StoreError};

/// Reads the history in the blocking pool, one read after the other.
#[derive(Debug, Clone)]
pub struct Archive(Arc<Mutex<Reader>>);

impl Archive {
    /// An archive over this reader.
    pub fn new(reader: Reader) -> Archive {
        Archive(Arc::new(Mutex::new(reader)))
    }

    /// Runs `read` in the blocking pool.
    ///
    /// # Errors
    ///
    /// A 500 when the file cannot be read, a 503 when too many reads wait already.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let reader = Arc::clone(&self.0);
        let run = run_blocking(move || {
            // A read that panicked has left nothing half done: it only reads.
            read(&reader.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match run.await {
            Ok(read) => Ok(read?),
            Err(busy) => Err(Error::new(503, "too many are reading the history").caused_by(busy)),
        }
    }
}
