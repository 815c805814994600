//! Floor 4: what two peers hold, compared at the cost of what differs.
//!
//! ```text
//!   row ──▶ Coder ──▶ two items (key, value) ──▶ places ──▶ Sketch: symbols, checksum
//!                                                                │
//!              theirs ───────────────────────── minus ───────────┤ ours
//!                                                                ▼
//!                                                    peel ──▶ what differs
//! ```
//!
//! * [`Sketch`]: a checksum and a cached prefix of coded symbols over all rows,
//!   updated in place; it is the same whoever asks.
//! * [`peel`]: what differs, from a peer's symbols and our own, in bounded work.
//! * [`Guess`]: how many symbols to send at first.
//! * [`Comparison`] by ranges: the comparison for very many differences, or symbols
//!   that cannot be understood, with a hash that is salted anew each time.
//!
//! The symbols are a rateless invertible Bloom lookup table (Yang, Gilad,
//! Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024): the more
//! of them, the more can be understood, and a prefix of them is good for as many
//! differences as it is long, less a third.

pub mod field;
mod guess;
mod item;
mod peel;
mod places;
mod range;
mod sketch;
#[cfg(test)]
mod tests;

pub use guess::{Guess, wanted};
pub use item::{Coder, Half, Name, Told, key, split};
pub use peel::{Difference, Peeled, peel};
pub use range::{Comparison, Held, answer};
pub use sketch::Sketch;
