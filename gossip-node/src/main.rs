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

/// Messages of all sizes come and go with the small pieces they are read into;
/// glibc's allocator tidies up after each large one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
