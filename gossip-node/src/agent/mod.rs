//! The agent: one node as a process, from a configuration to an exit code.
//!
//! ```text
//!   file ┐
//!   env  ├─▶ layers ─▶ settings ─▶ run ─▶ Node (the library)
//!   flags┘      │          │        ├──▶ api (its own machine's door)
//!               └─problem──┘        └──▶ ends: signals, leave, a twin
//! ```

mod answering;
pub(crate) mod file;
pub(crate) mod knob;
pub(crate) mod layer;
pub(crate) mod log;
pub(crate) mod problem;
pub(crate) mod quorum;
pub(crate) mod run;
pub(crate) mod settings;
mod signals;
mod telling;
pub(crate) mod timing;
