//! Rule M9: nobody is born by accusation or revived by hearsay.
//!
//! A member comes to be here only by a claim of its own, on a footing above
//! every one on which it was gone. What was held is remembered here for the
//! whole run of the process, also when the node has dropped the row.

use alloc::format;

use super::Verdict;
use super::monotone::Held;
use super::truth::Truth;
use crate::base::id::NodeId;
use crate::message::Presence;
use crate::output::MemberStatus;

/// Holds where `id`, held as `before`, may be held as `now`.
pub(in crate::sim) fn is_not_its_own_word(
    truth: &Truth,
    id: &NodeId,
    before: Option<Held>,
    now: Held,
) -> Verdict {
    let here = |status| matches!(status, MemberStatus::Alive | MemberStatus::Suspect);
    if !here(now.1) {
        return Ok(());
    }
    if !truth.has_said(id, now.0, Presence::Alive) {
        return Err(format!("birth: {id} never claimed {:?}", now.0));
    }
    if let Some((footing, status)) = before
        && !here(status)
        && now.0 <= footing
    {
        return Err(format!(
            "revival: {id} was {status:?} on {footing:?}, and is {:?} on {:?}",
            now.1, now.0
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{claimed, footing, id};
    use super::*;
    use MemberStatus::{Alive, Dead, Left, Suspect};

    #[test]
    fn fires_on_one_that_never_spoke_and_on_one_that_spoke_too_early() {
        let mut truth = Truth::default();
        let (low, high) = (footing(7, 1), footing(8, 0));
        let n1 = id("n1");
        let judge = |truth: &Truth, before, now| is_not_its_own_word(truth, &n1, before, now);
        assert!(judge(&truth, None, (low, Suspect)).is_err());
        assert_eq!(judge(&truth, None, (low, Dead)), Ok(()));
        truth.says(&claimed("n1", low, Presence::Alive));
        assert_eq!(judge(&truth, None, (low, Alive)), Ok(()));
        for gone in [Dead, Left] {
            assert!(judge(&truth, Some((low, gone)), (low, Alive)).is_err());
        }
        assert!(judge(&truth, Some((low, Dead)), (high, Alive)).is_err());
        truth.says(&claimed("n1", high, Presence::Alive));
        assert_eq!(judge(&truth, Some((low, Dead)), (high, Alive)), Ok(()));
    }
}
