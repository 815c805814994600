//! `gossip`: an agent, and the commands that talk to it.
//!
//! ```text
//!   cli ─┬─▶ agent   one node from a configuration
//!        ├─▶ demo    several agents and a story about them
//!        ├─▶ api     client ⇄ server of a running agent
//!        └─▶ pki     (in gossip-quic)
//! ```

mod agent;
mod api;
mod cli;
mod demo;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
