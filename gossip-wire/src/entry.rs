//! Entries: one write to one key, and the hash by which a batch names it.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::message::{Entry, Op, Replaced, Scope, Sealed, Stamp, Value, Version, WriteId};
use prost::Message as _;

use crate::error::DecodeError;
use crate::{bound, chunk, field, pb};

/// The name of an entry in its batch: the first bytes of the SHA-256 of its
/// exact bytes, or where it has more than a chunk, of the hashes of its chunks.
pub(crate) fn hash(bytes: &Bytes) -> [u8; limit::ENTRY_HASH_BYTES] {
    chunk::name(bytes.len(), &chunk::hashes(bytes))
}

/// The exact bytes of an entry, made by its author.
pub(crate) fn encode(entry: &Entry) -> Bytes {
    let scope = match entry.scope {
        Scope::Own => pb::Scope::Own,
        Scope::Shared => pb::Scope::Shared,
    };
    let op = match &entry.op {
        Op::Put(value) => pb::entry::Op::Put(value.bytes().clone()),
        Op::Delete => pb::entry::Op::Delete(pb::Delete {}),
    };
    let replaces = entry.replaces.as_ref().map(|replaced| pb::Replaced {
        author: replaced.write.author.to_string(),
        version: replaced.write.version.0,
        millis: replaced.stamp.millis,
        counter: replaced.stamp.counter,
    });
    let entry = pb::Entry {
        scope: scope.into(),
        key: entry.key.to_string(),
        millis: entry.stamp.millis,
        counter: entry.stamp.counter,
        op: Some(op),
        replaces,
        expires: entry.expires.map_or(0, WallTime::as_millis),
    };
    entry.encode_to_vec().into()
}

/// The entry in these bytes; its value is a slice of them.
///
/// # Errors
/// Malformed bytes, or an unknown operation or scope.
pub fn decode_entry(bytes: Bytes) -> Result<Sealed<Entry>, DecodeError> {
    field::no_longer("an entry", bytes.len(), bound::ENTRY_BYTES)?;
    let entry: pb::Entry = field::parse("entry", bytes.clone())?;
    let value = Entry {
        scope: scope(entry.scope)?,
        key: entry.key.parse()?,
        stamp: Stamp {
            millis: entry.millis,
            counter: entry.counter,
        },
        op: match entry.op {
            Some(pb::entry::Op::Put(bytes)) => Op::Put(Value::new(bytes)?),
            Some(pb::entry::Op::Delete(pb::Delete {})) => Op::Delete,
            None => return Err(DecodeError::UnknownKind { what: "operation" }),
        },
        replaces: entry.replaces.as_ref().map(replaced).transpose()?,
        expires: (entry.expires > 0).then(|| WallTime::from_millis(entry.expires)),
    };
    let lasting = value.expires.is_none() || value.op != Op::Delete;
    field::ensure(lasting, "a deletion that ends")?;
    Ok(Sealed { value, bytes })
}

fn scope(number: i32) -> Result<Scope, DecodeError> {
    match pb::Scope::try_from(number) {
        Ok(pb::Scope::Own) => Ok(Scope::Own),
        Ok(pb::Scope::Shared) => Ok(Scope::Shared),
        Ok(pb::Scope::Unspecified) => Err(DecodeError::Missing { what: "scope" }),
        Err(_) => Err(DecodeError::UnknownKind { what: "scope" }),
    }
}

fn replaced(replaced: &pb::Replaced) -> Result<Replaced, DecodeError> {
    field::ensure(replaced.version > 0, "a write replaces version 0")?;
    Ok(Replaced {
        stamp: Stamp {
            millis: replaced.millis,
            counter: replaced.counter,
        },
        write: WriteId {
            author: field::id("author of the write replaced", &replaced.author)?,
            version: Version(replaced.version),
        },
    })
}
