//! In which order addresses are tried.

use std::net::SocketAddr;

/// The order in which to try addresses: families in turn, beginning with that of the first address
/// (RFC 8305 §4).
pub(crate) fn in_turns(addrs: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addrs.first().map(SocketAddr::is_ipv6) else { return addrs };
    let (ours, theirs): (Vec<_>, Vec<_>) =
        addrs.into_iter().partition(|addr| addr.is_ipv6() == first);
    let (mut ours, mut theirs) = (ours.into_iter(), theirs.into_iter());
    let mut ordered = Vec::with_capacity(ours.len() + theirs.len());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return ordered,
            (our, their) => ordered.extend([our, their].into_iter().flatten()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_turns;

    #[test]
    fn families_take_turns_beginning_with_the_first() {
        let addrs = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1"];
        let ordered = in_turns(addrs.map(|addr| addr.parse().unwrap()).into());
        let ordered: Vec<_> = ordered.iter().map(ToString::to_string).collect();
        assert_eq!(ordered, ["[::1]:1", "127.0.0.1:1", "[::2]:1", "[::3]:1"]);
        assert!(in_turns(Vec::new()).is_empty());
    }
}
