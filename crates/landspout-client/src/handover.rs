//! A connection that speaks another protocol from now on, on its way from below to the answer.

use http::Extensions;
use landspout_handler::{Upgrade, Upgraded};
use std::sync::{Arc, Mutex, PoisonError};

/// The right to the connection of an answer of 101. It travels in the answer's extensions, which
/// want values that can be cloned and shared.
#[derive(Debug, Clone)]
struct Handover(Arc<Mutex<Option<Upgrade>>>);

/// Adds a connection to an answer.
pub(crate) fn give(extensions: &mut Extensions, upgraded: Upgraded) {
    let (sender, upgrade) = Upgrade::channel();
    sender.send(upgraded);
    extensions.insert(Handover(Arc::new(Mutex::new(Some(upgrade)))));
}

/// Takes the connection of an answer.
pub(crate) fn take(extensions: &mut Extensions) -> Option<Upgrade> {
    let Handover(upgrade) = extensions.remove()?;
    upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()
}
