//! The router can be shared by threads.

use landspout_router::{Allow, HostMatch, Hosts, InsertError, Match, Methods, Miss, Router};

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn everything_is_send_and_sync_when_the_values_are() {
    is_send_and_sync::<Router<String>>();
    is_send_and_sync::<Match<'_, '_, String>>();
    is_send_and_sync::<Methods<String>>();
    is_send_and_sync::<Allow>();
    is_send_and_sync::<Hosts<String>>();
    is_send_and_sync::<HostMatch<'_, '_, String>>();
    is_send_and_sync::<InsertError>();
    is_send_and_sync::<Miss>();
}
