//! Where a member can be reached: its addresses, kept small.
//!
//! ```text
//!   Vec<SocketAddr>   24 bytes here, and 32 more on the heap for each address
//!   Addrs             16 bytes here; one IPv4 address, which is what most
//!                     members have, needs no heap, any other 20 bytes
//! ```
//!
//! Everybody keeps those of everybody, so what they cost counts. An IPv6 scope
//! names an interface of the speaker's own machine and a flow label means
//! nothing to others: neither is part of what a member says, and both are
//! dropped here.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv6Addr, SocketAddr, SocketAddrV4};

/// Addresses, best first; a member says at most
/// [`limit::ADDRS`](crate::base::limit::ADDRS).
#[derive(Clone, PartialEq, Eq)]
pub struct Addrs(Held);

/// Equal addresses are held in one way, so that equality is that of the parts.
#[derive(Clone, PartialEq, Eq)]
enum Held {
    /// Exactly one, and IPv4.
    One(SocketAddrV4),
    /// Anything else.
    More(Box<[Addr]>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Addr {
    V4(SocketAddrV4),
    V6(Ipv6Addr, u16),
}

impl Addrs {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match &self.0 {
            Held::One(_) => 1,
            Held::More(addrs) => addrs.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, best first.
    pub fn iter(&self) -> impl Iterator<Item = SocketAddr> {
        let (one, more) = match &self.0 {
            Held::One(addr) => (Some(SocketAddr::V4(*addr)), [].as_slice()),
            Held::More(addrs) => (None, &**addrs),
        };
        one.into_iter().chain(more.iter().map(|addr| addr.whole()))
    }

    /// All of them, to hand out.
    pub fn to_vec(&self) -> Vec<SocketAddr> {
        self.iter().collect()
    }
}

impl Addr {
    const fn of(addr: SocketAddr) -> Self {
        match addr {
            SocketAddr::V4(addr) => Self::V4(addr),
            SocketAddr::V6(addr) => Self::V6(*addr.ip(), addr.port()),
        }
    }

    fn whole(self) -> SocketAddr {
        match self {
            Self::V4(addr) => SocketAddr::V4(addr),
            Self::V6(ip, port) => SocketAddr::from((ip, port)),
        }
    }
}

impl From<&[SocketAddr]> for Addrs {
    fn from(addrs: &[SocketAddr]) -> Self {
        match addrs {
            [SocketAddr::V4(addr)] => Self(Held::One(*addr)),
            _ => Self(Held::More(
                addrs.iter().map(|addr| Addr::of(*addr)).collect(),
            )),
        }
    }
}

impl From<Vec<SocketAddr>> for Addrs {
    fn from(addrs: Vec<SocketAddr>) -> Self {
        Self::from(addrs.as_slice())
    }
}

impl<const N: usize> From<[SocketAddr; N]> for Addrs {
    fn from(addrs: [SocketAddr; N]) -> Self {
        Self::from(addrs.as_slice())
    }
}

impl fmt::Debug for Addrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addrs(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_put_in_comes_out_in_its_order() {
        for texts in [
            &[] as &[&str],
            &["10.0.0.9:7"],
            &["[2001:db8::1]:7"],
            &["10.0.0.9:7", "10.0.0.8:7"],
            &["[2001:db8::1]:7", "10.0.0.9:65535", "[::1]:1"],
        ] {
            let all = addrs(texts);
            let held = Addrs::from(all.clone());
            assert_eq!(held.to_vec(), all);
            assert_eq!(held.len(), all.len());
            assert_eq!(held.is_empty(), all.is_empty());
            assert_eq!(held, Addrs::from(held.to_vec()));
        }
    }

    #[test]
    fn a_scope_and_a_flow_label_stay_at_home() {
        let held = Addrs::from(addrs(&["[fe80::17%3]:7"]));
        assert_eq!(held.to_vec(), addrs(&["[fe80::17]:7"]));
    }

    #[test]
    fn they_are_as_small_as_they_say() {
        assert_eq!(size_of::<Addrs>(), 16);
        assert_eq!(size_of::<Addr>(), 20);
    }
}
