//! Serving: one task a connection, and none that waits for ever.
//!
//! A client that connects and does not ask, or asks by the byte, holds one of
//! [`CONNECTIONS`](super::limit::CONNECTIONS) places. The time a request may take counts from its
//! header on; this is what bounds the time before it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;

/// Answers whoever comes until `stop` ends, then finishes what was begun. A
/// header that is not there within `patience`, and a connection silent for
/// as long between two requests, are hung up on.
pub(crate) async fn serve<L: Listener>(
    mut listener: L,
    routes: Router,
    patience: Duration,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let open = Arc::new(GracefulShutdown::new());
    let opened = Arc::clone(&open);
    let accepting = tokio::spawn(async move {
        loop {
            let (io, _) = listener.accept().await;
            let service = TowerToHyperService::new(routes.clone());
            let connection = opened.watch(http.serve_connection(TokioIo::new(io), service));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a client of the API is gone");
                }
            });
        }
    });
    stop.await;
    // Nobody new: the listener goes with its task, and the kernel refuses who waits.
    accepting.abort();
    let _ = accepting.await;
    // Nobody else holds it any more.
    if let Some(open) = Arc::into_inner(open) {
        open.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    /// Far more than any wait here, for a busy machine.
    const BOUND: Duration = Duration::from_secs(30);

    async fn within<T>(future: impl Future<Output = T>) -> T {
        timeout(BOUND, future).await.expect("it takes for ever")
    }

    #[tokio::test]
    async fn who_does_not_finish_a_header_is_hung_up_on_and_who_waits_for_an_answer_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (answer, answers) = oneshot::channel::<()>();
        let answers = std::sync::Arc::new(tokio::sync::Mutex::new(Some(answers)));
        let slow = get(move || async move {
            let answers = answers.lock().await.take();
            let _ = answers.expect("asked once").await;
            "at last"
        });
        let routes = Router::new().route("/slow", slow);
        let (stop, stopped) = oneshot::channel::<()>();
        let patience = Duration::from_millis(500);
        let serving = tokio::spawn(serve(listener, routes, patience, async {
            let _ = stopped.await;
        }));

        let mut asking = TcpStream::connect(addr).await.unwrap();
        let question = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
        asking.write_all(question).await.unwrap();

        // One says nothing, one half of something: both are hung up on.
        let mut silent = TcpStream::connect(addr).await.unwrap();
        let mut halting = TcpStream::connect(addr).await.unwrap();
        halting.write_all(b"GET /slow HT").await.unwrap();
        for idle in [&mut silent, &mut halting] {
            let mut said = Vec::new();
            // Reset or closed, it is over.
            let _ = within(idle.read_to_end(&mut said)).await;
        }

        // Whoever asked properly is answered, though it took longer, even
        // while the server is stopping.
        drop(stop);
        answer.send(()).unwrap();
        let mut said = String::new();
        within(asking.read_to_string(&mut said)).await.unwrap();
        assert!(said.ends_with("at last"), "{said}");
        within(serving).await.unwrap();
    }
}
