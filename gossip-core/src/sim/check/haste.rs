//! Rules M6 and M7, no hasty death: a node condemns a member only after the
//! member was suspect in its own eyes, on this very footing, for at least the
//! shortest time a suspicion lasts.
//!
//! A verdict that was heard starts that time and does not shorten it. Only a
//! member a node had not held as here may be taken in as dead at once, and one
//! that an operator removes. Nobody speaks for an operator who has not asked.

use alloc::format;
use core::time::Duration;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::config::Config;
use crate::message::{Charge, Footing};

/// The shortest time a suspicion lasts with these knobs.
pub(in crate::sim) const fn least(config: &Config) -> Duration {
    config.suspicion_min
}

/// Holds where `id`, suspect `since` then on some footing, may be condemned
/// on `footing` now. Times are those of the judge's own clock.
pub(in crate::sim) fn is_hasty(
    id: &NodeId,
    since: Option<(Footing, Instant)>,
    footing: Footing,
    now: Instant,
    least: Duration,
) -> Verdict {
    match since {
        Some((suspect_on, from)) if suspect_on == footing => {
            let waited = now.since(from);
            if waited < least {
                return Err(format!(
                    "haste: {id} is condemned after {waited:?}, suspicion lasts {least:?} at least"
                ));
            }
            Ok(())
        }
        Some((suspect_on, _)) => Err(format!(
            "haste: {id} is condemned on {footing:?}, it was suspect on {suspect_on:?}"
        )),
        None => Err(format!(
            "haste: {id} is condemned on {footing:?} and was never suspect"
        )),
    }
}

/// Holds where an operator has asked for what a node says as one of `id`.
pub(in crate::sim) fn orders_by_itself(id: &NodeId, is_asked: bool, charge: Charge) -> Verdict {
    match is_asked {
        true => Ok(()),
        false => Err(format!(
            "haste: {id} is {charge:?}, and no operator asked for it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{footing, id};
    use super::*;

    #[test]
    fn fires_where_no_operator_asked() {
        assert!(orders_by_itself(&id("n1"), false, Charge::Removed).is_err());
        assert_eq!(orders_by_itself(&id("n1"), true, Charge::Removed), Ok(()));
    }

    #[test]
    fn fires_too_early_on_another_footing_and_out_of_nowhere() {
        let (least, on) = (Duration::from_secs(4), footing(7, 1));
        let at = Instant::from_millis;
        let judge = |since, footing, millis| is_hasty(&id("n1"), since, footing, at(millis), least);
        assert!(judge(Some((on, at(0))), on, 3_999).is_err());
        assert_eq!(judge(Some((on, at(0))), on, 4_000), Ok(()));
        assert!(judge(Some((on, at(0))), footing(7, 2), 9_000).is_err());
        assert!(judge(None, on, 9_000).is_err());
    }
}
