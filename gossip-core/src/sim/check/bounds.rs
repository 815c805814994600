//! Rule M13, bounds: nothing a node keeps grows beyond its named limit, and
//! one input makes only so many outputs.

use alloc::format;

use super::Verdict;
use crate::base::limit;
use crate::node::observe::Burden;

/// Statements being sealed at once (guess: a commit, a claim, and a verdict on
/// each of a zone's members).
const SEALS: usize = limit::ROSTER;

/// Holds where a node's load is within its limits.
pub(in crate::sim) fn outgrows_its_bounds(burden: &Burden) -> Verdict {
    let all = [
        ("members", burden.rows, limit::ROSTER),
        ("members here", burden.here, burden.rows),
        ("certificates", burden.certificates, limit::CERTIFICATES),
        ("hot rumors", burden.hot_rumors, limit::HOT_RUMORS),
        ("statements being sealed", burden.seals, SEALS),
        ("probes under way", burden.probes, limit::PROBES),
        ("probes for others", burden.relayed, limit::RELAYED_PROBES),
    ];
    for (what, found, most) in all {
        if found > most {
            return Err(format!("bounds: {found} {what}, at most {most} fit"));
        }
    }
    Ok(())
}

/// Holds where one input may have made so many outputs.
pub(in crate::sim) fn pours_out(outputs: usize) -> Verdict {
    if outputs > limit::OUTBOX {
        return Err(format!(
            "bounds: {outputs} outputs to one input, at most {} fit",
            limit::OUTBOX
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_beyond_a_limit() {
        let mut burden = Burden {
            hot_rumors: limit::HOT_RUMORS,
            seals: 0,
            probes: 0,
            relayed: 0,
            links: 0,
            rows: 3,
            here: 3,
            certificates: 0,
            awareness: 0,
            compares_notes: false,
            counters: crate::output::Counters::default(),
        };
        assert_eq!(outgrows_its_bounds(&burden), Ok(()));
        burden.hot_rumors += 1;
        assert!(outgrows_its_bounds(&burden).is_err());
        burden.hot_rumors = 0;
        burden.here = 4;
        assert!(outgrows_its_bounds(&burden).is_err());
        burden.here = 3;
        burden.probes = limit::PROBES + 1;
        assert!(outgrows_its_bounds(&burden).is_err());
        burden.probes = 0;
        burden.relayed = limit::RELAYED_PROBES + 1;
        assert!(outgrows_its_bounds(&burden).is_err());
        assert!(pours_out(limit::OUTBOX + 1).is_err());
    }
}
