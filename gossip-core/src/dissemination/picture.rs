//! What a session compares: one row for every name we hold anything of.
//!
//! Three lists in order of name, walked side by side: members, certificates,
//! logs. Nothing of it is copied before somebody wants to send it.

use core::cmp::Ordering;

use crate::base::id::NodeId;
use crate::membership::Roster;
use crate::reconcile::Held;
use crate::replica::Replica;

/// What a room needs to see to answer a session.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Who is here.
    pub roster: &'a Roster,
    /// What everybody says.
    pub replica: &'a Replica,
}

impl<'a> Picture<'a> {
    /// All we hold of names after one, in order.
    pub(super) fn after(self, after: Option<&NodeId>) -> impl Iterator<Item = Held<'a>> {
        let members = self.roster.iter_after(after);
        let members = members.map(|(id, member)| (id, member.row()));
        let gone = self.roster.certificates().iter_after(after);
        let gone = gone.filter_map(|(id, certificate)| Some((id, certificate.told()?)));
        let logs = self.replica.authors_after(after);
        let rows = side_by_side(members, gone);
        // Nobody has both; if it had, the row counts.
        let rows = rows.map(|(id, member, last)| (id, member.or(last)));
        side_by_side(rows, logs).map(|(id, member, head)| Held {
            id,
            member: member.flatten(),
            head,
        })
    }

    /// What we hold under one name.
    pub(super) fn of(self, id: &'a NodeId) -> Held<'a> {
        Held {
            id,
            member: self.roster.row(id),
            head: self.replica.head(id),
        }
    }

    /// Whether we hold nothing but perhaps a word of our own.
    pub(super) fn is_bare(self) -> bool {
        self.after(None).nth(1).is_none()
    }
}

/// Two lists in order of name, as one.
fn side_by_side<'a, A, B>(
    left: impl Iterator<Item = (&'a NodeId, A)>,
    right: impl Iterator<Item = (&'a NodeId, B)>,
) -> impl Iterator<Item = (&'a NodeId, Option<A>, Option<B>)> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    core::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (_, None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let one = if order.is_le() { left.next() } else { None };
        let other = if order.is_ge() { right.next() } else { None };
        match (one, other) {
            (Some((id, one)), other) => Some((id, Some(one), other.map(|(_, other)| other))),
            (None, Some((id, other))) => Some((id, None, Some(other))),
            (None, None) => None,
        }
    })
}
