//! Checksums, digests and wants: what a peer holds, as one number, or by name.

use std::collections::BTreeSet;

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{
    Checksum, Digest, DigestRow, Generation, Head, MemberRow, MemberState, Version, Want,
};

use crate::error::DecodeError;
use crate::{field, pb};

pub(crate) fn checksum_to_pb(sum: Checksum) -> pb::Checksum {
    pb::Checksum {
        sum: Bytes::copy_from_slice(&sum.0.to_be_bytes()),
    }
}

pub(crate) fn checksum_from_pb(sum: &pb::Checksum) -> Result<Checksum, DecodeError> {
    match <[u8; 16]>::try_from(sum.sum.as_ref()) {
        Ok(bytes) => Ok(Checksum(u128::from_be_bytes(bytes))),
        Err(_) => Err(DecodeError::Senseless {
            what: "a checksum of other than 16 bytes",
        }),
    }
}

pub(crate) fn to_pb(digest: &Digest) -> pb::Digest {
    let end = |id: &Option<_>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    pb::Digest {
        after: end(&digest.after),
        through: end(&digest.through),
        rows: digest.rows.iter().map(row_to_pb).collect(),
    }
}

pub(crate) fn from_pb(digest: &pb::Digest) -> Result<Digest, DecodeError> {
    let digest = Digest {
        after: field::id_or_none("end of a range", &digest.after)?,
        through: field::id_or_none("end of a range", &digest.through)?,
        rows: rows(&digest.rows)?,
    };
    check(&digest)?;
    Ok(digest)
}

/// That its range is one, and its rows lie in it and rise.
pub(crate) fn check(digest: &Digest) -> Result<(), DecodeError> {
    let rising = digest.rows.is_sorted_by(|left, right| left.id < right.id);
    field::ensure(rising, "rows of a digest that do not rise")?;
    let inside = digest.rows.iter().all(|row| digest.covers(&row.id));
    field::ensure(inside, "a row outside of its digest's range")?;
    let forward = match (&digest.after, &digest.through) {
        (Some(after), Some(through)) => after < through,
        _ => true,
    };
    field::ensure(forward, "a range that ends before it begins")
}

pub(crate) fn want_to_pb(want: &Want) -> pb::Want {
    pb::Want {
        rows: want.rows.iter().map(row_to_pb).collect(),
    }
}

pub(crate) fn want_from_pb(want: &pb::Want) -> Result<Want, DecodeError> {
    let rows = rows(&want.rows)?;
    let names: BTreeSet<_> = rows.iter().map(|row| &row.id).collect();
    field::ensure(names.len() == rows.len(), "a name stands twice in a want")?;
    Ok(Want { rows })
}

pub(crate) fn rows(rows: &[pb::DigestRow]) -> Result<Vec<DigestRow>, DecodeError> {
    field::at_most("rows", rows.len(), limit::DIGEST_ROWS)?;
    rows.iter().map(row_from_pb).collect()
}

pub(crate) fn row_to_pb(row: &DigestRow) -> pb::DigestRow {
    pb::DigestRow {
        id: row.id.to_string(),
        member: row.member.as_ref().map(member_to_pb),
        head: row.head.map(|head| pb::Head {
            generation: head.generation.0,
            version: head.version.0,
        }),
    }
}

fn row_from_pb(row: &pb::DigestRow) -> Result<DigestRow, DecodeError> {
    Ok(DigestRow {
        id: field::id("name of a row", &row.id)?,
        member: row.member.as_ref().map(member_from_pb).transpose()?,
        head: row.head.map(|head| Head {
            generation: Generation(head.generation),
            version: Version(head.version),
        }),
    })
}

fn member_to_pb(member: &MemberRow) -> pb::MemberRow {
    let state = match member.state {
        MemberState::Alive => pb::MemberState::Alive,
        MemberState::Dead => pb::MemberState::Dead,
        MemberState::Left => pb::MemberState::Left,
        MemberState::Forgotten => pb::MemberState::Forgotten,
    };
    pb::MemberRow {
        generation: member.footing.generation.0,
        incarnation: member.footing.incarnation.0,
        state: state.into(),
    }
}

fn member_from_pb(member: &pb::MemberRow) -> Result<MemberRow, DecodeError> {
    Ok(MemberRow {
        footing: field::footing(member.generation, member.incarnation)?,
        state: match pb::MemberState::try_from(member.state) {
            Ok(pb::MemberState::Alive) => MemberState::Alive,
            Ok(pb::MemberState::Dead) => MemberState::Dead,
            Ok(pb::MemberState::Left) => MemberState::Left,
            Ok(pb::MemberState::Forgotten) => MemberState::Forgotten,
            Ok(pb::MemberState::Unspecified) => {
                return Err(DecodeError::Missing { what: "state" });
            }
            Err(_) => return Err(DecodeError::UnknownKind { what: "state" }),
        },
    })
}
