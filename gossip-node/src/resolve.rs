//! Names: how a seed's name becomes addresses.
//!
//! The system's resolver as a rule; whoever finds members elsewhere (a service
//! registry, SRV records) brings their own.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// What [`Resolve::resolve`] answers with, in time.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Knows where names lead. It is asked anew for each dial of a seed.
pub trait Resolve: Send + Sync + 'static {
    /// Where `name` leads, as it stands among the seeds (`host:port`); IPv4
    /// and IPv6 in any order. It may take its time: nothing else waits.
    fn resolve(&self, name: &str) -> Resolving;
}

/// Asks the operating system: the hosts file, DNS, whatever it is told to.
/// A name that ends with a dot is complete; to others the system may add its
/// search domains.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Resolving {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host(name).await?.collect()) })
    }
}

impl fmt::Debug for dyn Resolve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolve")
    }
}
