//! Claims: what a member says of itself.

use bytes::Bytes;
use gossip_core::message::{Claim, Presence, Sealed};

use crate::envelope::{self, Kind};
use crate::error::DecodeError;
use crate::{field, pb};

pub(crate) fn to_pb(claim: &Claim) -> pb::Claim {
    let presence = match claim.presence {
        Presence::Alive => pb::Presence::Alive,
        Presence::Left => pb::Presence::Left,
    };
    pb::Claim {
        member: claim.member.to_string(),
        generation: claim.footing.generation.0,
        incarnation: claim.footing.incarnation.0,
        presence: presence.into(),
        addrs: field::addrs_to_pb(&claim.addrs),
    }
}

pub(crate) fn from_pb(claim: &pb::Claim) -> Result<Claim, DecodeError> {
    Ok(Claim {
        member: field::id("member", &claim.member)?,
        footing: field::footing(claim.generation, claim.incarnation)?,
        presence: presence(claim.presence)?,
        addrs: field::addrs(&claim.addrs)?,
    })
}

fn presence(number: i32) -> Result<Presence, DecodeError> {
    match pb::Presence::try_from(number) {
        Ok(pb::Presence::Alive) => Ok(Presence::Alive),
        Ok(pb::Presence::Left) => Ok(Presence::Left),
        Ok(pb::Presence::Unspecified) => Err(DecodeError::Missing { what: "presence" }),
        Err(_) => Err(DecodeError::UnknownKind { what: "presence" }),
    }
}

/// The claim in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_claim(sealed: Bytes) -> Result<Sealed<Claim>, DecodeError> {
    match envelope::statement(&sealed)? {
        Kind::Claim(claim) => Ok(Sealed {
            value: from_pb(&claim)?,
            bytes: sealed,
        }),
        _ => Err(DecodeError::OtherKind { wanted: "claim" }),
    }
}
