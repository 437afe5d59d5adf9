//! Bytes from the network never panic.

use crate::peer::{client, events, server};
use landspout_websocket::Config;
use proptest::prelude::{any, prop, proptest};

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        events(&mut server(&Config::default()), &bytes);
        events(&mut client(&Config::default()), &bytes);
    }
}
