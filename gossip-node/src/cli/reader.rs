//! The reader: whoever reads our standard output, if it is a pipe.
//!
//! A command that writes seldom learns only from its next write that nobody
//! reads any more. The system knows earlier: the pipe's end reports an error.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::pin::pin;
use std::task::Poll;

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

/// The other end of standard output.
#[derive(Debug)]
pub(crate) struct Reader(Option<Sender>);

impl Reader {
    /// Watches standard output, if it is a pipe that can be watched.
    pub(crate) fn of_stdout() -> Self {
        Self(watched())
    }

    /// What a future brings; `None` if the reader goes first.
    pub(crate) async fn unless_gone<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let Some(pipe) = &self.0 else {
            return Some(future.await);
        };
        let (mut future, mut gone) = (pin!(future), pin!(pipe.ready(Interest::ERROR)));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(brought) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(brought));
            }
            gone.as_mut().poll(cx).map(|_| None)
        })
        .await
    }
}

/// Unchecked, because the checked way makes the pipe non-blocking, and that is
/// a property of the pipe that others may hold as well. Nothing is written here.
fn watched() -> Option<Sender> {
    let own = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    let file = File::from(own);
    let is_pipe = file.metadata().ok()?.file_type().is_fifo();
    if is_pipe {
        Sender::from_file_unchecked(file).ok()
    } else {
        None
    }
}
