//! Rules L1 to L4 and L10, exactness: after the last fault, and within a bound,
//! every picture is the truth.
//!
//! Among those it is asked of, whoever runs is held alive by all others on the
//! very footing it has, where it is; whoever does not run is held alive by
//! nobody; nobody is suspect. Of those it is not asked of, only that: if they
//! do not run, nobody holds them here. They may be broken for ever. One who is
//! alone, with seeds that nobody answers at, may look for others for ever.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::net::SocketAddr;

use crate::base::id::NodeId;
use crate::message::Footing;
use crate::node::Node;
use crate::node::observe::Sight;
use crate::output::{MemberStatus, Phase};

/// How a member really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Truly {
    /// It runs, on this footing, at this address.
    Here(Footing, SocketAddr),
    /// It does not.
    Gone,
    /// Nobody needs to agree on it.
    Whatever,
}

/// What `node` holds that is not so; `None`: its picture is the truth.
pub(in crate::sim) fn is_wrong_about(
    node: &Node,
    truth: &BTreeMap<NodeId, Truly>,
) -> Option<String> {
    let here = truth
        .values()
        .filter(|truly| matches!(truly, Truly::Here(..)));
    let alone = here.count() <= 1;
    let runs = node.phase() == Phase::Running || alone && node.phase() == Phase::Joining;
    if !runs {
        return Some(format!("it is {:?}", node.phase()));
    }
    judge(node.sights(), truth)
}

fn judge<'a>(
    sights: impl Iterator<Item = Sight<'a>>,
    truth: &BTreeMap<NodeId, Truly>,
) -> Option<String> {
    // Both in order of name: one walk over both.
    let mut truth = truth.iter().peekable();
    for sight in sights {
        while let Some((id, truly)) = truth.next_if(|(id, _)| *id < sight.id) {
            if let Truly::Here(..) = truly {
                return Some(format!("it does not know {id}"));
            }
        }
        let truly = truth.next_if(|(id, _)| *id == sight.id);
        let truly = truly.map_or(Truly::Gone, |(_, truly)| *truly);
        let here = matches!(sight.status, MemberStatus::Alive | MemberStatus::Suspect);
        let wrong = match truly {
            Truly::Here(footing, addr) => {
                sight.status != MemberStatus::Alive
                    || sight.footing != footing
                    || sight.addrs.iter().next() != Some(addr)
            }
            Truly::Gone => here,
            Truly::Whatever => false,
        };
        if wrong {
            return Some(format!(
                "of {} it holds {sight:?}, true is {truly:?}",
                sight.id
            ));
        }
    }
    let missing = truth.find(|(_, truly)| matches!(truly, Truly::Here(..)));
    missing.map(|(id, _)| format!("it does not know {id}"))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{footing, id};
    use super::*;
    use MemberStatus::{Alive, Dead, Suspect};

    #[test]
    fn fires_on_every_kind_of_error() {
        let at: SocketAddr = ([10, 0, 0, 1], 1).into();
        let (n1, n2, n3) = (id("n1"), id("n2"), id("n3"));
        let on = footing(7, 1);
        let truth = BTreeMap::from([
            (n1.clone(), Truly::Here(on, at)),
            (n2.clone(), Truly::Gone),
            (n3.clone(), Truly::Whatever),
        ]);
        let addrs = [at].into();
        let sight = |id, footing, status| Sight {
            id,
            footing,
            status,
            accusers: 0,
            addrs: &addrs,
        };
        let right = sight(&n1, on, Alive);
        assert_eq!(judge([right].into_iter(), &truth), None);
        let all = [right, sight(&n2, on, Dead), sight(&n3, on, Suspect)];
        assert_eq!(judge(all.into_iter(), &truth), None);
        for wrong in [
            sight(&n1, on, Suspect),
            sight(&n1, footing(7, 0), Alive),
            Sight {
                addrs: &[].into(),
                ..right
            },
            sight(&n2, on, Suspect),
        ] {
            assert!(
                judge(
                    [right, wrong]
                        .into_iter()
                        .skip(usize::from(wrong.id == &n1)),
                    &truth
                )
                .is_some(),
                "{wrong:?}"
            );
        }
        assert!(judge([].into_iter(), &truth).is_some());
    }
}
