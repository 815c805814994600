//! Offers: rumors by name, in columns.

use std::collections::BTreeSet;

use gossip_core::base::limit;
use gossip_core::message::{Generation, Head, LogHead, Offer, RumorId, Version};

use crate::error::DecodeError;
use crate::{field, pb};

pub(crate) fn to_pb(offer: &Offer) -> pb::Offer {
    let ids = |ids: &[RumorId]| ids.iter().map(|id| id.0).collect();
    pb::Offer {
        asks: offer.asks,
        hot: offer.hot.iter().map(|(id, _)| id.0).collect(),
        hot_counts: offer.hot.iter().map(|(_, count)| *count).collect(),
        known: offer.known.iter().map(|(id, _)| id.0).collect(),
        known_counts: offer
            .known
            .iter()
            .map(|(_, count)| count.map_or(0, |count| count.saturating_add(1)))
            .collect(),
        taken: ids(&offer.taken),
        wanted: ids(&offer.wanted),
        heads: offer.heads.iter().map(held_to_pb).collect(),
    }
}

/// A log, and how far it is held.
pub(crate) fn held_to_pb(held: &LogHead) -> pb::LogHead {
    pb::LogHead {
        author: held.author.to_string(),
        head: Some(pb::Head {
            generation: held.head.generation.0,
            version: held.head.version.0,
        }),
    }
}

pub(crate) fn held_from_pb(held: &pb::LogHead) -> Result<LogHead, DecodeError> {
    let head = held.head.unwrap_or_default();
    Ok(LogHead {
        author: field::id("author of a log", &held.author)?,
        head: Head {
            generation: Generation(head.generation),
            version: Version(head.version),
        },
    })
}

pub(crate) fn from_pb(offer: &pb::Offer) -> Result<Offer, DecodeError> {
    let hot = ids(&offer.hot)?.into_iter();
    let hot_counts = counts(&offer.hot_counts, offer.hot.len(), Offer::COUNT_MAX)?;
    let known = ids(&offer.known)?.into_iter();
    let most = Offer::COUNT_MAX.saturating_add(1);
    let known_counts = counts(&offer.known_counts, offer.known.len(), most)?.iter();
    let known_counts = known_counts.map(|count| count.checked_sub(1));
    field::at_most("logs in an offer", offer.heads.len(), limit::OFFER_HEADS)?;
    Ok(Offer {
        asks: offer.asks,
        hot: hot.zip(hot_counts.iter().copied()).collect(),
        known: known.zip(known_counts).collect(),
        taken: ids(&offer.taken)?,
        wanted: ids(&offer.wanted)?,
        heads: offer
            .heads
            .iter()
            .map(held_from_pb)
            .collect::<Result<_, _>>()?,
    })
}

/// A column of names, none of them twice.
fn ids(ids: &[u64]) -> Result<Vec<RumorId>, DecodeError> {
    field::at_most("rumors in an offer", ids.len(), limit::OFFER_RUMORS)?;
    let different: BTreeSet<_> = ids.iter().collect();
    let all = different.len() == ids.len();
    field::ensure(all, "a rumor stands twice in an offer")?;
    Ok(ids.iter().copied().map(RumorId).collect())
}

/// The column beside it: as long, and no number above `most`.
fn counts(counts: &[u32], ids: usize, most: u32) -> Result<&[u32], DecodeError> {
    field::ensure(
        counts.len() == ids,
        "a column of an offer is too short or too long",
    )?;
    let small = counts.iter().all(|count| *count <= most);
    field::ensure(small, "a counter of an offer is too high")?;
    Ok(counts)
}
