//! Scenarios: what is to happen to a cluster, as data that can be read aloud.
//!
//! ```text
//!            draw                    play
//!   seed ─────────▶  Scenario  ───────────────▶  how it went
//!   text ─────────▶     │                            │ badly
//!            parse      │ print                      ▼
//!                       ▼                         shrink ──▶ a smaller Scenario
//!                     text                                   that still fails
//! ```
//!
//! One line a thing, `#` begins a comment:
//!
//! ```text
//! seed 7                              everything left to chance comes from it
//! profile lan                         local, lan or wan
//! set probe_interval 500ms            a knob, on every node
//! nodes n0                            names
//! nodes n1..n7 joining n0             more names, and their seeds
//! nodes n8 joining n0 late            starts only when it is told to
//! weather everywhere loss 5%          how all paths behave (`sky.rs`)
//! never n1 dead to n0                 nobody of the latter holds one of the former so
//! at 10s crash n3                     what happens (`deed.rs`), to whom (`who.rs`)
//! at 10s expect exact within 20s      what has to hold (`expect.rs`)
//! end at 1m
//! ```
//!
//! Steps name hosts and spans and carry no dice of their own, so taking one
//! out moves no other. What chance there is while a scenario is played comes
//! from streams of the world's seed: one for each path, one for each boot of
//! each node.

mod acting;
mod deed;
mod draw;
mod errands;
mod expect;
mod judging;
mod knob;
mod plan;
mod shrink;
mod sky;
mod stage;
mod trouble;
mod walk;
mod who;
mod words;

pub use deed::{Deed, Disk, Wish, Writing};
pub use draw::draw;
pub use expect::{Expectation, Never, What};
pub use knob::{Knob, Setting};
pub use plan::{Part, Scenario, Step};
pub use shrink::shrink;
pub use stage::{Failure, Played, Stage, play};
pub use who::{Name, Route, Who};
pub use words::ParseError;
