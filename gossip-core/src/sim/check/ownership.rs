//! Rule M2, ownership: nobody holds or tells of a member what it never said.
//!
//! A footing is issued by its member alone. Whoever carries one that was never
//! issued has made it up, and the member could not outbid it. Nor is a word of
//! one kind told as another: whether a member is here or has left is its own
//! to say, on each footing. So it is with an accusation: its accuser made it, on
//! that footing and as grave, or nobody tells of it; and whoever is held for
//! suspect or dead was accused of that by somebody.

use alloc::format;

use super::Verdict;
use super::monotone::Held;
use super::truth::Truth;
use crate::base::id::NodeId;
use crate::message::{Body, Charge, Claim, Footing, Item, Message, Presence};
use crate::output::MemberStatus;

/// Holds where a member has issued the footing somebody holds of it, and what is
/// held of it there was said.
pub(in crate::sim) fn was_never_so(truth: &Truth, id: &NodeId, held: Held) -> Verdict {
    let (footing, status) = held;
    let least = match status {
        MemberStatus::Left => return never_said(truth, id, footing, Presence::Left),
        MemberStatus::Alive => None,
        MemberStatus::Suspect => Some(Charge::Suspect),
        MemberStatus::Dead => Some(Charge::Dead),
    };
    never_said(truth, id, footing, Presence::Alive)?;
    match least {
        Some(least) if truth.charges(id, footing).all(|charge| charge < least) => Err(format!(
            "ownership: {id} is held {status:?} on {footing:?}, and nobody said so"
        )),
        _ => Ok(()),
    }
}

/// Holds where everything in a message about members was issued by them, and
/// every accusation made by its accuser.
pub(in crate::sim) fn tells_what_was_never_issued(truth: &Truth, message: &Message) -> Verdict {
    let members = match &message.body {
        Body::Delta(delta) => delta.members.as_slice(),
        _ => &[],
    };
    for item in message.rumors.iter().chain(members) {
        match item {
            Item::Claim(claim) => {
                let Claim {
                    member,
                    footing,
                    presence,
                    ..
                } = &claim.value;
                never_said(truth, member, *footing, *presence)?;
            }
            Item::Accusation(accusation) if !truth.has_accused(&accusation.value) => {
                let accusation = &accusation.value;
                return Err(format!("ownership: nobody made {accusation:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Holds where a member has said this of itself.
fn never_said(truth: &Truth, id: &NodeId, footing: Footing, presence: Presence) -> Verdict {
    if truth.has_said(id, footing, presence) {
        return Ok(());
    }
    let newest = truth.newest(id);
    Err(format!(
        "ownership: {presence:?} on {footing:?} of {id} was never issued, its newest is {newest:?}"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{accusation, claim, claimed, footing, id};
    use super::*;
    use crate::message::Statement;
    use crate::sim::sealer::seal;

    fn tells(item: Item) -> Message {
        let mut message = Message::bare(Body::Gossip);
        message.rumors.push(item);
        message
    }

    fn accuses(truth: &mut Truth, item: &Item) {
        if let Item::Accusation(made) = item {
            truth.accuses(&made.value);
        }
    }

    #[test]
    fn fires_on_a_footing_nobody_issued() {
        let mut truth = Truth::default();
        let low = claim("n1", footing(7, 1));
        assert!(tells_what_was_never_issued(&truth, &tells(low.clone())).is_err());
        truth.says(&claimed("n1", footing(7, 1), Presence::Alive));
        assert_eq!(tells_what_was_never_issued(&truth, &tells(low)), Ok(()));
        let older = claim("n1", footing(7, 0));
        assert!(tells_what_was_never_issued(&truth, &tells(older)).is_err());
    }

    #[test]
    fn fires_on_one_who_is_here_and_told_to_have_left() {
        let mut truth = Truth::default();
        let on = footing(7, 1);
        truth.says(&claimed("n1", on, Presence::Alive));
        let left = || tells(seal(Statement::Claim(claimed("n1", on, Presence::Left))));
        assert!(tells_what_was_never_issued(&truth, &left()).is_err());
        truth.says(&claimed("n1", on, Presence::Left));
        assert_eq!(tells_what_was_never_issued(&truth, &left()), Ok(()));
        let alive = tells(claim("n1", on));
        assert_eq!(tells_what_was_never_issued(&truth, &alive), Ok(()));
    }

    #[test]
    fn fires_on_an_accusation_that_grew_on_its_way() {
        let mut truth = Truth::default();
        let (low, high) = (footing(7, 1), footing(7, 2));
        truth.says(&claimed("n1", high, Presence::Alive));
        let made = |footing, charge| accusation("n2", "n1", footing, charge);
        accuses(&mut truth, &made(low, Charge::Suspect));
        for (footing, charge, holds) in [
            (low, Charge::Suspect, true),
            (low, Charge::Dead, false),
            (low, Charge::Removed, false),
            (high, Charge::Suspect, false),
        ] {
            let message = tells(made(footing, charge));
            let judged = tells_what_was_never_issued(&truth, &message);
            assert_eq!(judged.is_ok(), holds, "{footing:?} {charge:?}");
        }
        let other = tells(accusation("n3", "n1", low, Charge::Suspect));
        assert!(tells_what_was_never_issued(&truth, &other).is_err());
    }

    #[test]
    fn fires_on_what_is_held_and_was_not_said() {
        use MemberStatus::{Alive, Dead, Left, Suspect};
        let mut truth = Truth::default();
        let (n1, on) = (id("n1"), footing(7, 1));
        let holds = |truth: &Truth, status| was_never_so(truth, &n1, (on, status)).is_ok();
        assert!(!holds(&truth, Alive));
        truth.says(&claimed("n1", on, Presence::Alive));
        assert!(holds(&truth, Alive) && !holds(&truth, Suspect) && !holds(&truth, Left));
        accuses(&mut truth, &accusation("n2", "n1", on, Charge::Suspect));
        assert!(holds(&truth, Suspect) && !holds(&truth, Dead));
        accuses(&mut truth, &accusation("n2", "n1", on, Charge::Dead));
        assert!(holds(&truth, Dead));
        truth.says(&claimed("n1", on, Presence::Left));
        assert!(holds(&truth, Left));
    }
}
