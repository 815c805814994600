//! Trouble with seeds: said once, and again when it changes.
//!
//! A seed is tried for ever, so what is wrong with it would be said for ever.

use std::collections::HashMap;

use gossip_quic::DialError;

/// What was last said of each seed that does not lead to the cluster.
#[derive(Debug, Default)]
pub(super) struct Troubles(HashMap<String, String>);

impl Troubles {
    /// A seed's name leads nowhere.
    pub(super) fn unresolved(&mut self, seed: &str, why: &str) {
        if self.is_news(seed, why.to_owned()) {
            tracing::warn!(
                seed,
                why,
                "a seed cannot be found; check its name, and the name service"
            );
        }
    }

    /// A seed was dialed in vain.
    pub(super) fn unreached(&mut self, seed: &str, why: &DialError) {
        if !self.is_news(seed, why.to_string()) {
            return;
        }
        match why {
            // It may start later than we do, or be ourselves.
            DialError::Timeout { .. }
            | DialError::Unreachable { .. }
            | DialError::OwnIdentity { .. }
            | DialError::BackingOff { .. }
            | DialError::LimitReached
            | DialError::Closing => tracing::info!(seed, %why, "a seed is not reached yet"),
            _ => tracing::warn!(seed, %why, "a seed does not lead to this cluster"),
        }
    }

    /// A seed led somewhere.
    pub(super) fn over(&mut self, seed: &str) {
        self.0.remove(seed);
    }

    fn is_news(&mut self, seed: &str, why: String) -> bool {
        self.0.get(seed) != Some(&why) && {
            self.0.insert(seed.to_owned(), why);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once() {
        let mut troubles = Troubles::default();
        assert!(troubles.is_news("a:1", "no".to_owned()));
        assert!(!troubles.is_news("a:1", "no".to_owned()));
        assert!(troubles.is_news("b:1", "no".to_owned()));
        assert!(troubles.is_news("a:1", "still no".to_owned()));
        troubles.over("a:1");
        assert!(troubles.is_news("a:1", "still no".to_owned()));
    }
}
