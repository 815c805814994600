//! The node as a library.
