//! The sealer: turns a statement into an item, without a wire format.
//!
//! The simulator has no gossip-wire and no keys, but the core weighs items by
//! the length of their bytes. So the bytes here are a plain encoding (length
//! before text, numbers as varints) of about the length the real one has, and
//! as distinct as what they say.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};

use super::hash::RunningHash;
use crate::base::id::NodeId;
use crate::message::{
    Accusation, Batch, BatchHead, BatchPart, Claim, Draft, Entry, Event, Floor, Footing, Item, Op,
    Presence, Replaced, Scope, Sealed, Statement,
};

/// Encodes a statement; what comes out is what travels.
pub fn seal(statement: Statement) -> Item {
    match statement {
        Statement::Claim(claim) => Item::Claim(Sealed {
            bytes: claim_bytes(&claim),
            value: claim,
        }),
        Statement::Accusation(accusation) => Item::Accusation(Sealed {
            bytes: accusation_bytes(&accusation),
            value: accusation,
        }),
        Statement::Batch(draft) => {
            let bound = draft.weight();
            let batch = seal_batch(draft);
            debug_assert!(
                batch.weight() <= bound,
                "a batch outweighs its draft: {} > {bound}",
                batch.weight()
            );
            Item::Batch(batch)
        }
        Statement::Event(event) => Item::Event(Box::new(Sealed {
            bytes: event_bytes(&event),
            value: event,
        })),
    }
}

fn seal_batch(draft: Draft) -> Batch {
    let seal_entry = |entry: Entry| Sealed {
        bytes: entry_bytes(&entry),
        value: entry,
    };
    let entries: Vec<_> = draft.entries.into_iter().map(seal_entry).collect();
    let head = BatchHead {
        author: draft.author,
        lineage: draft.lineage,
        first: draft.first,
        count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        floor: draft.floor,
    };
    let bytes = head_bytes(&head, &entries);
    let part = |(index, entry)| BatchPart { index, entry };
    Batch {
        head: Arc::new(Sealed { value: head, bytes }),
        parts: (0..).zip(entries).map(part).collect(),
    }
}

fn claim_bytes(claim: &Claim) -> Bytes {
    let mut to = Encoder::default();
    to.id(&claim.member).footing(claim.footing);
    to.number(match claim.presence {
        Presence::Alive => 0,
        Presence::Left => 1,
    });
    claim.addrs.iter().for_each(|addr| to.addr(&addr));
    to.done()
}

fn accusation_bytes(accusation: &Accusation) -> Bytes {
    let mut to = Encoder::default();
    to.id(&accusation.accuser).id(&accusation.accused);
    to.footing(accusation.footing);
    to.number(accusation.charge as u64);
    to.done()
}

fn event_bytes(event: &Event) -> Bytes {
    let mut to = Encoder::default();
    to.id(event.author()).number(event.id.run.generation.0);
    to.number(event.id.number).number(event.time.0);
    to.text(event.name.as_str().as_bytes()).text(&event.payload);
    to.number(u64::from(event.coalesce));
    if let Some(ask) = &event.ask {
        to.number(ask.deadline_ms).number(u64::from(ask.relays));
        for id in ask.filter.members.iter().chain(&ask.filter.zones) {
            to.id(id);
        }
        for tag in &ask.filter.tags {
            to.text(tag.key.as_str().as_bytes()).text(&tag.value);
        }
    }
    to.done()
}

fn entry_bytes(entry: &Entry) -> Bytes {
    let mut to = Encoder::default();
    to.number(match entry.scope {
        Scope::Own => 0,
        Scope::Shared => 1,
    });
    to.text(entry.key.as_str().as_bytes());
    to.number(entry.stamp.millis);
    to.number(u64::from(entry.stamp.counter));
    if let Some(expires) = entry.expires {
        to.tagged(EXPIRES, expires.as_millis());
    }
    if let Some(Replaced { stamp, write }) = &entry.replaces {
        to.tagged(REPLACES, stamp.millis);
        to.number(u64::from(stamp.counter));
        to.id(&write.author).number(write.version.0);
    }
    if let Op::Put(value) = &entry.op {
        to.text(value.bytes());
    }
    to.done()
}

fn head_bytes(head: &BatchHead, entries: &[Sealed<Entry>]) -> Bytes {
    let mut to = Encoder::default();
    to.id(&head.author);
    for base in head.lineage.bases() {
        to.number(base.generation.0);
        to.number(base.from.generation.0);
        to.number(base.from.version.0);
    }
    to.number(head.first.0);
    if head.floor != Floor::default() {
        to.number(head.floor.through.0);
        to.number(head.floor.shared.0);
        to.number(head.floor.as_of.as_millis());
    }
    // Sixteen bytes an entry, as limit::ENTRY_HASH_BYTES says.
    for entry in entries {
        for seed in 0..2 {
            let mut hash = RunningHash::from_seed(seed);
            hash.bytes(&entry.bytes);
            to.raw(&hash.value().to_le_bytes());
        }
    }
    to.done()
}

/// What stands before the end of a value, and before what a write replaced, where
/// an entry has them.
pub(super) const EXPIRES: u8 = b'e';
pub(super) const REPLACES: u8 = b'r';

/// Bytes in the making. One tag byte stands before every field.
#[derive(Default)]
struct Encoder(Vec<u8>);

impl Encoder {
    fn number(&mut self, number: u64) -> &mut Self {
        self.tagged(b'n', number)
    }

    fn tagged(&mut self, tag: u8, mut number: u64) -> &mut Self {
        self.0.push(tag);
        while number >= 0x80 {
            self.0.push((number as u8) | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(text.len() as u64);
        self.raw(text)
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn id(&mut self, id: &NodeId) -> &mut Self {
        self.text(id.as_str().as_bytes())
    }

    fn footing(&mut self, footing: Footing) -> &mut Self {
        self.number(footing.generation.0);
        self.number(footing.incarnation.0)
    }

    fn addr(&mut self, addr: &SocketAddr) {
        match addr.ip() {
            IpAddr::V4(ip) => self.text(&ip.octets()),
            IpAddr::V6(ip) => self.text(&ip.octets()),
        };
        self.number(u64::from(addr.port()));
    }

    fn done(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limit;
    use crate::base::time::WallTime;
    use crate::message::{Floor, Generation, Head, Lineage, Stamp, Value, Version, WriteId};
    use alloc::vec;

    fn draft(value: &'static [u8]) -> Draft {
        let entry = |key: &str| Entry {
            scope: Scope::Shared,
            key: key.parse().unwrap(),
            stamp: Stamp {
                millis: u64::MAX,
                counter: u32::MAX,
            },
            op: Op::Put(Value::new(Bytes::from_static(value)).unwrap()),
            replaces: Some(Replaced {
                stamp: Stamp {
                    millis: u64::MAX,
                    counter: u32::MAX,
                },
                write: WriteId {
                    author: "eu/n1".parse().unwrap(),
                    version: Version(u64::MAX),
                },
            }),
            expires: Some(WallTime::from_millis(u64::MAX)),
        };
        let from = Head::default();
        Draft {
            author: "eu/n1".parse().unwrap(),
            lineage: Lineage::default().extended(Generation(7), from),
            first: Version(1),
            entries: vec![entry("a"), entry("b")],
            floor: Floor {
                through: Version(u64::MAX),
                shared: Version(u64::MAX),
                as_of: WallTime::from_millis(u64::MAX),
            },
        }
    }

    #[test]
    fn a_sealed_batch_never_outweighs_its_draft() {
        for entries in [0, 1, 2] {
            let mut draft = draft(b"value");
            draft.entries.truncate(entries);
            let bound = draft.weight();
            assert!(seal(Statement::Batch(draft)).weight() <= bound + limit::SIGNATURE_BYTES_MAX);
        }
    }

    #[test]
    fn what_differs_is_sealed_differently() {
        let bytes = |value| match seal(Statement::Batch(draft(value))) {
            Item::Batch(batch) => batch.head.bytes.clone(),
            _ => unreachable!(),
        };
        assert_ne!(bytes(b"one"), bytes(b"two"));
        assert_eq!(bytes(b"one"), bytes(b"one"));
    }
}
