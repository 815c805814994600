//! How far a node trusts its own eyes.
//!
//! A node that is slow, starved or badly connected sees silence everywhere.
//! So it keeps a score of how often *its own* machinery failed it, and takes
//! that much more time over every probe: what Lifeguard calls local health
//! (Dadgar et al., "Lifeguard: local health awareness for more accurate failure
//! detection", DSN-W 2018, §IV-A). Zero is well.
//!
//! | what happened | score |
//! |---|---|
//! | a probe was answered | −1 |
//! | a probe failed, and nobody could be asked to help | +1 |
//! | a probe failed, and a relay did not even say nack | +1 each |
//! | somebody accused us, and we refuted | +1 |
//! | nobody is there to be probed | −1 |

use core::time::Duration;

/// The score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Awareness(u32);

impl Awareness {
    /// Zero is well; at most [`Config::awareness_max`](crate::config::Config::awareness_max).
    pub const fn score(self) -> u32 {
        self.0
    }

    /// Something went as it should.
    pub const fn better(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    /// So many things failed that say something about us.
    pub fn worse(&mut self, by: u32, most: u32) {
        self.0 = self.0.saturating_add(by).min(most);
    }

    /// A time to wait, for a node in this state.
    pub fn scale(self, span: Duration) -> Duration {
        span.saturating_mul(self.0.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_between_zero_and_the_most() {
        let mut awareness = Awareness::default();
        awareness.better();
        assert_eq!(awareness.score(), 0);
        awareness.worse(3, 8);
        awareness.worse(u32::MAX, 8);
        assert_eq!(awareness.score(), 8);
        assert_eq!(
            awareness.scale(Duration::from_secs(1)),
            Duration::from_secs(9)
        );
        awareness.better();
        assert_eq!(awareness.score(), 7);
        awareness.worse(5, 0);
        assert_eq!(awareness.score(), 0, "switched off");
    }
}
