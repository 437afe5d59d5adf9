//! A request in the making.

use crate::auth::{conceal, is_secret};
use crate::call::{Call, Role};
use crate::callback::Callbacks;
use crate::client::invalid;
use crate::error::Cause;
use crate::fetch::Fetch;
use crate::target::{Target, TargetError, basic_credentials};
use crate::{
    Client, ClientResponse, FetchError, FetchHandle, FileBody, HttpVersion, Multipart, ProxyConfig,
    Replay, RequestOptions, TlsConfig,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use landspout_handler::Body;
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A request in the making; begun by [`Client::get`] and its like, and sent by
/// [`send`](RequestBuilder::send). What is wrong with it comes out there.
///
/// ```
/// use landspout_client::{Client, Request};
/// use std::time::Duration;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # async fn echo(mut request: Request) -> Result<String, landspout_client::Error> { request.text().await }
/// # let client = Client::over(echo);
/// let mut response = client
///     .post("http://localhost/stories")
///     .header("x-request-id", "17")
///     .json(&["once", "upon"])
///     .timeout(Duration::from_secs(5))
///     .send()
///     .await?;
/// assert_eq!(response.text().await?, r#"["once","upon"]"#);
/// # Ok(()) }
/// # let builder = &mut tokio::runtime::Builder::new_current_thread();
/// # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    call: Box<Call>,
    /// In a box, because most requests have none.
    options: Option<Box<RequestOptions>>,
    /// In a box, for the same reason.
    callbacks: Option<Box<Callbacks>>,
    /// The first thing that was wrong.
    error: Option<Cause>,
}

impl RequestBuilder {
    pub(crate) fn new(
        client: Client,
        method: Method,
        target: Result<Target, TargetError>,
    ) -> RequestBuilder {
        let (target, error) = match target {
            Ok(target) => (target, None),
            // It is not sent.
            Err(error) => (Target::nowhere(), Some(error.into())),
        };
        let rules = client.rules();
        let (place, body) = ((method, target), (Body::empty(), None));
        let call = Box::new(Call::new(place, HeaderMap::new(), body, rules, Role::Agent));
        RequestBuilder { client, call, options: None, callbacks: None, error }
    }

    /// Adds to the query: pairs, a map, or a struct whose fields are values or lists of them.
    pub fn query<T: Serialize + ?Sized>(mut self, query: &T) -> RequestBuilder {
        let added = serde_html_form::to_string(query).map_err(Cause::from);
        let added =
            added.and_then(|query| self.call.target.append_query(&query).map_err(Cause::from));
        self.note(added);
        self
    }

    /// Sets a header, in place of any of the same name.
    pub fn header<N, V>(mut self, name: N, value: V) -> RequestBuilder
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name: Result<HeaderName, http::Error> = name.try_into().map_err(Into::into);
        let value: Result<HeaderValue, http::Error> = value.try_into().map_err(Into::into);
        match (name, value) {
            (Ok(name), Ok(value)) => {
                let value = conceal(&name, value);
                self.call.headers.insert(name, value);
            }
            (Err(error), _) | (_, Err(error)) => self.note(Err(error.into())),
        }
        self
    }

    /// Adds headers, each in place of any of the same name.
    pub fn headers(mut self, headers: HeaderMap) -> RequestBuilder {
        self.call.headers.extend(headers);
        for (name, value) in &mut self.call.headers {
            value.set_sensitive(value.is_sensitive() || is_secret(name));
        }
        self
    }

    /// Sets the body: bytes, text, or a stream by [`Body::stream`] or [`Body::writer`].
    ///
    /// A stream goes out in chunks; with a header `Content-Length` it goes out at that length, and
    /// one that turns out shorter breaks the request off, one that turns out longer is cut. A body
    /// may go with any method, GET too: some servers want it, though most pay it no heed.
    pub fn body(mut self, body: impl Into<Body>) -> RequestBuilder {
        self.call.body = body.into();
        self.call.replay = None;
        self
    }

    /// Sets the body to one that can be made anew: it streams, and is sent again after a redirect, a
    /// challenge or a failure as one that is whole would be.
    pub fn replay(mut self, replay: Replay) -> RequestBuilder {
        self.call.replay = Some(replay);
        self
    }

    /// Sets the body to a file, which is sent with its length.
    pub fn file(self, file: FileBody) -> RequestBuilder {
        self.replay(file.replay())
    }

    /// Sets the body to a form with files, and `Content-Type` to what it must be.
    pub fn multipart(mut self, form: Multipart) -> RequestBuilder {
        self.call.headers.insert(CONTENT_TYPE, form.content_type());
        self.replay(form.replay())
    }

    /// Leaves out a header that the client would add by itself, or that was set before. `Host` and
    /// those of the framing are sent all the same.
    pub fn without_header(mut self, name: HeaderName) -> RequestBuilder {
        self.call.headers.remove(&name);
        self.options(|options| options.without_header(name))
    }

    /// Sets options by their setters, beside those that were set.
    pub fn options(mut self, set: impl FnOnce(RequestOptions) -> RequestOptions) -> RequestBuilder {
        let own = self.options.take().map_or_else(RequestOptions::default, |own| *own);
        self.options = Some(Box::new(set(own)));
        self
    }

    /// Sets the body to a value as JSON, and `Content-Type` to `application/json` if there is none.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> RequestBuilder {
        let json = serde_json::to_vec(value).map_err(Cause::from);
        self.typed("application/json", json)
    }

    /// Sets the body to a form, and `Content-Type` to `application/x-www-form-urlencoded` if there
    /// is none: pairs, a map, or a struct whose fields are values or lists of them.
    pub fn form<T: Serialize + ?Sized>(self, fields: &T) -> RequestBuilder {
        let form = serde_html_form::to_string(fields).map(String::into_bytes).map_err(Cause::from);
        self.typed("application/x-www-form-urlencoded", form)
    }

    fn typed(mut self, content_type: &'static str, body: Result<Vec<u8>, Cause>) -> RequestBuilder {
        let content_type = HeaderValue::from_static(content_type);
        self.call.headers.entry(CONTENT_TYPE).or_insert(content_type);
        let body = body.map(|bytes| self.call.body = bytes.into());
        self.call.replay = None;
        self.note(body);
        self
    }

    /// Sets `Authorization` to a user and a password (RFC 7617). The same can stand in the URL.
    pub fn basic_auth(mut self, user: &str, password: &str) -> RequestBuilder {
        let value = basic_credentials(user.as_bytes(), password.as_bytes());
        self.call.headers.insert(AUTHORIZATION, value);
        self
    }

    /// Sets `Authorization` to a token (RFC 6750).
    pub fn bearer_auth(mut self, token: &str) -> RequestBuilder {
        let value = HeaderValue::try_from(format!("Bearer {token}")).map_err(Cause::from);
        let set = value.map(|mut value| {
            value.set_sensitive(true);
            self.call.headers.insert(AUTHORIZATION, value);
        });
        self.note(set);
        self
    }

    /// Sets all [options](RequestOptions) at once, in place of any that were set.
    pub fn with_options(mut self, options: RequestOptions) -> RequestBuilder {
        self.options = Some(Box::new(options));
        self
    }

    /// How long the whole request may take, in place of the client's
    /// [`timeout`](crate::ClientConfig#structfield.timeout). Zero is no limit.
    pub fn timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.timeout(limit))
    }

    /// How long the request may wait for a place in the pool, in place of the client's
    /// [`queue_timeout`](crate::ClientConfig#structfield.queue_timeout). Zero is no limit.
    pub fn queue_timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.queue_timeout(limit))
    }

    /// How long making a connection may take, in place of the client's
    /// [`connect_timeout`](crate::ClientConfig#structfield.connect_timeout). Zero is no limit.
    pub fn connect_timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.connect_timeout(limit))
    }

    /// How long negotiating TLS may take, in place of the client's
    /// [`tls_timeout`](crate::ClientConfig#structfield.tls_timeout). Zero is no limit.
    pub fn tls_timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.tls_timeout(limit))
    }

    /// How long the head of the answer may take, in place of the client's
    /// [`first_byte_timeout`](crate::ClientConfig#structfield.first_byte_timeout). Zero is no limit.
    pub fn first_byte_timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.first_byte_timeout(limit))
    }

    /// How long the body may go without a byte, in place of the client's
    /// [`read_timeout`](crate::ClientConfig#structfield.read_timeout). Zero is no limit.
    pub fn read_timeout(self, limit: Duration) -> RequestBuilder {
        self.options(|options| options.read_timeout(limit))
    }

    /// Which proxies the request goes through, in place of the client's
    /// [`proxy`](crate::ClientConfig#structfield.proxy).
    pub fn proxy(self, proxy: ProxyConfig) -> RequestBuilder {
        self.options(|options| options.proxy(proxy))
    }

    /// How the server is trusted, in place of the client's
    /// [`tls`](crate::ClientConfig#structfield.tls). What is said of the one server stays behind
    /// when a redirect leads to another origin: see
    /// [`RedirectAction::Follow`](crate::RedirectAction::Follow).
    pub fn tls(self, tls: TlsConfig) -> RequestBuilder {
        self.options(|options| options.tls(tls))
    }

    /// Which version of HTTP to speak, in place of the client's
    /// [`http_version`](crate::ClientConfig#structfield.http_version).
    pub fn http_version(self, version: HttpVersion) -> RequestBuilder {
        self.options(|options| options.http_version(version))
    }

    /// The address of this machine that the connection comes from, in place of the client's
    /// [`local_address`](crate::ClientConfig#structfield.local_address).
    pub fn local_address(self, address: IpAddr) -> RequestBuilder {
        self.options(|options| options.local_address(address))
    }

    /// Gives a host these addresses, before the client's
    /// [`resolve`](crate::ClientConfig#structfield.resolve).
    pub fn resolve(
        self,
        host: impl Into<String>,
        addrs: impl IntoIterator<Item = SocketAddr>,
    ) -> RequestBuilder {
        self.options(|options| options.resolve(host, addrs))
    }

    /// Sends the request to a Unix socket; host and path are those of the URL.
    pub fn unix_socket(self, path: impl Into<PathBuf>) -> RequestBuilder {
        self.options(|options| options.unix_socket(path))
    }

    /// How many redirects to follow, in place of the client's
    /// [`max_redirects`](crate::ClientConfig#structfield.max_redirects). With 0 the redirect itself
    /// is the answer.
    pub fn max_redirects(self, limit: usize) -> RequestBuilder {
        self.options(|options| options.max_redirects(limit))
    }

    /// How many bytes the body of the answer may have, in place of the client's
    /// [`max_body_size`](crate::ClientConfig#structfield.max_body_size).
    pub fn max_body_size(self, bytes: u64) -> RequestBuilder {
        self.options(|options| options.max_body_size(bytes))
    }

    /// Whether to ask for a compressed answer and to decompress it, in place of the client's
    /// [`decompress`](crate::ClientConfig#structfield.decompress).
    pub fn decompress(self, decompress: bool) -> RequestBuilder {
        self.options(|options| options.decompress(decompress))
    }

    /// Sends the request.
    ///
    /// # Errors
    /// There is no answer, or the request is none that could be sent: see [`FetchError`].
    ///
    /// # Cancel safety
    /// As for [`Client::fetch`].
    pub async fn send(self) -> Result<ClientResponse, FetchError> {
        let RequestBuilder { client, mut call, options, callbacks, error } = self;
        call.stopwatch.start();
        if let Some(error) = error {
            return Err(invalid(error, &call.method, call.stopwatch));
        }
        if let Some(options) = options {
            call.set_rules(client.merged(*options).over(client.config()));
        }
        if let Some(replay) = &call.replay {
            call.body = replay.body();
        }
        let response = Fetch::new(&client.inner, call).run().await?;
        match callbacks {
            Some(callbacks) => callbacks.call(response).await,
            None => Ok(response),
        }
    }

    /// Makes a stream of server-sent events of the request: see [`EventSource`](crate::sse::EventSource).
    /// What is wrong with the request comes out at the first
    /// [`next`](crate::sse::EventSource::next). Of the request's options its `timeout`,
    /// `max_body_size` and `decompress` do not count: a stream has neither end nor length.
    #[cfg(feature = "sse")]
    pub fn events(self, config: crate::sse::EventSourceConfig) -> crate::sse::EventSource {
        crate::sse::EventSource::new(self, config)
    }

    /// Opens a WebSocket by this request: see [`websocket`](crate::websocket).
    ///
    /// It may take as long as the request's own timeout says, or else the config's
    /// `handshake_timeout`; redirects are followed if the request's own
    /// [`max_redirects`](RequestBuilder::max_redirects) says so, and are refusals if not.
    ///
    /// # Errors
    /// There is no answer, or one that opens no WebSocket: see
    /// [`ConnectError`](crate::websocket::ConnectError).
    ///
    /// # Cancel safety
    /// As for [`Client::fetch`].
    #[cfg(feature = "websocket")]
    pub async fn connect(
        self,
        config: &crate::websocket::Config,
    ) -> Result<
        crate::websocket::WebSocket<crate::websocket::Upgraded>,
        crate::websocket::ConnectError,
    > {
        crate::websocket::connect(self, config).await
    }

    /// Opens a WebSocket by this request, each time that it breaks or is closed: see
    /// [`ReconnectingWebSocket`](crate::websocket::ReconnectingWebSocket). What is wrong with the
    /// request comes out at the first `receive`.
    #[cfg(feature = "websocket")]
    pub fn reconnect(
        self,
        config: crate::websocket::Config,
        reconnect: crate::websocket::ReconnectConfig,
    ) -> crate::websocket::ReconnectingWebSocket {
        crate::websocket::ReconnectingWebSocket::of_request(self, config, reconnect)
    }

    /// A handshake has no body, follows no redirect unless told to, and may take so long.
    #[cfg(feature = "websocket")]
    pub(crate) fn into_handshake(mut self, limit: Duration) -> RequestBuilder {
        self.call.body = Body::empty();
        self.call.replay = None;
        self.call.is_handshake = true;
        self.options(|mut options| {
            options.timeout.get_or_insert(limit);
            options.max_redirects.get_or_insert(0);
            options
        })
    }

    /// The same request once more; `None` if it is none that could be sent, or has a stream for a
    /// body, which can be sent once only. Callbacks stay with this one.
    pub fn try_clone(&self) -> Option<RequestBuilder> {
        if self.error.is_some() {
            return None;
        }
        let Call { method, target, headers, replay, rules, .. } = &*self.call;
        let body = match replay {
            Some(_) => Body::empty(),
            None => self.call.body.try_clone()?,
        };
        let (place, body) = ((method.clone(), target.clone()), (body, replay.clone()));
        let call = Call::new(place, headers.clone(), body, rules.clone(), Role::Agent);
        Some(RequestBuilder {
            client: self.client.clone(),
            call: Box::new(call),
            options: self.options.clone(),
            callbacks: None,
            error: None,
        })
    }

    /// Sends the request, and calls a function with the result: see [`Client::fetch_with`].
    ///
    /// # Panics
    /// The current thread is on no tokio runtime.
    pub fn send_with<F>(self, callback: F) -> FetchHandle
    where
        F: FnOnce(Result<ClientResponse, FetchError>) + Send + 'static,
    {
        FetchHandle::spawn(self.send(), callback)
    }

    pub(crate) fn callbacks(&mut self) -> &mut Callbacks {
        self.callbacks.get_or_insert_default()
    }

    fn note(&mut self, result: Result<(), Cause>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }
}
