//! Rule: what a node sends fits what it is sent on.
//!
//! A datagram that is too large is not sent by a real transport, ever; a node
//! that builds one has lost count of its bytes.

use alloc::format;

use super::Verdict;
use crate::base::limit;
use crate::output::{Transmit, Via};

/// Holds where the message fits.
pub(in crate::sim) fn outgrows_its_carrier(transmit: &Transmit) -> Verdict {
    let (most, carrier) = match transmit.via {
        Via::Datagram => (limit::DATAGRAM_BYTES, "datagram"),
        Via::Stream | Via::Session(_) => (limit::STREAM_MESSAGE_BYTES, "stream"),
    };
    let (weight, items) = (transmit.message.weight(), transmit.message.rumors.len());
    if weight > most {
        return Err(format!(
            "a message of {weight} bytes on a {carrier}, which takes {most}"
        ));
    }
    if items > limit::MESSAGE_ITEMS {
        return Err(format!(
            "{items} items ride on one message, at most {} may",
            limit::MESSAGE_ITEMS
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, Claim, Footing, Message, Presence, Statement};
    use crate::sim::seal;
    use alloc::vec;

    #[test]
    fn fires_on_a_datagram_that_is_too_large() {
        let to: crate::base::id::NodeId = "n1".parse().unwrap();
        let claim = seal(Statement::Claim(Claim {
            member: to.clone(),
            footing: Footing::default(),
            presence: Presence::Alive,
            addrs: [core::net::SocketAddr::from(([10, 0, 0, 1], 1)); 8].into(),
        }));
        let transmit = |via, claims| Transmit {
            to: to.clone(),
            via,
            message: Message {
                body: Body::Gossip,
                rumors: vec![claim.clone(); claims],
            },
        };
        assert_eq!(outgrows_its_carrier(&transmit(Via::Datagram, 2)), Ok(()));
        assert!(outgrows_its_carrier(&transmit(Via::Datagram, 28)).is_err());
        assert_eq!(outgrows_its_carrier(&transmit(Via::Stream, 28)), Ok(()));
    }
}
