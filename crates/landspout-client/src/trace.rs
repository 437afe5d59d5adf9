//! The trace that a request belongs to (W3C Trace Context).

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Characters of `tracestate` that are passed on; whoever has more passes on none (W3C Trace
/// Context §3.3.1.5 asks for 512 at least).
const MAX_STATE: usize = 8 * 1024;

/// The trace that a request belongs to, and the span within it that made the request: what goes out
/// as `traceparent` and `tracestate`.
///
/// The client makes no ids by itself: it passes on the context that a request has, in its options or
/// in its extensions.
///
/// ```
/// use landspout_client::TraceContext;
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = TraceContext::parse(header, None).unwrap();
/// assert!(context.is_sampled());
/// assert_eq!(context.to_string(), header);
/// let child = context.child();
/// assert_eq!(child.trace_id(), context.trace_id());
/// assert_ne!(child.span_id(), context.span_id());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// Not zero.
    trace_id: u128,
    /// Not zero.
    span_id: u64,
    flags: u8,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// A new trace, of random ids, with a span in it; `is_sampled` tells the others whether this one
    /// is recorded.
    pub fn random(is_sampled: bool) -> TraceContext {
        let trace_id = (u128::from(crate::random::bits()) << 64) | u128::from(span_id());
        TraceContext { trace_id, span_id: span_id(), flags: u8::from(is_sampled), state: None }
    }

    /// Another span of the same trace, with a random id.
    #[must_use]
    pub fn child(&self) -> TraceContext {
        TraceContext { span_id: span_id(), ..self.clone() }
    }

    /// Reads the values of the two headers. `None` if the first one is malformed or of version 255;
    /// of later versions than 00 it reads what 00 has. A second one that is no header value or is
    /// over 8 KiB is left out.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<TraceContext> {
        let (version, rest) = (hex(traceparent.get(..2)?)?, traceparent.get(2..)?);
        let fields = rest.strip_prefix('-')?;
        let mut parts = fields.splitn(4, '-');
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let has_form = trace.len() == 32 && span.len() == 16 && flags.len() == 2;
        if !has_form || version == 255 || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let (trace_id, span_id) = (hex(trace)?, u64::try_from(hex(span)?).ok()?);
        if trace_id == 0 || span_id == 0 {
            return None;
        }
        let state = tracestate.filter(|state| !state.is_empty() && state.len() <= MAX_STATE);
        let state = state.and_then(|state| HeaderValue::from_str(state).ok());
        Some(TraceContext { trace_id, span_id, flags: u8::try_from(hex(flags)?).ok()?, state })
    }

    /// Reads the context of a request that came in, to pass it on.
    pub fn from_headers(headers: &HeaderMap) -> Option<TraceContext> {
        let traceparent = headers.get(TRACEPARENT)?.to_str().ok()?;
        // RFC 9110 §5.3: several are one list.
        let states: Option<Vec<_>> =
            headers.get_all(TRACESTATE).iter().map(|state| state.to_str().ok()).collect();
        TraceContext::parse(traceparent, states.map(|states| states.join(",")).as_deref())
    }

    /// The trace.
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The span that makes the request.
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Whether the caller records the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Adds the headers, where the caller has set none.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        if headers.contains_key(TRACEPARENT) {
            return;
        }
        let value = HeaderValue::try_from(self.to_string());
        headers.insert(TRACEPARENT, value.expect("digits and hyphens are a header value"));
        headers.remove(TRACESTATE);
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }
}

/// The value of `traceparent`, in version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// A random id that is not zero.
fn span_id() -> u64 {
    crate::random::bits().max(1)
}

/// Digits in lower case, which is how the ids must be written.
fn hex(text: &str) -> Option<u128> {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}
