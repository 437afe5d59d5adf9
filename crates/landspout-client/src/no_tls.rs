//! What takes the place of TLS where the feature `tls` is off: nothing.

use crate::error::Cause;
use crate::io::Io;
use crate::{HttpVersion, TlsConfig};

/// Refuses every connection.
#[derive(Debug)]
pub(crate) struct Tls;

impl Tls {
    pub(crate) fn new() -> Tls {
        Tls
    }

    #[allow(clippy::unused_async)]
    pub(crate) async fn connect(
        &self,
        _: &TlsConfig,
        _: HttpVersion,
        _: &str,
        _: Io,
    ) -> Result<(Io, bool), Cause> {
        Err("https needs the feature `tls` of landspout-client".into())
    }
}
