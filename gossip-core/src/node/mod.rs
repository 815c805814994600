//! Floor 6: one node, the only place that knows all the rooms.

use crate::base::time::{Instant, Now};
use crate::config::{Config, ConfigError, Identity};
use crate::input::{Input, Saved};
use crate::message::Generation;
use crate::outbox::Outbox;
use crate::output::Output;

/// One member of a cluster, as a state machine.
#[derive(Debug)]
pub struct Node {
    outbox: Outbox,
    generation: Generation,
}

impl Node {
    /// A node that is about to start.
    ///
    /// # Errors
    /// A configuration it cannot run with.
    pub fn new(
        config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        saved: Saved,
    ) -> Result<Self, ConfigError> {
        let _ = (identity, seed, now, saved);
        config.check()?;
        Ok(Self {
            outbox: Outbox::default(),
            generation: Generation(1),
        })
    }

    /// Something happened. Cannot fail: nonsense is counted, not thrown.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        let _ = (now, input);
    }

    /// The next thing to do; drain before the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop()
    }

    /// When to send [`Input::Timeout`], if nothing else comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The run this node is: rises at every start.
    pub const fn generation(&self) -> Generation {
        self.generation
    }
}
