//! What each side lacks: from a piece of a digest, from rows, or from what was
//! read in symbols.
//!
//! Only the server of a session compares. It learns of every name that differs
//! how the opener stands there, and what follows for either side.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::picture::Picture;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{Checksum, Digest, DigestRow, Form, Found};
use crate::reconcile::{Difference, Half, Held, Name, Sketch, Told, key, split};

/// What follows from a comparison.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// What the other lacks, as it stands there.
    pub(super) serve: Vec<DigestRow>,
    /// What we lack, as we stand.
    pub(super) want: Vec<DigestRow>,
}

impl Verdicts {
    fn judge(&mut self, held: Held<'_>, theirs: &DigestRow, form: Form) {
        if form.pulls() && (held.member > theirs.member || held.head > theirs.head) {
            self.serve.push(theirs.clone());
        }
        if form.pushes() && (theirs.member > held.member || theirs.head > held.head) {
            self.want.push(held.to_row());
        }
    }
}

/// Compares a piece of the other's digest with what we hold: two lists in order
/// of name, walked side by side.
pub(super) fn digest(digest: &Digest, form: Form, picture: Picture<'_>) -> Verdicts {
    let mut all = Verdicts::default();
    let mut theirs = digest.rows.iter().peekable();
    let mut ours = picture.after(digest.after.as_ref()).peekable();
    let through = digest.through.as_ref();
    let within = |id: &NodeId| through.is_none_or(|through| id <= through);
    loop {
        let row = theirs.peek();
        let held = ours.peek().filter(|held| within(held.id));
        let order = match (held, row) {
            (Some(held), Some(row)) => held.id.cmp(&row.id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let held = if order.is_le() { ours.next() } else { None };
        let row = if order.is_ge() { theirs.next() } else { None };
        match (held, row) {
            (Some(held), Some(row)) => all.judge(held, row, form),
            (Some(held), None) => all.judge(held, &DigestRow::absent(held.id.clone()), form),
            (None, Some(row)) => all.judge(nothing(&row.id), row, form),
            (None, None) => break,
        }
    }
    all
}

/// Compares single rows.
pub(super) fn rows(rows: &[DigestRow], form: Form, picture: Picture<'_>) -> Verdicts {
    let mut all = Verdicts::default();
    for row in rows.iter().take(limit::DIGEST_ROWS) {
        all.judge(picture.of(&row.id), row, form);
    }
    all
}

const fn nothing(id: &NodeId) -> Held<'_> {
    Held {
        id,
        member: None,
        head: None,
    }
}

/// What was read in symbols: what the opener lacks, as it stands there, and what
/// is to be said of the rest. `None` where it does not add up to the opener's
/// checksum: then there is more than was read, or something else.
pub(super) fn differences(
    differences: &[Difference],
    (theirs, form): (Checksum, Form),
    sketch: &Sketch,
    picture: Picture<'_>,
) -> Option<(Verdicts, Found)> {
    let mut names: BTreeMap<Name, [Option<Difference>; 2]> = BTreeMap::new();
    for one in differences {
        let (name, half) = split(one.key);
        let halves = names.entry(name).or_default();
        match half {
            Half::Member => halves[0] = Some(*one),
            Half::Head => halves[1] = Some(*one),
        }
    }
    let coder = sketch.coder();
    let (mut all, mut found) = (Verdicts::default(), Found::default());
    let mut sum = sketch.sum().0;
    let mut is_certain = true;
    for (name, [member, head]) in names {
        let Some(id) = sketch.id(name) else {
            is_certain = false;
            let halves = [member, head].into_iter().flatten();
            found.lacks.extend(halves.map(|half| (half.key, 0)));
            continue;
        };
        let held = picture.of(id);
        let told_member = member.map(|half| coder.read_member(name, half.theirs, held.member));
        let told_head = head.map(|half| coder.read_head(name, half.theirs, held.head));
        let told = (
            row_of(told_member, held.member),
            row_of(told_head, held.head),
        );
        let (Some(member_row), Some(head_row)) = told else {
            is_certain = false;
            if found.unclear.len() < limit::DIGEST_ROWS {
                found.unclear.push(key(name, Half::Member));
            }
            continue;
        };
        let row = DigestRow {
            id: id.clone(),
            member: member_row,
            head: head_row,
        };
        sum = sum
            .wrapping_sub(coder.sum(id, held.member, held.head))
            .wrapping_add(sum_of(sketch, &row));
        if form.pulls() && (held.member > row.member || held.head > row.head) {
            all.serve.push(row.clone());
        }
        let behind = [
            member.filter(|_| row.member > held.member),
            head.filter(|_| row.head > held.head),
        ];
        let behind = behind.into_iter().flatten();
        found.lacks.extend(behind.map(|half| (half.key, half.ours)));
    }
    if !form.pushes() {
        found.lacks.clear();
    }
    (!is_certain || sum == theirs.0).then_some((all, found))
}

fn sum_of(sketch: &Sketch, row: &DigestRow) -> u128 {
    match (row.member, row.head) {
        (None, None) => 0,
        (member, head) => sketch.coder().sum(&row.id, member, head),
    }
}

/// A half as the other holds it: as we do, where nothing was read of it. `None`:
/// it cannot be told.
fn row_of<T>(told: Option<Told<T>>, ours: Option<T>) -> Option<Option<T>> {
    match told {
        None => Some(ours),
        Some(Told::Nothing) => Some(None),
        Some(Told::Exactly(row)) => Some(Some(row)),
        Some(Told::Unclear) => None,
    }
}

/// At the opener: how the server stands in what it says it lacks.
pub(super) fn lacks(found: &Found, sketch: &Sketch, picture: Picture<'_>) -> Vec<DigestRow> {
    let coder = sketch.coder();
    let mut rows: BTreeMap<Name, DigestRow> = BTreeMap::new();
    for (key, value) in found.lacks.iter().take(limit::SYMBOLS) {
        let (name, half) = split(*key);
        let Some(id) = sketch.id(name) else {
            continue;
        };
        let held = picture.of(id);
        let row = rows.entry(name).or_insert_with(|| held.to_row());
        // What became unclear meanwhile is for the next session.
        match half {
            Half::Member => match coder.read_member(name, *value, held.member) {
                Told::Nothing => row.member = None,
                Told::Exactly(member) => row.member = Some(member),
                Told::Unclear => {}
            },
            Half::Head => match coder.read_head(name, *value, held.head) {
                Told::Nothing => row.head = None,
                Told::Exactly(head) => row.head = Some(head),
                Told::Unclear => {}
            },
        }
    }
    rows.into_values().collect()
}

/// At the opener: the rows the server asks for.
pub(super) fn told(found: &Found, sketch: &Sketch, picture: Picture<'_>) -> Vec<DigestRow> {
    let names = found.unclear.iter().take(limit::DIGEST_ROWS);
    let ids = names.filter_map(|key| sketch.id(split(*key).0));
    let mut rows: Vec<DigestRow> = ids.map(|id| picture.of(id).to_row()).collect();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows.dedup_by(|one, other| one.id == other.id);
    rows
}
