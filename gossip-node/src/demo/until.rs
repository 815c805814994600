//! Until: asking again and again, but not for ever.

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
