//! The door: where the API's connections come in, and who is let in.
//!
//! A Unix socket is guarded by its file: mode 0600, in a directory that, if it
//! had to be made, is 0700. A loopback port is open to every user of the
//! machine, and to every page in their browsers: so a request must name a
//! loopback host (else a name on the internet that suddenly resolves to
//! 127.0.0.1 would do) and must not come from a page.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::CONNECTIONS;
use super::place::Place;
use super::problem::{Kind, Problem};

/// A bound Unix socket; its file goes when this does.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds a Unix socket for its owner alone. A file that a dead agent left
/// behind is removed; one on which somebody answers is not.
///
/// # Errors
/// In words, with the path.
pub(crate) fn bind_socket(path: &Path) -> Result<(UnixListener, SocketFile), String> {
    let told = |what: &str, why: io::Error| format!("{}: {what}: {why}", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(folder)
            .map_err(|why| told("the directory of the API's socket cannot be made", why))?;
    }
    match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => {}
        Err(why) => return Err(told("cannot be looked at", why)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(format!(
                "{}: is in the way of the API's socket; move it, or set api.socket to another path",
                path.display()
            ));
        }
        Ok(_) => {
            if StdUnixStream::connect(path).is_ok() {
                return Err(format!(
                    "{}: an agent answers there already; stop it, or set api.socket to another path",
                    path.display()
                ));
            }
            fs::remove_file(path).map_err(|why| told("a stale socket cannot be removed", why))?;
        }
    }
    let listener = UnixListener::bind(path).map_err(|why| told("cannot be bound", why))?;
    let file = SocketFile(path.to_owned());
    // Until this line the directory alone guards it; nobody is accepted yet.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .map_err(|why| told("cannot be made private", why))?;
    Ok((listener, file))
}

/// A listener that holds at most [`CONNECTIONS`] open.
pub(crate) struct Bounded<L> {
    inner: L,
    room: Arc<Semaphore>,
}

impl<L> Bounded<L> {
    /// The bound around a listener.
    pub(crate) fn new(inner: L) -> Self {
        Self {
            inner,
            room: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }
}

impl<L: Listener> Listener for Bounded<L> {
    type Io = Held<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // Nobody closes the semaphore; without room the kernel's queue waits.
        let permit = Arc::clone(&self.room).acquire_owned().await.ok();
        let (io, addr) = self.inner.accept().await;
        (
            Held {
                io,
                _permit: permit,
            },
            addr,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.inner.local_addr()
    }
}

/// A connection that gives its place back when it closes.
pub(crate) struct Held<T> {
    io: T,
    _permit: Option<OwnedSemaphorePermit>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Held<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Held<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The open door, before anybody is let in.
pub(crate) enum Door {
    /// A Unix socket.
    Socket(UnixListener, SocketFile),
    /// A loopback port.
    Tcp(TcpListener),
}

impl Door {
    /// Opens it.
    ///
    /// # Errors
    /// In words, with the place.
    pub(crate) async fn open(place: &Place) -> Result<Self, String> {
        match place {
            Place::Socket(path) => {
                let (listener, file) = bind_socket(path)?;
                Ok(Self::Socket(listener, file))
            }
            Place::Tcp(addr) => match TcpListener::bind(addr).await {
                Ok(listener) => Ok(Self::Tcp(listener)),
                Err(why) => Err(format!("api.listen: {addr} cannot be bound: {why}")),
            },
        }
    }

    /// Where it really is: a port that was left to the system is known now.
    pub(crate) fn place(&self, asked: &Place) -> Place {
        match self {
            Self::Socket(..) => asked.clone(),
            Self::Tcp(listener) => listener.local_addr().map_or(asked.clone(), Place::Tcp),
        }
    }
}

/// Refuses what did not come from a program of this machine.
pub(crate) async fn only_local(request: Request, next: Next) -> Response {
    match judge(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn judge(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(|authority| authority.as_str());
    let host = authority.or(host).unwrap_or_default();
    if !is_loopback_host(host) {
        let wrong = format!("the host {host:?} is not this machine's loopback");
        return Err(Problem::new(Kind::Forbidden, wrong));
    }
    if headers.contains_key(header::ORIGIN) {
        return Err(Problem::new(
            Kind::Forbidden,
            "pages in a browser may not ask",
        ));
    }
    Ok(())
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_here_is_not_enough() {
        for good in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:7647",
            "127.9.9.9",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_loopback_host(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "evil.example:7647",
            "192.0.2.1",
            "localhost.evil.example",
        ] {
            assert!(!is_loopback_host(bad), "{bad}");
        }
    }

    #[test]
    fn a_page_is_refused_even_if_it_names_the_right_host() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost".parse().unwrap());
        assert!(judge(&Uri::from_static("/v1/leave"), &headers).is_ok());
        headers.insert(header::ORIGIN, "http://evil.example".parse().unwrap());
        assert!(judge(&Uri::from_static("/v1/leave"), &headers).is_err());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/api.sock");
        let (live, file) = bind_socket(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert!(
            bind_socket(&path)
                .unwrap_err()
                .contains("answers there already")
        );

        // As after a SIGKILL: the file is there, and nobody behind it.
        std::mem::forget(file);
        drop(live);
        assert!(path.exists());
        let (_listener, file) = bind_socket(&path).unwrap();
        drop(file);
        assert!(!path.exists());

        fs::write(&path, "not a socket").unwrap();
        assert!(bind_socket(&path).unwrap_err().contains("in the way"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a socket");
    }
}
