//! What takes the place of TLS where the feature `tls` is off: nothing.

use crate::TlsConfig;
use crate::error::Cause;
use tokio::net::TcpStream;

/// Refuses every connection.
#[derive(Debug)]
pub(crate) struct Tls;

impl Tls {
    pub(crate) fn new(_: TlsConfig) -> Tls {
        Tls
    }

    #[allow(clippy::unused_async)]
    pub(crate) async fn connect(&self, _: &str, _: TcpStream) -> Result<TcpStream, Cause> {
        Err("https needs the feature `tls` of landspout-client".into())
    }
}
