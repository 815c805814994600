//! Rule M2, ownership: nobody holds or tells of a member what it never said.
//!
//! A footing is issued by its member alone. Whoever carries one that was never
//! issued has made it up, and the member could not outbid it. So it is with an
//! accusation: its accuser made it, on that footing, or nobody tells of it.

use alloc::format;

use super::Verdict;
use super::truth::Truth;
use crate::base::id::NodeId;
use crate::message::{Body, Footing, Item, Message};

/// Holds where a member has issued the footing somebody holds of it.
pub(in crate::sim) fn never_issued(truth: &Truth, id: &NodeId, footing: Footing) -> Verdict {
    if truth.newest(id).is_none_or(|newest| newest < footing) {
        let newest = truth.newest(id);
        return Err(format!(
            "ownership: {footing:?} of {id} was never issued, its newest is {newest:?}"
        ));
    }
    Ok(())
}

/// Holds where everything in a message about members was issued by them.
pub(in crate::sim) fn tells_what_was_never_issued(truth: &Truth, message: &Message) -> Verdict {
    let members = match &message.body {
        Body::Delta(delta) => delta.members.as_slice(),
        _ => &[],
    };
    for item in message.rumors.iter().chain(members) {
        match item {
            Item::Claim(claim) => never_issued(truth, &claim.value.member, claim.value.footing)?,
            Item::Accusation(accusation) => {
                never_issued(truth, &accusation.value.accused, accusation.value.footing)?;
                if !truth.has_accused(&accusation.value) {
                    let accusation = &accusation.value;
                    return Err(format!("ownership: nobody made {accusation:?}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{accusation, claim, footing};
    use super::*;
    use crate::message::Charge;

    #[test]
    fn fires_on_a_footing_nobody_issued() {
        let mut truth = Truth::default();
        let mut message = Message::bare(Body::Gossip);
        message.rumors.push(claim("n1", footing(7, 1)));
        assert!(tells_what_was_never_issued(&truth, &message).is_err());
        let Item::Claim(said) = claim("n1", footing(7, 1)) else {
            unreachable!()
        };
        truth.says(&said.value);
        assert_eq!(tells_what_was_never_issued(&truth, &message), Ok(()));
        let accuse = |footing| accusation("n2", "n1", footing, Charge::Dead);
        message.rumors.push(accuse(footing(7, 1)));
        assert!(tells_what_was_never_issued(&truth, &message).is_err());
        let Item::Accusation(made) = accuse(footing(7, 1)) else {
            unreachable!()
        };
        truth.accuses(&made.value);
        assert_eq!(tells_what_was_never_issued(&truth, &message), Ok(()));
        message.rumors.push(accuse(footing(7, 2)));
        assert!(tells_what_was_never_issued(&truth, &message).is_err());
    }
}
