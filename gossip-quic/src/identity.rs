//! Identity: the one name a certificate proves.
//!
//! ```text
//! spiffe://prod.example/gossip/main/eu/1/n17
//!          ────────────        ──── ─────────
//!          trust domain     cluster  zone path and name: the NodeId
//! ```
//!
//! It stands in the certificate's subject alternative names as a URI, and it
//! stands there alone: a certificate with two names could be shown as either,
//! so it is refused (SPIFFE X509-SVID §2). The cluster is part of the name, so
//! two clusters under one authority cannot meet by accident.

use std::fmt;
use std::str::FromStr;

use gossip_core::base::id::{ClusterId, IdError, NodeId, check_label};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Longest trust domain, in bytes (SPIFFE-ID §2.1: 255).
const TRUST_DOMAIN_BYTES: usize = 255;

/// Who somebody is, in which cluster, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    trust_domain: String,
    cluster: ClusterId,
    node: NodeId,
}

/// Why something is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not of the form `spiffe://<trust domain>/gossip/<cluster>/<zone path>/<name>`.
    #[error(
        "{uri:?} is no node name; expected spiffe://<trust domain>/gossip/<cluster>/<zone path>/<name>"
    )]
    Form {
        /// What was found instead.
        uri: String,
    },
    /// The trust domain is not a domain name in lower case.
    #[error("trust domain {domain:?} is not a domain name in lower case")]
    TrustDomain {
        /// What was found instead.
        domain: String,
    },
    /// The cluster or the node name is not one.
    #[error("{uri:?}: {reason}")]
    Name {
        /// The whole name.
        uri: String,
        /// What is wrong with it.
        reason: IdError,
    },
    /// The certificate names nobody.
    #[error("the certificate names no node; issue one with a URI name")]
    NoName,
    /// The certificate names several.
    #[error("the certificate bears {count} URI names; issue one with exactly one")]
    SeveralNames {
        /// How many.
        count: usize,
    },
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {reason}")]
    Unreadable {
        /// What the parser said.
        reason: String,
    },
}

impl Identity {
    /// An identity from its parts.
    ///
    /// # Errors
    /// If `trust_domain` is not a domain name in lower case.
    pub fn new(
        trust_domain: &str,
        cluster: ClusterId,
        node: NodeId,
    ) -> Result<Self, IdentityError> {
        check_trust_domain(trust_domain)?;
        Ok(Self {
            trust_domain: trust_domain.to_owned(),
            cluster,
            node,
        })
    }

    /// The name that a certificate (DER) proves.
    ///
    /// # Errors
    /// If it cannot be read, names nobody or several, or something else.
    pub fn from_certificate(der: &[u8]) -> Result<Self, IdentityError> {
        let mut uris = uri_names(der)?;
        match (uris.pop(), uris.len()) {
            (None, _) => Err(IdentityError::NoName),
            (Some(uri), 0) => uri.parse(),
            (Some(_), more) => Err(IdentityError::SeveralNames { count: more + 1 }),
        }
    }

    /// Who vouches for it.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// In which cluster.
    pub fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    /// Who.
    pub fn node(&self) -> &NodeId {
        &self.node
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trust_domain,
            cluster,
            node,
        } = self;
        write!(f, "spiffe://{trust_domain}/gossip/{cluster}/{node}")
    }
}

impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(uri: &str) -> Result<Self, IdentityError> {
        let form = || IdentityError::Form {
            uri: uri.to_owned(),
        };
        let name = |reason| IdentityError::Name {
            uri: uri.to_owned(),
            reason,
        };
        let rest = uri.strip_prefix("spiffe://").ok_or_else(form)?;
        let (trust_domain, path) = rest.split_once('/').ok_or_else(form)?;
        let (cluster, node) = path
            .strip_prefix("gossip/")
            .and_then(|path| path.split_once('/'))
            .ok_or_else(form)?;
        Self::new(
            trust_domain,
            cluster.parse().map_err(name)?,
            node.parse().map_err(name)?,
        )
    }
}

/// The URI names of a certificate.
pub(crate) fn uri_names(der: &[u8]) -> Result<Vec<String>, IdentityError> {
    let unreadable = |reason: String| IdentityError::Unreadable { reason };
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| unreadable(error.to_string()))?;
    let names = certificate
        .subject_alternative_name()
        .map_err(|error| unreadable(error.to_string()))?;
    let names = names
        .iter()
        .flat_map(|extension| &extension.value.general_names);
    Ok(names
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some((*uri).to_owned()),
            _ => None,
        })
        .collect())
}

/// Checks a trust domain: DNS labels with dots between them.
pub(crate) fn check_trust_domain(domain: &str) -> Result<(), IdentityError> {
    let fits = domain.len() <= TRUST_DOMAIN_BYTES;
    if fits && domain.split('.').all(|label| check_label(label).is_ok()) {
        return Ok(());
    }
    Err(IdentityError::TrustDomain {
        domain: domain.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_writes() {
        for uri in [
            "spiffe://prod.example/gossip/main/eu/1/n17",
            "spiffe://td/gossip/c/n",
            "spiffe://a-b.c/gossip/c1/a/b/c/d/e/f/g/h",
        ] {
            assert_eq!(uri.parse::<Identity>().unwrap().to_string(), uri);
        }
        let id: Identity = "spiffe://prod.example/gossip/main/eu/1/n17"
            .parse()
            .unwrap();
        assert_eq!(id.trust_domain(), "prod.example");
        assert_eq!(id.cluster().as_str(), "main");
        assert_eq!(id.node().as_str(), "eu/1/n17");
    }

    #[test]
    fn what_is_not_a_name_is_refused_with_its_reason() {
        enum Want {
            Form,
            Domain,
            Name,
        }
        for (uri, want) in [
            ("", Want::Form),
            ("https://td/gossip/c/n", Want::Form),
            ("spiffe://td", Want::Form),
            ("spiffe://td/", Want::Form),
            ("spiffe://td/ns/x/sa/y", Want::Form),
            ("spiffe://td/gossip/c", Want::Form),
            ("SPIFFE://td/gossip/c/n", Want::Form),
            ("spiffe:///gossip/c/n", Want::Domain),
            ("spiffe://TD/gossip/c/n", Want::Domain),
            ("spiffe://td:1/gossip/c/n", Want::Domain),
            ("spiffe://u@td/gossip/c/n", Want::Domain),
            ("spiffe://a..b/gossip/c/n", Want::Domain),
            ("spiffe://td/gossip//n", Want::Name),
            ("spiffe://td/gossip/c/", Want::Name),
            ("spiffe://td/gossip/c/n/", Want::Name),
            ("spiffe://td/gossip/c/n?x=1", Want::Name),
            ("spiffe://td/gossip/c/n#x", Want::Name),
            ("spiffe://td/gossip/c/%41", Want::Name),
            ("spiffe://td/gossip/C/n", Want::Name),
            ("spiffe://td/gossip/c/a/b/c/d/e/f/g/h/i", Want::Name),
        ] {
            let got = uri.parse::<Identity>().unwrap_err();
            let right = match want {
                Want::Form => matches!(got, IdentityError::Form { .. }),
                Want::Domain => matches!(got, IdentityError::TrustDomain { .. }),
                Want::Name => matches!(got, IdentityError::Name { .. }),
            };
            assert!(right, "{uri:?} gave {got:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_certificate_are_an_error() {
        for bytes in [&b""[..], b"\x30", b"\x30\x82\xff\xff", b"not a certificate"] {
            let got = Identity::from_certificate(bytes);
            assert!(matches!(got, Err(IdentityError::Unreadable { .. })));
        }
    }
}
