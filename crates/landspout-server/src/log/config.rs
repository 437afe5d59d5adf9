//! The settings of what is told of each request.

use http::HeaderName;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a [`Server`](crate::Server) tells of each request.
///
/// ```
/// use landspout_server::{LogFormat, ServerConfig};
///
/// let config: ServerConfig = toml::from_str(r#"
///     [log]
///     format = "json"
///     path = "/var/log/site/access.log"
///     request_id = "x-request-id"
/// "#).unwrap();
/// assert_eq!(config.log.format, LogFormat::Json);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// The form of the access log; events.
    pub format: LogFormat,

    /// The file that lines are added to; none is the standard output. It is opened when the server
    /// is bound, and again at [`ServerHandle::reopen_log`](crate::ServerHandle::reopen_log), so that
    /// it can be rotated by renaming it. Events do not go there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,

    /// How many bytes of lines may wait to be written, of all loops together; 4 MiB. What is more is
    /// thrown away, and counted in the log of the server: requests do not wait for a disk.
    pub buffer_bytes: usize,

    /// Whether lines have the query beside the path; no, because queries carry secrets.
    pub query: bool,

    /// The header of the request's id, such as `x-request-id`; none, then there is no id. What
    /// a [trusted proxy](crate::ProxyConfig) sends in it is taken over if it is 1 to 128 visible
    /// characters of ASCII, else an id is made. It is in the log, in
    /// [`Request::id`](crate::Request::id) and in this header of the answer.
    #[serde(with = "header_name", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<HeaderName>,

    /// Whether each request has a `tracing` span, `request` at level INFO of the target
    /// `landspout::request`, in which its handler runs, with `method`, `path`, `id`, `route` and
    /// `status`; no, because a span costs about as much as the rest of a small request.
    pub span: bool,
}

/// The form of the access log. In TOML: `"events"`, `"common"`, `"combined"`, `"json"` or `"off"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogFormat {
    /// One `tracing` event of the target `landspout::access` at level INFO: whoever subscribes
    /// decides on form and place. It costs nothing while nobody does.
    #[default]
    Events,
    /// The Common Log Format, as Apache's and nginx' `common`; times are in UTC.
    Common,
    /// The same with referrer and user agent.
    Combined,
    /// A JSON object a line.
    Json,
    /// Nothing.
    Off,
}

impl LogFormat {
    /// Whether it is written by the server itself.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, LogFormat::Common | LogFormat::Combined | LogFormat::Json)
    }
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig {
            format: LogFormat::Events,
            path: None,
            buffer_bytes: 4 << 20,
            query: false,
            request_id: None,
            span: false,
        }
    }
}

impl LogConfig {
    /// Sets [`format`](LogConfig#structfield.format).
    #[must_use]
    pub fn format(mut self, format: LogFormat) -> LogConfig {
        self.format = format;
        self
    }

    /// Sets [`path`](LogConfig#structfield.path).
    #[must_use]
    pub fn path(mut self, path: impl Into<PathBuf>) -> LogConfig {
        self.path = Some(path.into());
        self
    }

    /// Sets [`buffer_bytes`](LogConfig#structfield.buffer_bytes).
    #[must_use]
    pub fn buffer_bytes(mut self, buffer_bytes: usize) -> LogConfig {
        self.buffer_bytes = buffer_bytes;
        self
    }

    /// Sets [`query`](LogConfig#structfield.query).
    #[must_use]
    pub fn query(mut self, query: bool) -> LogConfig {
        self.query = query;
        self
    }

    /// Sets [`request_id`](LogConfig#structfield.request_id).
    #[must_use]
    pub fn request_id(mut self, header: HeaderName) -> LogConfig {
        self.request_id = Some(header);
        self
    }

    /// Sets [`span`](LogConfig#structfield.span).
    #[must_use]
    pub fn span(mut self, span: bool) -> LogConfig {
        self.span = span;
        self
    }
}

/// The name of a header in a config file.
mod header_name {
    use http::HeaderName;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        name: &Option<HeaderName>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        name.as_ref().map(HeaderName::as_str).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        source: D,
    ) -> Result<Option<HeaderName>, D::Error> {
        let name = String::deserialize(source)?;
        let parsed = name.parse();
        parsed.map(Some).map_err(|_| de::Error::custom(format!("{name:?} is no header's name")))
    }
}
