//! Sessions: the core's numbers and the transport's keys, and what waits.
//!
//! Both sides number a session by who opened it, so translating is arithmetic.
//! What has to be remembered is with whom it is, the message the transport had
//! no room for, and whether the core wants no more said after it.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::input::SessionId;
use gossip_quic::SessionKey;

use super::limit;

/// The sessions the driver knows of.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<SessionId, Session>,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    /// With whom.
    pub(super) peer: NodeId,
    /// What waits for room in the transport.
    held: VecDeque<Bytes>,
    /// Nothing more will be said after what is held.
    pub(super) finishing: bool,
}

impl Sessions {
    /// A session begins. False: there are too many.
    pub(super) fn insert(&mut self, id: SessionId, peer: NodeId) -> bool {
        if self.open.len() >= limit::SESSIONS {
            return false;
        }
        self.open.insert(
            id,
            Session {
                peer,
                held: VecDeque::new(),
                finishing: false,
            },
        );
        true
    }

    pub(super) fn session(&mut self, id: SessionId) -> Option<&mut Session> {
        self.open.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: SessionId) -> bool {
        self.open.remove(&id).is_some()
    }
}

impl Session {
    /// Keeps a message until there is room. False: too many wait.
    pub(super) fn hold(&mut self, bytes: Bytes) -> bool {
        let room = self.held.len() < limit::SESSION_HELD;
        if room {
            self.held.push_back(bytes);
        }
        room
    }

    /// The message that waits longest; it stays until [`Session::taken`].
    pub(super) fn waiting(&self) -> Option<&Bytes> {
        self.held.front()
    }

    /// It does not wait any more.
    pub(super) fn taken(&mut self) {
        self.held.pop_front();
    }
}

/// What the transport calls a session.
pub(super) const fn key_of(id: SessionId) -> SessionKey {
    let number = id.as_u64() & !(1 << 63);
    if id.is_inbound() {
        SessionKey::Accepted(number)
    } else {
        SessionKey::Opened(number)
    }
}

/// What the core calls a session.
pub(super) const fn id_of(key: SessionKey) -> SessionId {
    match key {
        SessionKey::Accepted(number) => SessionId::inbound(number),
        SessionKey::Opened(number) => SessionId::outbound(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_survives_both_ways() {
        for key in [SessionKey::Accepted(7), SessionKey::Opened(7)] {
            assert_eq!(key_of(id_of(key)), key);
        }
        assert_ne!(id_of(SessionKey::Accepted(7)), id_of(SessionKey::Opened(7)));
    }

    #[test]
    fn what_waits_has_a_bound() {
        let mut sessions = Sessions::default();
        let id = SessionId::outbound(1);
        assert!(sessions.insert(id, "n1".parse().unwrap()));
        let session = sessions.session(id).unwrap();
        for _ in 0..limit::SESSION_HELD {
            assert!(session.hold(Bytes::from_static(b"x")));
        }
        assert!(!session.hold(Bytes::from_static(b"x")));
        session.taken();
        assert!(session.hold(Bytes::from_static(b"x")));
    }
}
