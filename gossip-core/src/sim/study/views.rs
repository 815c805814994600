//! Views: what every member believes of every other, held against what is so.
//!
//! A table of one byte for each pair, kept up with the notifications as they
//! come, so that "do all know all?" costs nothing to ask and is answered with
//! the exact moment, not with the step of a clock.

use alloc::vec;
use alloc::vec::Vec;

use crate::base::time::Instant;
use crate::output::MemberStatus;

/// The pictures of all members, and the truth.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// What each believes of each; `None`: never heard of.
    rows: Vec<Vec<Option<MemberStatus>>>,
    up: Vec<bool>,
    /// Who said of itself that it takes part.
    takes_part: Vec<bool>,
    /// Cells that differ from the truth.
    wrong: usize,
    tally: [usize; 5],
    exact_since: Option<Instant>,
}

impl Views {
    /// So many members, all of which have just started.
    pub(super) fn of(members: usize) -> Self {
        Self {
            rows: vec![vec![None; members]; members],
            up: vec![true; members],
            takes_part: vec![false; members],
            wrong: members * members,
            tally: [0, 0, 0, 0, members * members.saturating_sub(1)],
            exact_since: None,
        }
    }

    pub(super) fn is_up(&self, member: usize) -> bool {
        self.up[member]
    }

    pub(super) fn seen(&self, observer: usize, subject: usize) -> Option<MemberStatus> {
        self.rows[observer][subject]
    }

    /// Since when every running member takes part and holds exactly the
    /// running ones alive; `None` while one does not.
    pub(super) fn exact_since(&self) -> Option<Instant> {
        self.exact_since
    }

    /// How many pairs of a member that runs and another one by what the first
    /// holds the other for: alive, suspect, dead, left, never heard of.
    pub(super) fn tally(&self) -> [usize; 5] {
        self.tally
    }

    /// The cells of a member's row come into the tally, or go.
    fn weigh(&mut self, member: usize, comes: bool) {
        for (other, status) in self.rows[member].iter().enumerate() {
            if other != member {
                let cell = &mut self.tally[place(*status)];
                *cell = if comes { *cell + 1 } else { *cell - 1 };
            }
        }
    }

    fn is_wrong(&self, observer: usize, subject: usize) -> bool {
        if !self.up[observer] {
            return false;
        }
        if observer == subject {
            return !self.takes_part[observer];
        }
        let seen = self.rows[observer][subject];
        if self.up[subject] {
            seen != Some(MemberStatus::Alive)
        } else {
            matches!(seen, Some(MemberStatus::Alive | MemberStatus::Suspect))
        }
    }

    /// A member says that it takes part.
    pub(super) fn runs(&mut self, at: Instant, member: usize) {
        let before = self.is_wrong(member, member);
        self.takes_part[member] = true;
        self.count(at, before, self.is_wrong(member, member));
    }

    /// A member believes something else of another from now on.
    pub(super) fn see(
        &mut self,
        at: Instant,
        observer: usize,
        subject: usize,
        status: MemberStatus,
    ) {
        let before = self.is_wrong(observer, subject);
        let held = self.rows[observer][subject].replace(status);
        if self.up[observer] {
            self.tally[place(held)] -= 1;
            self.tally[place(Some(status))] += 1;
        }
        self.count(at, before, self.is_wrong(observer, subject));
    }

    /// A process ended, or is about to and has said so.
    pub(super) fn goes(&mut self, at: Instant, member: usize) {
        self.turn(at, member, false);
    }

    /// A process started anew: it knows nobody.
    pub(super) fn comes(&mut self, at: Instant, member: usize) {
        // Forgotten while down, when nothing it holds counts.
        self.turn(at, member, false);
        self.rows[member].fill(None);
        self.takes_part[member] = false;
        self.turn(at, member, true);
    }

    fn turn(&mut self, at: Instant, member: usize, up: bool) {
        let cells = |it: &Self| {
            let all = 0..it.up.len();
            let row = all.clone().filter(|other| it.is_wrong(member, *other));
            let column = all.filter(|other| *other != member && it.is_wrong(*other, member));
            row.count() + column.count()
        };
        let before = cells(self);
        if self.up[member] != up {
            self.weigh(member, up);
        }
        self.up[member] = up;
        let after = cells(self);
        self.wrong = self.wrong + after - before;
        self.look(at);
    }

    fn count(&mut self, at: Instant, before: bool, after: bool) {
        self.wrong = self.wrong + usize::from(after) - usize::from(before);
        self.look(at);
    }

    fn look(&mut self, at: Instant) {
        if self.wrong > 0 {
            self.exact_since = None;
        } else {
            self.exact_since.get_or_insert(at);
        }
    }
}

/// Where a status stands in a tally.
fn place(status: Option<MemberStatus>) -> usize {
    match status {
        Some(MemberStatus::Alive) => 0,
        Some(MemberStatus::Suspect) => 1,
        Some(MemberStatus::Dead) => 2,
        Some(MemberStatus::Left) => 3,
        None => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MemberStatus::{Alive, Dead, Suspect};

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Two members that know one another since 3 ms.
    fn pair() -> Views {
        let mut views = Views::of(2);
        views.runs(at(1), 0);
        views.runs(at(1), 1);
        views.see(at(2), 0, 1, Alive);
        assert_eq!(views.exact_since(), None);
        views.see(at(3), 1, 0, Alive);
        assert_eq!(views.exact_since(), Some(at(3)));
        views
    }

    #[test]
    fn a_crash_is_known_when_the_last_one_knows() {
        let mut views = pair();
        views.goes(at(10), 1);
        assert_eq!(views.exact_since(), None);
        views.see(at(11), 0, 1, Suspect);
        assert_eq!(views.exact_since(), None);
        views.see(at(12), 0, 1, Dead);
        assert_eq!(views.exact_since(), Some(at(12)));
        assert_eq!(views.tally(), [0, 0, 1, 0, 0]);
    }

    #[test]
    fn whoever_restarts_has_to_learn_and_to_be_learned() {
        let mut views = pair();
        views.comes(at(20), 1);
        assert_eq!(views.exact_since(), None);
        assert_eq!(views.tally(), [1, 0, 0, 0, 1]);
        views.runs(at(21), 1);
        views.see(at(22), 1, 0, Alive);
        assert_eq!(views.exact_since(), Some(at(22)));
        views.see(at(23), 0, 1, Dead);
        assert_eq!(views.exact_since(), None);
    }
}
