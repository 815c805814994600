//! Steps of a comparison by ranges, which are apart and rise.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{Digest, Range, RangePart, Ranges};

use crate::error::DecodeError;
use crate::{digest, field, pb};

pub(crate) fn to_pb(said: &Ranges) -> pb::Ranges {
    pb::Ranges {
        salt: said.salt,
        ranges: said.ranges.iter().map(range_to_pb).collect(),
    }
}

pub(crate) fn from_pb(said: &pb::Ranges) -> Result<Ranges, DecodeError> {
    field::at_most("ranges", said.ranges.len(), limit::RANGES)?;
    let ranges = said.ranges.iter().map(range_from_pb);
    let ranges: Vec<Range> = ranges.collect::<Result<_, _>>()?;
    let rising = ranges.windows(2).all(|pair| match pair {
        [one, next] => match (&one.through, &next.after) {
            (Some(through), Some(after)) => through <= after,
            _ => false,
        },
        _ => true,
    });
    field::ensure(rising, "ranges that overlap")?;
    Ok(Ranges {
        salt: said.salt,
        ranges,
    })
}

fn range_to_pb(range: &Range) -> pb::Range {
    let end = |id: &Option<_>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut to = pb::Range {
        after: end(&range.after),
        through: end(&range.through),
        ..pb::Range::default()
    };
    match &range.part {
        RangePart::Print(print) => to.print = Bytes::copy_from_slice(&print.to_be_bytes()),
        RangePart::Tell => {}
        RangePart::Rows(rows) => {
            to.told = true;
            to.rows = rows.iter().map(digest::row_to_pb).collect();
        }
    }
    to
}

fn range_from_pb(range: &pb::Range) -> Result<Range, DecodeError> {
    let digest = Digest {
        after: field::id_or_none("end of a range", &range.after)?,
        through: field::id_or_none("end of a range", &range.through)?,
        rows: digest::rows(&range.rows)?,
    };
    digest::check(&digest)?;
    let print = match range.print.len() {
        0 => None,
        _ => Some(<[u8; 16]>::try_from(range.print.as_ref()).map_err(|_| {
            DecodeError::Senseless {
                what: "a print of other than 16 bytes",
            }
        })?),
    };
    let part = match (print, range.told) {
        (Some(print), false) if digest.rows.is_empty() => {
            RangePart::Print(u128::from_be_bytes(print))
        }
        (None, false) if digest.rows.is_empty() => RangePart::Tell,
        (None, true) => RangePart::Rows(digest.rows),
        _ => {
            return Err(DecodeError::Senseless {
                what: "a range of two kinds",
            });
        }
    };
    Ok(Range {
        after: digest.after,
        through: digest.through,
        part,
    })
}
