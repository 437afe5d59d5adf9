//! What is told of each request: the access log, the request's id, its span.

mod config;
mod event;
mod line;
mod observer;
mod record;
mod request_id;
mod writer;

pub use config::{LogConfig, LogFormat};
pub(crate) use observer::Observer;
pub(crate) use record::Record;
pub(crate) use writer::{LogWriter, WeakLogWriter};
