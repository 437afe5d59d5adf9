//! The PROXY protocol, versions 1 and 2: what a proxy writes before the first byte of its client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a preamble tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preface {
    /// The proxy speaks for itself, to see whether the server is alive.
    Own,
    /// It relays a connection of which it tells no IP addresses.
    Unknown,
    /// It relays a connection from this source to this destination.
    Relayed(SocketAddr, SocketAddr),
}

/// What came is no preamble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads one preamble, and not a byte more: what follows belongs to TLS or HTTP.
///
/// It tells how many bytes it is [sure to need](Preamble::wants) and is [given](Preamble::feed) at
/// most so many, which works with streams that cannot be looked into without reading.
#[derive(Debug, Default)]
pub(crate) struct Preamble {
    /// What came so far, without what is skipped.
    head: Vec<u8>,
    /// Bytes to skip: addresses of no use here, and additions (TLV).
    skip: usize,
}

/// Version 1 begins with this, and has at most so many bytes.
const V1: &[u8] = b"PROXY ";
const V1_LEN: usize = 107;
/// The shortest preamble of all is `PROXY UNKNOWN` and a line's end.
const SHORTEST: usize = 15;
/// Version 2 begins with this, and has a head of so many bytes.
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_LEN: usize = 16;

impl Preamble {
    /// How many bytes may be read next; at least 1 until the preamble has ended.
    pub(crate) fn wants(&self) -> usize {
        let len = self.head.len();
        if len < SHORTEST {
            return SHORTEST - len;
        }
        if self.head.starts_with(V1) {
            return self.wants_of_line();
        }
        if len < V2_LEN {
            return V2_LEN - len;
        }
        (V2_LEN + self.addresses_len()).saturating_sub(len) + self.skip
    }

    /// Takes bytes, at most as many as it [wants](Preamble::wants).
    ///
    /// # Errors
    /// It is no preamble.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<Preface>, Malformed> {
        let before = self.head.len();
        let room = match self.is_line() || before < V2_LEN {
            true => bytes.len(),
            false => (V2_LEN + self.addresses_len() - before).min(bytes.len()),
        };
        self.head.extend_from_slice(&bytes[..room]);
        self.skip = self.skip.checked_sub(bytes.len() - room).ok_or(Malformed)?;
        self.check_beginning()?;
        if self.is_line() {
            return self.read_line();
        }
        if self.head.len() < V2_LEN {
            return Ok(None);
        }
        if before < V2_LEN {
            let len = usize::from(u16::from_be_bytes([self.head[14], self.head[15]]));
            self.skip = len.checked_sub(self.addresses_len()).ok_or(Malformed)?;
        }
        if self.wants() > 0 { Ok(None) } else { self.read_binary().map(Some) }
    }

    /// Whoever speaks another protocol is found out at its first bytes.
    fn check_beginning(&self) -> Result<(), Malformed> {
        let begins = |known: &[u8]| {
            let len = known.len().min(self.head.len());
            self.head[..len] == known[..len]
        };
        if begins(V1) || begins(V2) { Ok(()) } else { Err(Malformed) }
    }

    fn is_line(&self) -> bool {
        self.head.starts_with(V1)
    }

    /// The fewest bytes that can be missing: the fields that have not begun, and the line's end.
    fn wants_of_line(&self) -> usize {
        if self.head.last() == Some(&b'\r') {
            return 1;
        }
        let fields = self.head.iter().filter(|byte| **byte == b' ').count();
        match (self.head.starts_with(b"PROXY TCP"), fields) {
            (true, 2) => " :: 1 1\r\n".len(),
            (true, 3) => " 1 1\r\n".len(),
            (true, 4) => " 1\r\n".len(),
            _ => "\r\n".len(),
        }
    }

    fn read_line(&self) -> Result<Option<Preface>, Malformed> {
        let Some(line) = self.head.strip_suffix(b"\r\n") else {
            let is_open = self.head.len() < V1_LEN && !self.head.contains(&b'\n');
            return if is_open { Ok(None) } else { Err(Malformed) };
        };
        let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
        let fields: Vec<_> = line.split(' ').skip(1).collect();
        match fields[..] {
            ["UNKNOWN", ..] => Ok(Some(Preface::Unknown)),
            ["TCP4", source, destination, from, to] => {
                relayed::<Ipv4Addr>(source, destination, from, to).map(Some)
            }
            ["TCP6", source, destination, from, to] => {
                relayed::<Ipv6Addr>(source, destination, from, to).map(Some)
            }
            _ => Err(Malformed),
        }
    }

    /// How long the addresses are that are read; 0 if none are.
    fn addresses_len(&self) -> usize {
        match (self.head.get(12), self.head.get(13)) {
            (Some(0x21), Some(0x11)) => 12,
            (Some(0x21), Some(0x21)) => 36,
            _ => 0,
        }
    }

    fn read_binary(&self) -> Result<Preface, Malformed> {
        let (addresses, family) = (&self.head[V2_LEN..], self.head[13]);
        match (self.head[12], family) {
            // Then the family does not matter.
            (0x20, _) => Ok(Preface::Own),
            (0x21, 0x11) => Ok(binary::<4>(addresses)),
            (0x21, 0x21) => Ok(binary::<16>(addresses)),
            // None told; datagrams, which this is not; Unix sockets, whose addresses are paths.
            (0x21, 0x00..=0x02 | 0x10 | 0x12 | 0x20 | 0x22 | 0x30..=0x32) => Ok(Preface::Unknown),
            _ => Err(Malformed),
        }
    }
}

fn relayed<A>(source: &str, destination: &str, from: &str, to: &str) -> Result<Preface, Malformed>
where
    A: std::str::FromStr + Into<IpAddr>,
{
    let addr = |address: &str, port: &str| {
        let address = address.parse::<A>().map_err(|_| Malformed)?;
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits).ok_or(Malformed)?;
        Ok(SocketAddr::new(address.into().to_canonical(), port))
    };
    Ok(Preface::Relayed(addr(source, from)?, addr(destination, to)?))
}

/// Two addresses of `N` bytes and two ports, as version 2 has them.
fn binary<const N: usize>(bytes: &[u8]) -> Preface
where
    [u8; N]: Into<IpAddr>,
{
    let addr = |at: usize, port: usize| {
        let address: [u8; N] = bytes[at..at + N].try_into().expect("the slice has N bytes");
        let port = u16::from_be_bytes([bytes[port], bytes[port + 1]]);
        SocketAddr::new(address.into().to_canonical(), port)
    };
    Preface::Relayed(addr(0, 2 * N), addr(N, 2 * N + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds a preamble and what follows it, in pieces no greater than `piece`: what it tells, and
    /// how many bytes it took.
    fn read(bytes: &[u8], piece: usize) -> Result<Option<(Preface, usize)>, Malformed> {
        let mut preamble = Preamble::default();
        let mut at = 0;
        while at < bytes.len() {
            let wants = preamble.wants();
            assert!(wants > 0, "it wants nothing and has not ended");
            let len = wants.min(piece).min(bytes.len() - at);
            let told = preamble.feed(&bytes[at..at + len])?;
            at += len;
            if let Some(told) = told {
                return Ok(Some((told, at)));
            }
        }
        Ok(None)
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Preface) {
        let mut followed = bytes.to_vec();
        followed.extend_from_slice(b"GET / HTTP/1.1\r\n");
        for piece in [1, 2, 7, usize::MAX] {
            assert_eq!(read(&followed, piece), Ok(Some((expected, bytes.len()))), "in {piece}s");
        }
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], usize::MAX), Ok(None), "{end} bytes of it");
        }
    }

    fn binary_of(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut bytes = V2.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(addresses.len()).unwrap().to_be_bytes());
        bytes.extend(addresses);
        bytes
    }

    fn from(source: &str, destination: &str) -> Preface {
        Preface::Relayed(source.parse().unwrap(), destination.parse().unwrap())
    }

    #[test]
    fn version_1_is_a_line() {
        let expected = from("192.0.2.1:56324", "198.51.100.2:443");
        check(b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", expected);
        check(b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n", from("1.1.1.1:1", "2.2.2.2:2"));
        check(b"PROXY TCP6 2001:db8::1 :: 65535 0\r\n", from("[2001:db8::1]:65535", "[::]:0"));
        check(b"PROXY UNKNOWN\r\n", Preface::Unknown);
        check(b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", Preface::Unknown);
    }

    #[test]
    fn version_2_is_binary() {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb];
        let expected = from("192.0.2.1:56324", "198.51.100.2:443");
        check(&binary_of(0x21, 0x11, &v4), expected);
        // With an addition of 3 bytes, and one of 60 000.
        check(&binary_of(0x21, 0x11, &[&v4[..], &[4, 0, 0]].concat()), expected);
        let long = binary_of(0x21, 0x11, &[&v4[..], &[0; 60_000]].concat());
        assert_eq!(read(&long, 4096), Ok(Some((expected, long.len()))));
        let mut v6 = [0; 36];
        (v6[15], v6[31], v6[33], v6[35]) = (1, 2, 3, 4);
        check(&binary_of(0x21, 0x21, &v6), from("[::1]:3", "[::2]:4"));
        // A mapped address is an IPv4 address.
        v6[..16].copy_from_slice(&Ipv4Addr::new(192, 0, 2, 9).to_ipv6_mapped().octets());
        check(&binary_of(0x21, 0x21, &v6), from("192.0.2.9:3", "[::2]:4"));
        check(&binary_of(0x20, 0x00, &[]), Preface::Own);
        check(&binary_of(0x20, 0x11, &v4), Preface::Own);
        check(&binary_of(0x21, 0x00, &[]), Preface::Unknown);
        check(&binary_of(0x21, 0x31, &[7; 216]), Preface::Unknown);
        check(&binary_of(0x21, 0x12, &v4), Preface::Unknown);
    }

    #[test]
    fn what_is_no_preamble_is_malformed() {
        let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 107]].concat();
        let lines: [&[u8]; 12] = [
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01",
            b"proxy tcp4 ",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1 +2\r\n",
            b"PROXY TCP4 ::1 ::2 1 2\r\n",
            b"PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n",
            b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n",
            b"PROXY UNKNOWN\n\n",
            &long,
        ];
        for line in lines {
            assert_eq!(read(line, usize::MAX), Err(Malformed), "{line:?}");
        }
        for (command, family) in [(0x31, 0x11), (0x22, 0x11), (0x21, 0x41), (0x21, 0x13)] {
            assert_eq!(read(&binary_of(command, family, &[0; 36]), 64), Err(Malformed));
        }
        // Too short for what it says it is.
        assert_eq!(read(&binary_of(0x21, 0x11, &[0; 11]), 64), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), which in 0..3) {
            let beginning: &[u8] = [V1, V2, b""][which as usize];
            let _ = read(&[beginning, &bytes].concat(), usize::MAX);
        }

        #[test]
        fn every_pair_of_addresses_survives(source: SocketAddrParts, destination: SocketAddrParts) {
            let (source, destination) = (source.addr(), destination.addr());
            let kind = match (source.ip(), destination.ip()) {
                (IpAddr::V4(_), IpAddr::V4(_)) => "TCP4",
                (IpAddr::V6(_), IpAddr::V6(_)) => "TCP6",
                _ => return Ok(()),
            };
            let (from, to) = (source.ip(), destination.ip());
            let line =
                format!("PROXY {kind} {from} {to} {} {}\r\n", source.port(), destination.port());
            let told = read(line.as_bytes(), usize::MAX);
            prop_assert_eq!(told, Ok(Some((Preface::Relayed(source, destination), line.len()))));
        }
    }

    /// What an address is made of.
    #[derive(Debug, Clone, Copy)]
    struct SocketAddrParts(IpAddr, u16);

    impl SocketAddrParts {
        fn addr(self) -> SocketAddr {
            SocketAddr::new(self.0.to_canonical(), self.1)
        }
    }

    impl Arbitrary for SocketAddrParts {
        type Parameters = ();
        type Strategy = BoxedStrategy<SocketAddrParts>;

        fn arbitrary_with((): ()) -> Self::Strategy {
            (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddrParts(ip, port)).boxed()
        }
    }
}
