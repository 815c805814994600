//! A place: where an agent's API is, and how a command finds it.
//!
//! An agent that is not told listens at `$XDG_RUNTIME_DIR/gossip/<node>.sock`,
//! or at `<data_dir>/api.sock` where there is no such directory. A command
//! that is not told looks into the former: one socket there is the one.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gossip_node::NodeId;

/// Sockets looked at before the search gives up (guess).
const CANDIDATES: usize = 64;

/// Where an API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A Unix socket.
    Socket(PathBuf),
    /// A loopback port.
    Tcp(SocketAddr),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Tcp(addr) => write!(f, "http://{addr}"),
        }
    }
}

/// What `--api` or `GOSSIP_API` say: a URL, or the path of a socket.
///
/// # Errors
/// In words, if it is a URL that leads nowhere near.
pub(crate) fn parse(text: &str) -> Result<Place, String> {
    if let Some(rest) = text.strip_prefix("http://") {
        let host = rest.trim_end_matches('/');
        let host = host.replacen("localhost:", "127.0.0.1:", 1);
        return match host.parse::<SocketAddr>() {
            Ok(addr) if addr.ip().is_loopback() => Ok(Place::Tcp(addr)),
            _ => Err(format!(
                "{text:?} is not a loopback address with a port, such as http://127.0.0.1:7647"
            )),
        };
    }
    if text.starts_with("https://") {
        return Err("an agent's API is plain HTTP on this machine alone; see docs/AGENT.md".into());
    }
    let path = text.strip_prefix("unix:").unwrap_or(text);
    if path.is_empty() {
        return Err("an empty path leads nowhere".into());
    }
    Ok(Place::Socket(PathBuf::from(path)))
}

/// Where the agent of that name listens if nobody says.
pub(crate) fn default_socket(
    runtime_dir: Option<&OsStr>,
    data_dir: &Path,
    node: &NodeId,
) -> PathBuf {
    match runtime_folder(runtime_dir) {
        // A label holds no dot, so two names never become one file.
        Some(folder) => folder.join(format!("{}.sock", node.as_str().replace('/', "."))),
        None => data_dir.join("api.sock"),
    }
}

/// The one agent of this user, if there is just one.
///
/// # Errors
/// In words, if there is none or more than one.
pub(crate) fn find(runtime_dir: Option<&OsStr>) -> Result<Place, String> {
    const SAY: &str = "say which with --api PATH or GOSSIP_API";
    let Some(folder) = runtime_folder(runtime_dir) else {
        return Err(format!(
            "where the agent listens is not known, as XDG_RUNTIME_DIR is not set; {SAY}"
        ));
    };
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut sockets: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some(OsStr::new("sock")))
        .take(CANDIDATES)
        .collect();
    sockets.sort();
    match sockets.as_slice() {
        [] => Err(format!(
            "no agent has a socket in {}; start one with `gossip agent`, or {SAY}",
            folder.display()
        )),
        [only] => Ok(Place::Socket(only.clone())),
        [first, ..] => Err(format!(
            "{} agents have a socket in {}; {SAY}, for example --api {}",
            sockets.len(),
            folder.display(),
            first.display()
        )),
    }
}

fn runtime_folder(runtime_dir: Option<&OsStr>) -> Option<PathBuf> {
    let dir = Path::new(runtime_dir?);
    // The specification: a relative path is to be ignored.
    dir.is_absolute().then(|| dir.join("gossip"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_loopback_url() {
        assert_eq!(
            parse("/run/g.sock"),
            Ok(Place::Socket(PathBuf::from("/run/g.sock")))
        );
        let tcp = Place::Tcp(SocketAddr::from(([127, 0, 0, 1], 80)));
        assert_eq!(parse("http://localhost:80/"), Ok(tcp.clone()));
        assert_eq!(parse("http://127.0.0.1:80"), Ok(tcp));
        assert!(parse("http://192.0.2.1:80").is_err());
        assert!(parse("https://127.0.0.1:80").is_err());
    }

    #[test]
    fn one_socket_is_the_one_and_two_are_a_question() {
        let runtime = tempfile::tempdir().unwrap();
        let runtime_dir = Some(runtime.path().as_os_str());
        assert!(find(None).unwrap_err().contains("XDG_RUNTIME_DIR"));
        assert!(find(runtime_dir).unwrap_err().contains("no agent"));
        let node: NodeId = "eu/1/n17".parse().unwrap();
        let socket = default_socket(runtime_dir, Path::new("/data"), &node);
        assert!(socket.ends_with("gossip/eu.1.n17.sock"));
        std::fs::create_dir(socket.parent().unwrap()).unwrap();
        std::fs::write(&socket, "").unwrap();
        assert_eq!(find(runtime_dir), Ok(Place::Socket(socket.clone())));
        std::fs::write(socket.with_file_name("other.sock"), "").unwrap();
        assert!(find(runtime_dir).unwrap_err().contains("2 agents"));
        assert_eq!(
            default_socket(None, Path::new("/data"), &node),
            Path::new("/data/api.sock")
        );
    }
}
