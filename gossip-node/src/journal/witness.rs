//! A witness: told at each point where a crash would matter.
//!
//! In a running node nobody listens. In tests it is where the process kills
//! itself, to prove that nothing told is lost and nothing half is kept.

/// A point in the life of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// Nothing of it is written.
    Before,
    /// Half of its records are applied; nothing is visible.
    Inside,
    /// It is on disk; nobody has been told.
    After,
    /// Those who waited have been told.
    Told,
}

/// Somebody who is told.
pub trait Witness: Send {
    /// A commit has come to this point.
    fn at(&mut self, point: Point);
}

/// Nobody.
impl Witness for () {
    fn at(&mut self, _: Point) {}
}
