//! Until: asking again and again, but not for ever; and waiting for many at once.

use std::time::Duration;

use crate::cli::exit::{Exit, Failure};

/// How often is asked (guess: a hundredth of what a person notices).
const PAUSE: Duration = Duration::from_millis(10);

/// How long a step of the story may take (guess: ten times what the slowest
/// takes on a busy machine).
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What one question brought.
pub(crate) enum Asked<T> {
    /// It is so.
    Yes(T),
    /// Not yet, because…
    NotYet(String),
}

/// Asks until it is so.
///
/// # Errors
/// With the last reason, when [`PATIENCE`] is over.
pub(crate) async fn until<T, F>(what: &str, mut ask: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Asked<T>>,
{
    let mut last = "nothing was asked".to_owned();
    let asking = async {
        loop {
            match ask().await {
                Asked::Yes(answer) => return answer,
                Asked::NotYet(reason) => last = reason,
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.map_err(|_| {
        let line = format!("{what}: not within {} s: {last}", PATIENCE.as_secs());
        Failure::new(Exit::Error, line)
    })
}

/// Drives all futures at once, and collects what they bring, in their order.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    std::future::poll_fn(move |cx| {
        for (future, brought) in &mut waiting {
            if brought.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *brought = Some(output);
            }
        }
        if waiting.iter().all(|(_, brought)| brought.is_some()) {
            let brought = std::mem::take(&mut waiting).into_iter();
            std::task::Poll::Ready(brought.filter_map(|(_, output)| output).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}
