//! Who tells of one loop's requests.

use super::line::Lines;
use super::request_id::{RequestIds, is_acceptable};
use super::writer::LogWriter;
use super::{LogConfig, LogFormat, Record, event};
use crate::tally::Tally;
use http::header::{HOST, REFERER, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use landspout_handler::Request;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

/// Begins a [`Record`] for each request, if there is anything to tell, and ends it.
#[derive(Debug)]
pub(crate) struct Observer {
    config: LogConfig,
    ids: RequestIds,
    lines: Option<Lines>,
    /// There is a record for each request, whoever listens.
    always: bool,
    pub(crate) tally: Option<Arc<Tally>>,
}

impl Observer {
    /// `writer` takes the lines, if the format is one of text.
    pub(crate) fn new(
        config: LogConfig,
        writer: Option<LogWriter>,
        tally: Option<Arc<Tally>>,
    ) -> Rc<Observer> {
        let lines = writer.map(|writer| Lines::new(config.format, config.query, writer));
        let always = lines.is_some() || tally.is_some() || config.request_id.is_some();
        Rc::new(Observer { config, ids: RequestIds::new(), lines, always, tally })
    }

    /// Takes down a request and tells it what it is known by, if anybody wants to hear of it;
    /// `is_trusted` says that a proxy handed it on that is believed.
    #[inline]
    pub(crate) fn begin(
        self: &Rc<Self>,
        request: &mut Request,
        is_trusted: bool,
    ) -> Option<Box<Record>> {
        let is_wanted = self.always
            || self.config.span
            || self.config.format == LogFormat::Events && event::is_wanted();
        if is_wanted { self.take_down(request, is_trusted) } else { None }
    }

    #[inline(never)]
    fn take_down(self: &Rc<Self>, request: &mut Request, is_trusted: bool) -> Option<Box<Record>> {
        let headers = request.headers();
        let id = self.id(headers, is_trusted);
        let span = if self.config.span { span(request, id.as_ref()) } else { Span::none() };
        let listened = || self.config.format == LogFormat::Events && event::is_wanted();
        if !self.always && span.is_disabled() && !listened() {
            return None;
        }
        if let Some(tally) = &self.tally {
            tally.begun.add(1);
        }
        let text = |name| match self.config.format {
            LogFormat::Json => headers.get(name).cloned(),
            LogFormat::Combined if name != HOST => headers.get(name).cloned(),
            _ => None,
        };
        let record = Record {
            observer: self.clone(),
            started: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            client: request.client_ip(),
            id,
            span,
            host: text(HOST),
            referer: text(REFERER),
            user_agent: text(USER_AGENT),
            route: None,
            status: None,
            bytes: 0,
            complete: false,
        };
        record.introduce(request);
        Some(Box::new(record))
    }

    fn id(&self, headers: &HeaderMap, is_trusted: bool) -> Option<HeaderValue> {
        let name = self.config.request_id.as_ref()?;
        let sent = headers.get(name).filter(|id| is_trusted && is_acceptable(id)).cloned();
        Some(sent.unwrap_or_else(|| self.ids.make()))
    }

    /// Puts the id of a request on its answer.
    pub(crate) fn mark(&self, record: &Record, headers: &mut HeaderMap) {
        if let (Some(name), Some(id)) = (&self.config.request_id, &record.id) {
            headers.insert(name, id.clone());
        }
    }

    pub(super) fn tell(&self, record: &Record) {
        if self.config.format == LogFormat::Events {
            event::emit(record);
        }
        if let Some(lines) = &self.lines {
            lines.add(record);
        }
        if let Some(tally) = &self.tally {
            tally.end(record);
        }
    }

    /// Hands on what is collected. Ten times a second, and at the end.
    pub(crate) fn flush(&self) {
        if let Some(lines) = &self.lines {
            lines.flush();
        }
    }
}

fn span(request: &Request, id: Option<&HeaderValue>) -> Span {
    tracing::info_span!(
        target: "landspout::request",
        "request",
        method = %request.method(),
        path = request.uri().path(),
        id = id.and_then(|id| id.to_str().ok()),
        route = Empty,
        status = Empty,
    )
}
