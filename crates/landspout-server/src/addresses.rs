//! How many connections each client has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

/// The connections of one loop, counted by the address that they come from.
#[derive(Debug, Default)]
pub(crate) struct Addresses(RefCell<HashMap<IpAddr, usize>>);

impl Addresses {
    /// Counts one more from `address`, until the value is dropped; nothing if there are `most`
    /// already.
    pub(crate) fn enter(self: &Rc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let address = client(address);
        let mut counts = self.0.borrow_mut();
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address })
    }
}

/// One connection among those of its client.
#[derive(Debug)]
pub(crate) struct Place {
    addresses: Rc<Addresses>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.borrow_mut();
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            // No entry outlives its connections, or a scan of many addresses would fill the table.
            _ => drop(counts.remove(&self.address)),
        }
    }
}

/// The part of an address that one client has: all of an IPv4 address, and of an IPv6 address the
/// first 64 bits, since whoever has one has 2^64.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;
    use std::rc::Rc;

    #[test]
    fn each_client_has_its_own_count_and_leaves_no_trace() {
        let addresses = Rc::new(Addresses::default());
        let enter = |address: &str| addresses.enter(address.parse().unwrap(), 2);
        let first = [enter("10.0.0.1"), enter("::ffff:10.0.0.1")];
        assert!(first.iter().all(Option::is_some));
        assert!(enter("10.0.0.1").is_none());
        let others = [enter("10.0.0.2"), enter("2001:db8::1"), enter("2001:db8::ffff:1")];
        assert!(others.iter().all(Option::is_some));
        assert!(enter("2001:db8::2").is_none(), "it is the same network");
        let next = enter("2001:db8:0:1::1");
        assert!(next.is_some(), "it is another network");
        drop(first);
        assert!(enter("10.0.0.1").is_some());
        drop((others, next));
        assert!(addresses.0.borrow().is_empty());
    }
}
