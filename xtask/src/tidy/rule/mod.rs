//! The rules, one a file.

mod clock;
mod doc;
mod floor;
mod generated;
mod getter;
mod length;
mod limit;
mod link;
mod neighbour;
mod panic;
mod select;
mod text;

use super::Report;
use super::tree::Tree;

/// A rule of the house.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its name in findings and excuses.
    pub(crate) name: &'static str,
    /// What it wants, and why.
    pub(crate) explain: &'static str,
    pub(crate) check: fn(&Tree, &mut Report),
}

/// Every rule there is.
pub(crate) const RULES: &[Rule] = &[
    clock::RULE,
    doc::RULE,
    floor::RULE,
    generated::RULE,
    getter::RULE,
    length::RULE,
    limit::RULE,
    link::RULE,
    neighbour::RULE,
    panic::RULE,
    select::RULE,
    text::RULE,
];
