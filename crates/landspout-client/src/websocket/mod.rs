//! WebSockets, as a client.
//!
//! ```
//! use landspout_client::Client;
//! use landspout_client::websocket::{Config, Message};
//! # use landspout_client::{Handler, Request, Response};
//! # use landspout_client::websocket::WebSocket;
//! # use landspout_websocket::Offer;
//! # async fn echo(mut request: Request) -> Response {
//! #     let config = Config::default();
//! #     let offer = Offer::read(request.method(), request.version(), request.headers()).unwrap();
//! #     let accepted = offer.accept(&config).unwrap();
//! #     let upgrade = request.take_upgrade().unwrap();
//! #     tokio::task::spawn_local(async move {
//! #         let io = upgrade.await.unwrap();
//! #         let mut socket = WebSocket::new(io, accepted.agreement, &config);
//! #         while let Ok(Some(message)) = socket.receive().await {
//! #             socket.send(message).await.unwrap();
//! #         }
//! #     });
//! #     let mut response = Response::empty(101);
//! #     *response.headers_mut() = accepted.headers;
//! #     response
//! # }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let client = Client::over(echo);
//! # /*
//! let client = Client::new();
//! # */
//! let request = client.websocket("ws://localhost/echo").bearer_auth("token");
//! let mut socket = request.connect(&Config::default()).await?;
//! socket.send("hello").await?;
//! assert_eq!(socket.receive().await?, Some(Message::from("hello")));
//! # Ok(()) }
//! # let builder = &mut tokio::runtime::Builder::new_current_thread();
//! # builder.enable_all().build_local(Default::default()).unwrap().block_on(run()).unwrap();
//! ```
//!
//! The handshake is a request like any other: headers, credentials, proxies, TLS and name resolution
//! are those of the client and of the request. Subprotocols, compression, limits and deadlines are
//! fields of [`Config`].
//!
//! A WebSocket has a connection of HTTP/1.1 for itself. With
//! [`http_version(HttpVersion::Http2)`](crate::RequestBuilder::http_version) it is a stream of an
//! HTTP/2 connection (RFC 8441), which it shares with other requests to the origin, as far as the
//! server offers that; where it does not it is HTTP/1.1 as before, over https and without. There it
//! counts as a request under way: in [`max_streams`](crate::Http2Config#structfield.max_streams), and
//! in the pool's statistics.
//!
//! A [`ReconnectingWebSocket`] is opened again when it breaks.

mod config;
mod connect;
mod error;
mod reconnect;
mod unsent;

pub use config::{ReconnectConfig, UnsentPolicy};
pub use error::{ConnectError, ReconnectError};
pub use reconnect::{ReconnectingSender, ReconnectingWebSocket};

pub(crate) use connect::{connect, http_url};

pub use landspout_handler::Upgraded;
pub use landspout_websocket::{
    CloseCode, CloseFrame, Config, DeflateConfig, Error, Event, HandshakeError, Message, Receiver,
    Sender, WebSocket,
};
