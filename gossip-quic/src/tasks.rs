//! The tasks of an endpoint: all of them, so that none outlives it.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// Every task an endpoint runs.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<Option<JoinSet<()>>>);

impl Tasks {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }

    /// Runs a task; after [`stop`](Self::stop) it is dropped unrun.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = set.as_mut() {
            // Finished tasks are let go here, so their number stays bounded.
            while set.try_join_next().is_some() {}
            set.spawn(task);
        }
    }

    /// Ends all tasks where they stand.
    pub(crate) fn stop(&self) {
        let set = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(set);
    }
}
