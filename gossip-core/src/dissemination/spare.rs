//! What a tail brings, a session leaves out: both would send it otherwise.

use super::picture::Picture;
use super::session::Session;
use super::tails::Tails;
use crate::base::time::Instant;
use crate::message::Head;

impl Session {
    /// What a tail brings already is not brought here as well: logs that the peer
    /// follows at us, and those that we follow at anybody.
    pub(super) fn spare(&mut self, now: Instant, tails: &Tails, picture: Picture<'_>) {
        // One that is being handed over goes on.
        let begun = usize::from(self.handed.is_some());
        for row in self.serve.iter_mut().skip(begun) {
            if tails.serves(&self.peer, &row.id) {
                row.head = row.head.max(picture.replica.head(&row.id));
            }
        }
        for row in &mut self.want {
            if tails.brings(now, &row.id) {
                row.head = Some(Head::MAX);
            }
        }
    }
}
