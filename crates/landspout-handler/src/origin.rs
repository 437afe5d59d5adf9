//! Where a request came from, beyond the connection that it came on.

use http::HeaderValue;
use std::net::IpAddr;
use tracing::Span;

/// What a trusted proxy told of the request that it forwarded; see
/// [`Request::set_forwarded`](crate::Request::set_forwarded).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded {
    /// The address of the client. `None` says that nobody knows it.
    pub client: Option<IpAddr>,
    /// Whether the client's connection to the first proxy is encrypted.
    pub secure: bool,
    /// Host and port as the client named them; `None` if they are as in the request itself.
    pub host: Option<Box<str>>,
}

/// What most requests have none of: one word as long as that is so.
#[derive(Default)]
pub(crate) struct Origin(Option<Box<Told>>);

struct Told {
    forwarded: Option<Forwarded>,
    id: Option<HeaderValue>,
    span: Span,
}

static NO_SPAN: Span = Span::none();

impl Origin {
    pub(crate) fn forwarded(&self) -> Option<&Forwarded> {
        self.0.as_ref()?.forwarded.as_ref()
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.0.as_ref()?.id.as_ref()?.to_str().ok()
    }

    pub(crate) fn span(&self) -> &Span {
        self.0.as_ref().map_or(&NO_SPAN, |told| &told.span)
    }

    pub(crate) fn set_forwarded(&mut self, forwarded: Forwarded) {
        self.told().forwarded = Some(forwarded);
    }

    pub(crate) fn set_id(&mut self, id: HeaderValue) {
        self.told().id = Some(id);
    }

    pub(crate) fn set_span(&mut self, span: Span) {
        self.told().span = span;
    }

    pub(crate) fn record_route(&self, pattern: &str) {
        if let Some(told) = &self.0 {
            told.span.record("route", pattern);
        }
    }

    fn told(&mut self) -> &mut Told {
        self.0
            .get_or_insert_with(|| Box::new(Told { forwarded: None, id: None, span: Span::none() }))
    }
}
