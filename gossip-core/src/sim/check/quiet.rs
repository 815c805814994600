//! Rule L9, quiescence: where nothing is new, nobody goes on telling.
//!
//! A cluster that keeps telling what all know is one bit away from a storm in
//! which it does nothing else. Who is alone keeps what it has to tell for the
//! first who comes.

use alloc::format;
use alloc::string::String;

use crate::node::observe::Burden;

/// What a node still has to tell; `None`: nothing.
pub(in crate::sim) fn still_tells(burden: &Burden) -> Option<String> {
    let Burden {
        hot_rumors,
        seals,
        here,
        ..
    } = burden;
    (hot_rumors + seals > 0 && *here > 1)
        .then(|| format!("{hot_rumors} rumors are hot, {seals} statements wait to be sealed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_while_there_is_news() {
        let mut burden = Burden {
            probes: 0,
            relayed: 0,
            hot_rumors: 0,
            seals: 0,
            links: 1,
            rows: 2,
            here: 2,
            certificates: 0,
            awareness: 0,
            compares_notes: false,
            counters: crate::output::Counters::default(),
        };
        assert_eq!(still_tells(&burden), None);
        burden.hot_rumors = 1;
        assert!(still_tells(&burden).is_some());
    }
}
