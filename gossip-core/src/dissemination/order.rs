//! An order: something of a log that waits for chunks.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::load::Load;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::input::AssembleId;
use crate::message::{Batch, ChunkedId, Gathered, Head, LogDelta, Outline, RumorId, Version};

/// A batch of an order.
#[derive(Debug)]
pub(super) enum Told {
    /// It is here.
    Whole(Batch),
    /// Chunks of it are missing.
    Open(Outline),
    /// The host reads it.
    Read(AssembleId),
}

/// Something of a log that waits for chunks.
#[derive(Debug)]
pub(super) struct Order {
    /// Who told us of it.
    pub(super) peer: NodeId,
    pub(super) author: NodeId,
    /// The rumor it is; `None`: a run that came in a session.
    pub(super) rumor: Option<RumorId>,
    /// What it may follow on, and how far it reaches.
    pub(super) from: Version,
    pub(super) reaches: Head,
    pub(super) batches: Vec<Told>,
    /// When something of it came last.
    pub(super) moved: Instant,
}

impl Order {
    /// A batch that came as a rumor, by its outline.
    pub(super) fn of_rumor(now: Instant, peer: &NodeId, id: RumorId, outline: Outline) -> Self {
        let head = &outline.head.value;
        Self {
            peer: peer.clone(),
            author: head.author.clone(),
            rumor: Some(id),
            from: head.before(),
            reaches: head.after(),
            batches: Vec::from([Told::Open(outline)]),
            moved: now,
        }
    }

    /// A run of a log; `None`: it says nothing.
    pub(super) fn of_run(now: Instant, peer: &NodeId, run: LogDelta) -> Option<Self> {
        let author = run.author().cloned()?;
        let heads = run.batches.iter().map(|batch| &batch.head.value);
        let reaches = Head {
            generation: heads.map(|head| head.generation()).max()?,
            version: run.reaches(),
        };
        let from = run.from;
        let batches = run.batches.into_iter();
        let mut outlines: Vec<Outline> = batches
            .map(|batch| Outline {
                head: batch.head,
                parts: batch.parts,
                chunked: Vec::new(),
            })
            .collect();
        for (place, part) in run.chunked {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(outline) = outlines.get_mut(place) {
                outline.chunked.push(part);
            }
        }
        let told = outlines.into_iter();
        let told = told.map(|outline| match outline.chunked.is_empty() {
            true => Told::Whole(Batch {
                head: outline.head,
                parts: outline.parts,
            }),
            false => Told::Open(outline),
        });
        Some(Self {
            peer: peer.clone(),
            author,
            rumor: None,
            from,
            reaches,
            batches: told.collect(),
            moved: now,
        })
    }

    /// The batches whose chunks are missing.
    pub(super) fn open(&self) -> impl Iterator<Item = &Outline> {
        self.batches.iter().filter_map(|told| match told {
            Told::Open(outline) => Some(outline),
            Told::Whole(_) | Told::Read(_) => None,
        })
    }

    /// The entries whose chunks it waits for.
    pub(super) fn ids(&self) -> Vec<ChunkedId> {
        self.open().flat_map(ids_of).collect()
    }
}

/// What those of a batch's entries are called that are told by their chunks.
pub(super) fn ids_of(outline: &Outline) -> impl Iterator<Item = ChunkedId> {
    let chunked = outline.chunked.iter();
    chunked.map(|part| outline.id_of(part.index))
}

/// The bytes of a batch, if all of them are here.
pub(super) fn gather(outline: &Outline, loads: &BTreeMap<ChunkedId, Load>) -> Option<Gathered> {
    let mut entries = Vec::with_capacity(outline.parts.len() + outline.chunked.len());
    for part in &outline.chunked {
        let load = loads.get(&outline.id_of(part.index))?;
        entries.push((part.index, load.pieces()?));
    }
    let parts = outline.parts.iter();
    entries.extend(parts.map(|part| (part.index, Vec::from([part.entry.bytes.clone()]))));
    entries.sort_unstable_by_key(|(index, _)| *index);
    Some(Gathered {
        head: outline.head.clone(),
        entries,
    })
}
