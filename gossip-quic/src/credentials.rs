//! Credentials: what a node shows others, and whom it believes.
//!
//! Loading them proves everything that can be proven without a peer: that the
//! files are there and are PEM, that the certificate names exactly one node of
//! the form we use, that the key is its key, that it is valid now and leads to
//! the authority at hand. What is only unwise comes back as a [`Warning`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, TrustAnchor, UnixTime, pem, pem::PemObject,
};
use rustls::sign::CertifiedKey;

use crate::crypto;
use crate::identity::{Identity, IdentityError};
use crate::verify::{self, Refusal, Role};

/// Where the three parts lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialPaths {
    /// Certificate of this node, then intermediates if there are any.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities this node believes.
    pub authorities: PathBuf,
}

/// A node's certificate, key and authorities, checked against each other.
#[derive(Clone)]
pub struct Credentials {
    identity: Identity,
    not_after: SystemTime,
    warnings: Vec<Warning>,
    pub(crate) certified: Arc<CertifiedKey>,
    pub(crate) anchors: Arc<[TrustAnchor<'static>]>,
}

/// Something unwise about credentials that are otherwise good.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Others on this machine can read the key.
    KeyReadable {
        /// Where it lies.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The certificate expires soon.
    ExpiresSoon {
        /// What is left.
        remaining: Duration,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyReadable { path, mode } => {
                write!(
                    f,
                    "{} has mode {mode:03o}: others can read the key; chmod 600 it",
                    path.display()
                )
            }
            Self::ExpiresSoon { remaining } => {
                write!(
                    f,
                    "the certificate expires in {} h; issue a new one",
                    remaining.as_secs() / 3_600
                )
            }
        }
    }
}

/// Why credentials are of no use. `origin` is the path, or the part's name
/// when it did not come from a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The file is missing or cannot be read.
    #[error("{origin}: {reason}; check the path and its permissions")]
    File {
        /// Which part.
        origin: String,
        /// What the system said.
        reason: String,
    },
    /// There is no PEM of that kind in it.
    #[error("{origin}: no {wanted} in PEM form: {reason}")]
    NotPem {
        /// Which part.
        origin: String,
        /// What was looked for.
        wanted: &'static str,
        /// What the parser said.
        reason: String,
    },
    /// The certificate does not name one node.
    #[error("{origin}: {reason}")]
    Identity {
        /// Which part.
        origin: String,
        /// What is wrong with it.
        reason: IdentityError,
    },
    /// It is the certificate of an authority.
    #[error("{origin}: this is the certificate of an authority; give the node one of its own")]
    IsAuthority {
        /// Which part.
        origin: String,
    },
    /// The key cannot be used.
    #[error("{origin}: this key cannot be used: {reason}; P-256 and Ed25519 can")]
    Key {
        /// Which part.
        origin: String,
        /// What the provider said.
        reason: String,
    },
    /// The key belongs to another certificate.
    #[error("{key} is not the key of {chain}; they were issued as a pair")]
    KeyMismatch {
        /// The certificate's part.
        chain: String,
        /// The key's part.
        key: String,
    },
    /// The certificate has expired.
    #[error("{origin}: expired {ago:?} ago; issue a new one, or set the clock")]
    Expired {
        /// Which part.
        origin: String,
        /// Since when.
        ago: Duration,
    },
    /// The certificate is not yet valid.
    #[error("{origin}: not valid for another {wait:?}; set the clock")]
    NotYetValid {
        /// Which part.
        origin: String,
        /// Until when.
        wait: Duration,
    },
    /// The certificate does not lead to the authority given.
    #[error("{chain} does not lead to an authority in {authorities}: {reason}")]
    Chain {
        /// The certificate's part.
        chain: String,
        /// The authorities' part.
        authorities: String,
        /// What the verifier said.
        reason: String,
    },
    /// The certificate is for another cluster than wanted.
    #[error("{origin}: issued for cluster {found}, not {wanted}; use one issued for {wanted}")]
    OtherCluster {
        /// Which part.
        origin: String,
        /// The cluster in the certificate.
        found: String,
        /// The cluster wanted.
        wanted: String,
    },
    /// The certificate is for another node than wanted.
    #[error("{origin}: issued for {found}, not {wanted}; use one issued for {wanted}")]
    OtherNode {
        /// Which part.
        origin: String,
        /// The node in the certificate.
        found: String,
        /// The node wanted.
        wanted: String,
    },
}

/// Below this, a certificate's remaining life earns a warning (fly.io's outage
/// of 2024-10 wanted three days' notice).
const EXPIRES_SOON: Duration = Duration::from_secs(72 * 3_600);

/// The names of the three parts, for errors.
struct Origins {
    chain: String,
    key: String,
    authorities: String,
}

impl Credentials {
    /// Reads and checks the three files.
    ///
    /// # Errors
    /// The first thing that is wrong, with the path of the file it is wrong in.
    pub fn from_files(paths: &CredentialPaths) -> Result<Self, CredentialsError> {
        let origins = Origins {
            chain: paths.chain.display().to_string(),
            key: paths.key.display().to_string(),
            authorities: paths.authorities.display().to_string(),
        };
        let (chain, key) = (read(&paths.chain)?, read(&paths.key)?);
        let authorities = read(&paths.authorities)?;
        let mut credentials = Self::parse(&chain, &key, &authorities, &origins)?;
        credentials.warnings.extend(readable_by_others(&paths.key));
        Ok(credentials)
    }

    /// Checks the three parts, already in memory.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_pem(
        chain: &[u8],
        key: &[u8],
        authorities: &[u8],
    ) -> Result<Self, CredentialsError> {
        let origins = Origins {
            chain: "certificate".to_owned(),
            key: "key".to_owned(),
            authorities: "authorities".to_owned(),
        };
        Self::parse(chain, key, authorities, &origins)
    }

    /// Whom the certificate proves us to be.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// When the certificate expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// What is unwise about them.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Checks that they are for the node and cluster that the configuration
    /// says; `None` is not checked.
    ///
    /// # Errors
    /// If they are for another.
    pub fn expect(
        &self,
        cluster: Option<&str>,
        node: Option<&str>,
    ) -> Result<(), CredentialsError> {
        let origin = || "certificate".to_owned();
        let found = self.identity.cluster().as_str();
        if let Some(wanted) = cluster.filter(|wanted| *wanted != found) {
            return Err(CredentialsError::OtherCluster {
                origin: origin(),
                found: found.to_owned(),
                wanted: wanted.to_owned(),
            });
        }
        let found = self.identity.node().as_str();
        if let Some(wanted) = node.filter(|wanted| *wanted != found) {
            return Err(CredentialsError::OtherNode {
                origin: origin(),
                found: found.to_owned(),
                wanted: wanted.to_owned(),
            });
        }
        Ok(())
    }

    fn parse(
        chain: &[u8],
        key: &[u8],
        authorities: &[u8],
        origins: &Origins,
    ) -> Result<Self, CredentialsError> {
        let chain = certificates(chain, &origins.chain)?;
        let anchors = anchors(authorities, &origins.authorities)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| not_pem(&origins.key, "private key", &error))?;
        let (leaf, intermediates) =
            chain
                .split_first()
                .ok_or_else(|| CredentialsError::NotPem {
                    origin: origins.chain.clone(),
                    wanted: "certificate",
                    reason: "it is empty".to_owned(),
                })?;
        let identity = identity(leaf, &origins.chain)?;

        let provider = crypto::provider();
        let signing = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| CredentialsError::Key {
                origin: origins.key.clone(),
                reason: error.to_string(),
            })?;
        let certified = CertifiedKey::new(chain.clone(), signing);
        certified
            .keys_match()
            .map_err(|_| CredentialsError::KeyMismatch {
                chain: origins.chain.clone(),
                key: origins.key.clone(),
            })?;

        // Both roles: the same certificate dials and is dialed.
        let now = UnixTime::now();
        for role in [Role::Dialer, Role::Listener] {
            verify::chain(leaf, intermediates, &anchors, now, role)
                .map_err(|refusal| refused(refusal, origins))?;
        }

        let not_after = verify::not_after(leaf).unwrap_or(SystemTime::UNIX_EPOCH);
        let remaining = not_after
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        let soon = (remaining < EXPIRES_SOON).then_some(Warning::ExpiresSoon { remaining });
        Ok(Self {
            identity,
            not_after,
            warnings: soon.into_iter().collect(),
            certified: Arc::new(certified),
            anchors: anchors.into(),
        })
    }
}

impl fmt::Debug for Credentials {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("identity", &self.identity)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CredentialsError> {
    std::fs::read(path).map_err(|error| CredentialsError::File {
        origin: path.display().to_string(),
        reason: error.to_string(),
    })
}

fn not_pem(origin: &str, wanted: &'static str, error: &pem::Error) -> CredentialsError {
    CredentialsError::NotPem {
        origin: origin.to_owned(),
        wanted,
        reason: error.to_string(),
    }
}

fn certificates(
    bytes: &[u8],
    origin: &str,
) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| not_pem(origin, "certificate", &error))?;
    if found.is_empty() {
        return Err(not_pem(origin, "certificate", &pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn anchors(bytes: &[u8], origin: &str) -> Result<Vec<TrustAnchor<'static>>, CredentialsError> {
    let certificates = certificates(bytes, origin)?;
    let anchors = certificates.iter().map(|certificate| {
        let anchor = webpki::anchor_from_trusted_cert(certificate).map_err(|error| {
            CredentialsError::NotPem {
                origin: origin.to_owned(),
                wanted: "certificate of an authority",
                reason: error.to_string(),
            }
        })?;
        Ok(anchor.to_owned())
    });
    anchors.collect()
}

/// The node a leaf names. An authority's certificate is told apart first: its
/// URI has no path, and "give me the node's" is the better advice.
fn identity(leaf: &CertificateDer<'_>, origin: &str) -> Result<Identity, CredentialsError> {
    if verify::is_authority(leaf) {
        return Err(CredentialsError::IsAuthority {
            origin: origin.to_owned(),
        });
    }
    let wrong = |reason| CredentialsError::Identity {
        origin: origin.to_owned(),
        reason,
    };
    Identity::from_certificate(leaf).map_err(wrong)
}

fn refused(refusal: Refusal, origins: &Origins) -> CredentialsError {
    let origin = origins.chain.clone();
    match refusal {
        Refusal::Expired { ago } => CredentialsError::Expired { origin, ago },
        Refusal::NotYetValid { wait } => CredentialsError::NotYetValid { origin, wait },
        other => CredentialsError::Chain {
            chain: origin,
            authorities: origins.authorities.clone(),
            reason: other.to_string(),
        },
    }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<Warning> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| Warning::KeyReadable {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<Warning> {
    None
}
