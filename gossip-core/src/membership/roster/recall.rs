//! What a journal says of a member, put back to where it stood.
//!
//! ```text
//!   last word        its row            here again as
//!   ─────────        ───────            ─────────────
//!   alive            –                  nothing: an address to call
//!   dead             stood              a row
//!   dead             closed             a certificate, and an address to call
//!   left             stood, or none     a row
//!   left             closed             a certificate
//!   forgotten        –                  a certificate
//! ```

use alloc::boxed::Box;

use super::Roster;
use crate::base::limit;
use crate::base::time::Instant;
use crate::membership::Standing;
use crate::membership::certificate::LastWord;
use crate::message::{Accusation, Charge, Claim, Presence, Sealed};

impl Roster {
    /// A member that was known before this run: its newest claim, the verdict on
    /// it, and whether its row was closed. Nobody is here because an earlier run
    /// thought so.
    pub fn recall(
        &mut self,
        claim: Sealed<Claim>,
        verdict: Option<Sealed<Accusation>>,
        closed: bool,
        now: Instant,
    ) {
        let (id, footing) = (claim.value.member.clone(), claim.value.footing);
        let left = claim.value.presence == Presence::Left;
        let full = self.members.len() >= limit::ROSTER;
        // Who has left is accused of nothing that it did before.
        let verdict = verdict.filter(|verdict| {
            let Accusation {
                footing: on,
                charge,
                ..
            } = verdict.value;
            on > footing || on == footing && (!left || charge == Charge::Forgotten)
        });
        let Some(verdict) = verdict else {
            if left && !closed && !full {
                self.put(claim, Standing::Left, now);
            } else if left {
                self.certificates.close(id, LastWord::Farewell(claim), now);
            }
            return;
        };
        if closed || verdict.value.charge == Charge::Forgotten {
            self.certificates.close(id, LastWord::Verdict(verdict), now);
        } else if verdict.value.footing == footing && !full {
            self.put(claim, Standing::Dead(Box::new(verdict)), now);
        } else {
            // Of a run of which nothing else is known: whoever has its row tells us.
            self.certificates.keep(verdict, now);
        }
    }
}
