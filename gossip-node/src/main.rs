//! The gossip agent.
fn main() {}
