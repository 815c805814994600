//! Hello: the first words on a connection, and the only ones with a layout of
//! their own.
//!
//! TLS has proven who the other end is, but the dialer's side finishes before
//! the listener has judged its certificate. So the dialer says `Hello` on the
//! control stream and holds the peer for connected only when `HelloAck` comes
//! back. Big-endian throughout:
//!
//! ```text
//! offset size
//!      0    4  magic "gssp"
//!      4    1  layout, 2
//!      5    1  role: 1 Hello, 2 HelloAck
//!      6    2  lowest protocol version spoken
//!      8    2  highest
//!     10    8  generation of the sender's process
//!     18    8  conn_seq: the dialer's number for this connection; the ack repeats it
//!     26    8  lost: the generation of the receiver that the next two are about
//!     34    8  lost: connections of the sender's dialing up to this conn_seq are dead to it
//!     42    8  lost: connections of the receiver's dialing up to this conn_seq are dead to it
//!     50    8  keys the sender may write
//!     58    8  bytes the sender may write
//!     66    8  keys of another member that it takes
//!     74    8  bytes of another member that it takes
//!     82    1  length of the cluster's name, 1 to 63
//!     83    1  length of the node's name, 1 to 128
//!     84    …  cluster, node
//! ```
//!
//! Each end judges the other's limits by its own, and both come to the same: what
//! one may write, the other has to take.
//!
//! The lost marks are how a node replaces a connection that only its peer
//! still believes in: without them the peer might rank the ghost higher.
//!
//! After that the control stream carries records of five bytes: a type (1:
//! going away) and a [`CloseCode`]. Its end says: nothing more from me here.

use gossip_core::base::agreed::{Agreed, Share};
use gossip_core::base::id::{ClusterId, NodeId};
use gossip_core::base::limit;

use crate::close::CloseCode;

const MAGIC: [u8; 4] = *b"gssp";
const LAYOUT: u8 = 2;
const FIXED_BYTES: usize = 84;

/// The longest a Hello can be.
pub(crate) const HELLO_BYTES_MAX: usize = FIXED_BYTES + limit::LABEL_BYTES + limit::NODE_ID_BYTES;

/// Bytes of a record on the control stream after the hellos.
pub(crate) const RECORD_BYTES: usize = 5;

/// The protocol versions we speak.
pub(crate) const PROTOCOL: Versions = Versions { min: 1, max: 1 };

/// A range of protocol versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) min: u16,
    pub(crate) max: u16,
}

impl Versions {
    /// The highest version in both.
    pub(crate) fn common(self, other: Self) -> Option<u16> {
        let highest = self.max.min(other.max);
        (highest >= self.min.max(other.min)).then_some(highest)
    }
}

/// Who speaks: the dialer says Hello, the listener acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelloRole {
    Hello,
    Ack,
}

/// Which connections are dead to the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LostMarks {
    /// The generation of the receiver they are about.
    pub(crate) generation: u64,
    /// Of those the sender dialed: up to here.
    pub(crate) dialed: u64,
    /// Of those the receiver dialed: up to here.
    pub(crate) accepted: u64,
}

/// The first words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) role: HelloRole,
    pub(crate) versions: Versions,
    pub(crate) generation: u64,
    pub(crate) conn_seq: u64,
    pub(crate) lost: LostMarks,
    pub(crate) agreed: Agreed,
    pub(crate) cluster: ClusterId,
    pub(crate) node: NodeId,
}

/// Why bytes are no Hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HelloError {
    #[error("the hello is cut short")]
    Truncated,
    #[error("bytes follow the hello")]
    Trailing,
    #[error("these are no hello's first bytes")]
    Magic,
    #[error("a hello of layout {0}, which this version does not know")]
    Layout(u8),
    #[error("a hello of role {0}, which there is not")]
    Role(u8),
    #[error("the hello carries no valid name")]
    Name,
}

/// Takes the next `N` bytes off the front.
fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], HelloError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(HelloError::Truncated)?;
    *rest = tail;
    Ok(*head)
}

/// Takes the next `len` bytes off the front, as a name.
fn take_name<'a>(rest: &mut &'a [u8], len: u8) -> Result<&'a str, HelloError> {
    let (head, tail) = rest
        .split_at_checked(usize::from(len))
        .ok_or(HelloError::Truncated)?;
    *rest = tail;
    std::str::from_utf8(head).map_err(|_| HelloError::Name)
}

impl Hello {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (cluster, node) = (self.cluster.as_str(), self.node.as_str());
        let role = match self.role {
            HelloRole::Hello => 1,
            HelloRole::Ack => 2,
        };
        // Both lengths are bounded by the types of the names.
        let length = |name: &str| u8::try_from(name.len()).unwrap_or(u8::MAX);
        let mut out = Vec::with_capacity(FIXED_BYTES + cluster.len() + node.len());
        out.extend(MAGIC);
        out.extend([LAYOUT, role]);
        out.extend(self.versions.min.to_be_bytes());
        out.extend(self.versions.max.to_be_bytes());
        let LostMarks {
            generation,
            dialed,
            accepted,
        } = self.lost;
        for number in [self.generation, self.conn_seq, generation, dialed, accepted] {
            out.extend(number.to_be_bytes());
        }
        let Agreed { writes, takes } = self.agreed;
        for number in [writes.keys, writes.bytes, takes.keys, takes.bytes] {
            out.extend(number.to_be_bytes());
        }
        out.extend([length(cluster), length(node)]);
        out.extend(cluster.as_bytes());
        out.extend(node.as_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HelloError> {
        let rest = &mut &*bytes;
        if take(rest)? != MAGIC {
            return Err(HelloError::Magic);
        }
        let [layout, role] = take(rest)?;
        if layout != LAYOUT {
            return Err(HelloError::Layout(layout));
        }
        let role = match role {
            1 => HelloRole::Hello,
            2 => HelloRole::Ack,
            other => return Err(HelloError::Role(other)),
        };
        let versions = Versions {
            min: u16::from_be_bytes(take(rest)?),
            max: u16::from_be_bytes(take(rest)?),
        };
        let generation = u64::from_be_bytes(take(rest)?);
        let conn_seq = u64::from_be_bytes(take(rest)?);
        let lost = LostMarks {
            generation: u64::from_be_bytes(take(rest)?),
            dialed: u64::from_be_bytes(take(rest)?),
            accepted: u64::from_be_bytes(take(rest)?),
        };
        let mut share = || -> Result<Share, HelloError> {
            Ok(Share {
                keys: u64::from_be_bytes(take(rest)?),
                bytes: u64::from_be_bytes(take(rest)?),
            })
        };
        let agreed = Agreed {
            writes: share()?,
            takes: share()?,
        };
        let [cluster_bytes, node_bytes] = take(rest)?;
        let cluster = take_name(rest, cluster_bytes)?
            .parse()
            .map_err(|_| HelloError::Name)?;
        let node = take_name(rest, node_bytes)?
            .parse()
            .map_err(|_| HelloError::Name)?;
        if !rest.is_empty() {
            return Err(HelloError::Trailing);
        }
        Ok(Self {
            role,
            versions,
            generation,
            conn_seq,
            lost,
            agreed,
            cluster,
            node,
        })
    }
}

/// The record "going away", with its reason.
pub(crate) fn going_away(code: CloseCode) -> [u8; RECORD_BYTES] {
    let [a, b, c, d] = code.as_u32().to_be_bytes();
    [1, a, b, c, d]
}

/// Reads a record; `None` is nonsense.
pub(crate) fn read_record(record: [u8; RECORD_BYTES]) -> Option<CloseCode> {
    match record {
        [1, code @ ..] => Some(CloseCode::from_u32(u32::from_be_bytes(code))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_core::base::rng::Rng;

    fn hello() -> Hello {
        Hello {
            role: HelloRole::Hello,
            versions: Versions { min: 1, max: 2 },
            generation: 0x0102_0304_0506_0708,
            conn_seq: 9,
            lost: LostMarks {
                generation: 10,
                dialed: 11,
                accepted: 12,
            },
            agreed: Agreed {
                writes: Share {
                    keys: 13,
                    bytes: 14,
                },
                takes: Share {
                    keys: 15,
                    bytes: 16,
                },
            },
            cluster: "main".parse().unwrap(),
            node: "eu/n1".parse().unwrap(),
        }
    }

    #[test]
    fn the_layout_is_these_bytes() {
        #[rustfmt::skip]
        let golden = [
            b'g', b's', b's', b'p', 2, 1,
            0, 1, 0, 2,
            1, 2, 3, 4, 5, 6, 7, 8,
            0, 0, 0, 0, 0, 0, 0, 9,
            0, 0, 0, 0, 0, 0, 0, 10,
            0, 0, 0, 0, 0, 0, 0, 11,
            0, 0, 0, 0, 0, 0, 0, 12,
            0, 0, 0, 0, 0, 0, 0, 13,
            0, 0, 0, 0, 0, 0, 0, 14,
            0, 0, 0, 0, 0, 0, 0, 15,
            0, 0, 0, 0, 0, 0, 0, 16,
            4, 5,
            b'm', b'a', b'i', b'n', b'e', b'u', b'/', b'n', b'1',
        ];
        assert_eq!(hello().encode(), golden);
        assert_eq!(Hello::decode(&golden), Ok(hello()));
        assert_eq!(going_away(CloseCode::Shutdown), [1, 0, 0, 0, 2]);
        assert_eq!(read_record([1, 0, 0, 0, 2]), Some(CloseCode::Shutdown));
        assert_eq!(read_record([2, 0, 0, 0, 2]), None);
    }

    #[test]
    fn every_cut_and_every_flip_is_an_answer() {
        let golden = hello().encode();
        for len in 0..golden.len() {
            assert!(Hello::decode(&golden[..len]).is_err(), "cut at {len}");
        }
        let mut longer = golden.clone();
        longer.push(0);
        assert_eq!(Hello::decode(&longer), Err(HelloError::Trailing));
        for at in 0..golden.len() {
            for bit in 0..8 {
                let mut flipped = golden.clone();
                flipped[at] ^= 1 << bit;
                // Whatever still reads must also write as it was read.
                if let Ok(hello) = Hello::decode(&flipped) {
                    assert_eq!(hello.encode(), flipped);
                }
            }
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut rng = Rng::new(3);
        for _ in 0..20_000 {
            let len = rng.index(HELLO_BYTES_MAX + 8).unwrap();
            let mut bytes: Vec<u8> = (0..len).map(|_| rng.next_u64() as u8).collect();
            // Half of them get past the first look.
            if rng.below(2) == 0 {
                for (to, from) in bytes.iter_mut().zip(b"gssp\x02\x01") {
                    *to = *from;
                }
            }
            let _ = Hello::decode(&bytes);
        }
    }

    #[test]
    fn versions_meet_at_the_highest_common() {
        let range = |min, max| Versions { min, max };
        assert_eq!(range(1, 3).common(range(2, 5)), Some(3));
        assert_eq!(range(1, 1).common(range(1, 1)), Some(1));
        assert_eq!(range(1, 2).common(range(3, 4)), None);
        assert_eq!(range(3, 4).common(range(1, 2)), None);
    }
}
