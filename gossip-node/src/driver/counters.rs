//! What the driver could not pass on, either way.

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What was counted between core, transport and journal since the start.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct DriverCounters {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl DriverCounters {
            /// Every counter by name, for a table or a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }
    };
}

counters! {
    /// Messages whose bytes were refused: their sender is at fault.
    undecodable,
    /// Messages of a kind that only a later version knows.
    unknown_messages,
    /// Items of a kind that only a later version knows.
    unknown_items,
    /// Datagrams the transport did not take.
    datagrams_unsent,
    /// Messages on streams of their own that the transport did not take.
    messages_unsent,
    /// Sessions that could not be opened or went wrong here.
    sessions_failed,
    /// Session messages refused: [`SESSION_HELD`](super::limit::SESSION_HELD).
    session_messages_refused,
    /// Watches refused: [`WATCHES`](super::limit::WATCHES).
    watches_refused,
    /// Dials the transport did not begin.
    dials_refused,
    /// Seeds whose name could not be resolved.
    seeds_unresolved,
    /// Members hung up on because they were declared dead.
    hung_up,
    /// Times nothing new was taken in because the journal was full:
    /// [`QUEUE_RECORDS`](crate::journal::limit::QUEUE_RECORDS).
    intake_held,
}
