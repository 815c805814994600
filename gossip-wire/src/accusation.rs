//! Accusations: what one member says against another.

use bytes::Bytes;
use gossip_core::message::{Accusation, Charge, Sealed};

use crate::envelope::{self, Kind};
use crate::error::DecodeError;
use crate::{field, pb};

pub(crate) fn to_pb(accusation: &Accusation) -> pb::Accusation {
    let charge = match accusation.charge {
        Charge::Suspect => pb::Charge::Suspect,
        Charge::Dead => pb::Charge::Dead,
        Charge::Removed => pb::Charge::Removed,
        Charge::Forgotten => pb::Charge::Forgotten,
    };
    pb::Accusation {
        accuser: accusation.accuser.to_string(),
        accused: accusation.accused.to_string(),
        generation: accusation.footing.generation.0,
        incarnation: accusation.footing.incarnation.0,
        charge: charge.into(),
    }
}

pub(crate) fn from_pb(accusation: &pb::Accusation) -> Result<Accusation, DecodeError> {
    Ok(Accusation {
        accuser: field::id("accuser", &accusation.accuser)?,
        accused: field::id("accused", &accusation.accused)?,
        footing: field::footing(accusation.generation, accusation.incarnation)?,
        charge: charge(accusation.charge)?,
    })
}

fn charge(number: i32) -> Result<Charge, DecodeError> {
    match pb::Charge::try_from(number) {
        Ok(pb::Charge::Suspect) => Ok(Charge::Suspect),
        Ok(pb::Charge::Dead) => Ok(Charge::Dead),
        Ok(pb::Charge::Removed) => Ok(Charge::Removed),
        Ok(pb::Charge::Forgotten) => Ok(Charge::Forgotten),
        Ok(pb::Charge::Unspecified) => Err(DecodeError::Missing { what: "charge" }),
        Err(_) => Err(DecodeError::UnknownKind { what: "charge" }),
    }
}

/// The accusation in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_accusation(sealed: Bytes) -> Result<Sealed<Accusation>, DecodeError> {
    match envelope::statement(&sealed)? {
        Kind::Accusation(accusation) => Ok(Sealed {
            value: from_pb(&accusation)?,
            bytes: sealed,
        }),
        _ => Err(DecodeError::OtherKind {
            wanted: "accusation",
        }),
    }
}
