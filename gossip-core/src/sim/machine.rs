//! A machine: whatever has the shape of a node.
//!
//! The simulator drives [`Node`] through this trait and nothing else, so its
//! own tests can put something small and badly behaved in a node's place: a
//! checker that was never seen to fire checks nothing.

use crate::base::time::{Instant, Now};
use crate::config::{Config, ConfigError, Identity};
use crate::input::{Input, Saved};
use crate::node::Node;
use crate::output::Output;

/// The four calls of the contract between a node and its host.
pub trait Machine: Sized {
    /// A node that is about to start.
    ///
    /// # Errors
    /// A configuration it cannot run with.
    fn start(
        config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        saved: Saved,
    ) -> Result<Self, ConfigError>;

    /// Something happened.
    fn handle_input(&mut self, now: Now, input: Input);

    /// The next thing to do.
    fn poll_output(&mut self) -> Option<Output>;

    /// When to wake it, if nothing else comes before.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The node in it, for the rules that look inside; `None`: there is none,
    /// and only the rules about what comes out hold.
    fn as_node(&self) -> Option<&Node> {
        None
    }
}

impl Machine for Node {
    fn start(
        config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        saved: Saved,
    ) -> Result<Self, ConfigError> {
        Self::new(config, identity, seed, now, saved)
    }

    fn handle_input(&mut self, now: Now, input: Input) {
        self.handle_input(now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.poll_output()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.poll_timeout()
    }

    fn as_node(&self) -> Option<&Node> {
        Some(self)
    }
}
