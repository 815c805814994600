//! The authority's workshop: create an authority, issue certificates, read
//! and keep them. Nothing here runs in a node; it is what `gossip pki` calls.

mod authority;
mod certificate;
mod file;

pub use authority::{Authority, Issued, PkiError};
pub use certificate::{CertificateInfo, CertificateKind, describe};
pub use file::{write_certificate, write_key};
