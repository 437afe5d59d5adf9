//! One connection as requests and answers: the one place where hyper is named.

mod http1;
#[cfg(feature = "http2")]
mod http2;
mod io;
#[cfg(feature = "http2")]
mod shared_io;
#[cfg(feature = "http2")]
mod tasks;
#[cfg(feature = "http2")]
mod tunnel;

use crate::connections::Membership;
use crate::deadline::Expired;
use crate::link::{Link, Verdict};
use crate::upgraded::{Handed, Open};
use crate::{Refusal, ServerConfig};
use bytes::Bytes;
use hyper::server::conn::http1::Builder as Http1Builder;
use landspout_handler::{Handler, UpgradeSender, Upgraded};
use std::rc::Rc;

const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What a server does on each of its connections.
#[derive(Debug)]
pub(crate) struct Http<H> {
    handler: H,
    config: ServerConfig,
    /// For small answers, and for large ones.
    http1: [Http1Builder; 2],
}

/// How the parser came to its end.
enum End {
    /// In good order; these bytes were read and not used.
    Done(Bytes),
    /// The client sent what is not HTTP, or went away.
    Failed,
    /// An answer broke off.
    Broken,
    Judged(Verdict),
}

impl<H: Handler + 'static> Http<H> {
    pub(crate) fn new(handler: H, config: ServerConfig) -> Http<H> {
        Http { http1: http1::builders(&config), handler, config }
    }

    /// Speaks what the client speaks.
    async fn drive(self: &Rc<Self>, link: &Rc<Link>) -> End {
        #[cfg(feature = "http2")]
        {
            if link.agreed_on_http2() {
                link.share();
            } else {
                let end = self.drive_http1(link).await;
                if !link.is_shared() {
                    return end;
                }
            }
            // In a box, so that the others have no room for it.
            Box::pin(self.drive_http2(link)).await
        }
        #[cfg(not(feature = "http2"))]
        self.drive_http1(link).await
    }

    /// Answers the requests of a connection until it ends.
    #[allow(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice")]
    pub(crate) fn run(
        self: Rc<Self>,
        link: Rc<Link>,
        membership: Membership,
    ) -> impl Future<Output = ()> {
        async move {
            let end = self.drive(&link).await;
            // In a box, so that a connection that is not at its end has no room for it.
            Box::pin(finish(link, membership, end)).await;
        }
    }
}

/// Does what is to be done at the end of a connection.
async fn finish(link: Rc<Link>, membership: Membership, end: End) {
    #[cfg(feature = "http2")]
    if link.is_shared() {
        return http2::end(&link, end).await;
    }
    match end {
        End::Done(read_ahead) => {
            let upgrade = link.upgrade.take();
            match upgrade {
                Some(sender) => hand_over(link, membership, sender, read_ahead).await,
                None => link.close().await,
            }
        }
        End::Failed => link.close().await,
        End::Broken if link.ends_by_close.get() => link.reset(),
        End::Broken => link.close().await,
        End::Judged(Verdict::Expired(Expired::Head)) => {
            link.refuse(Refusal::HeaderTimeout, &"the head of a request was too slow");
            link.say(TOO_SLOW).await;
            link.close().await;
        }
        End::Judged(Verdict::Expired(Expired::Write)) => {
            link.refuse(Refusal::WriteTimeout, &"the client did not take its answer");
            link.reset();
        }
        End::Judged(_) => link.reset(),
    }
}

/// Gives the socket to whoever took the upgrade.
async fn hand_over(
    link: Rc<Link>,
    membership: Membership,
    sender: UpgradeSender,
    read_ahead: Bytes,
) {
    if !link.flush().await {
        return link.reset();
    }
    let open = Open::default();
    membership.hand_over(open.clone(), link.connection.clone());
    if let Some(link) = Rc::into_inner(link) {
        sender.send(Upgraded::new(Handed::new(link.into_stream(), open), read_ahead));
    }
}

/// Says once why a connection ended, where that is worth saying.
fn explain_end(error: &hyper::Error, link: &Link) -> End {
    if error.is_user() || error.is_body_write_aborted() {
        link.tell_broken(error);
        return End::Broken;
    }
    if error.is_parse() {
        let large = error.is_parse_too_large();
        link.refuse(if large { Refusal::HeaderTooLarge } else { Refusal::BadRequest }, error);
    }
    End::Failed
}
