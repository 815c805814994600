//! Single values inside messages: names, addresses, footings, and the parser
//! that everything goes through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::message::{Addrs, Footing, Generation, Incarnation};

use crate::error::DecodeError;
use crate::pb;

/// The protobuf message in `bytes`. Its fields of bytes are slices of `bytes`.
pub(crate) fn parse<M: prost::Message + Default>(
    what: &'static str,
    bytes: Bytes,
) -> Result<M, DecodeError> {
    M::decode(bytes).map_err(|error| DecodeError::NotProtobuf {
        what,
        why: error.to_string(),
    })
}

/// Refuses more than `max`.
pub(crate) fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), DecodeError> {
    if count > max {
        return Err(DecodeError::TooMany { what, count, max });
    }
    Ok(())
}

/// Refuses more than `max` bytes.
pub(crate) fn no_longer(what: &'static str, bytes: usize, max: usize) -> Result<(), DecodeError> {
    if bytes > max {
        return Err(DecodeError::TooLong { what, bytes, max });
    }
    Ok(())
}

/// Refuses what makes no sense.
pub(crate) const fn ensure(holds: bool, what: &'static str) -> Result<(), DecodeError> {
    if holds {
        Ok(())
    } else {
        Err(DecodeError::Senseless { what })
    }
}

/// The name of `what`.
pub(crate) fn id(what: &'static str, text: &str) -> Result<NodeId, DecodeError> {
    text.parse().map_err(|why| DecodeError::Id { what, why })
}

/// The name of `what`, if there is one; the empty text is none.
pub(crate) fn id_or_none(what: &'static str, text: &str) -> Result<Option<NodeId>, DecodeError> {
    if text.is_empty() {
        return Ok(None);
    }
    id(what, text).map(Some)
}

/// A footing; its generation is at least 1.
pub(crate) fn footing(generation: u64, incarnation: u64) -> Result<Footing, DecodeError> {
    ensure(generation > 0, "a footing of generation 0")?;
    Ok(Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    })
}

/// Addresses, at most [`limit::ADDRS`].
pub(crate) fn addrs(addrs: &[pb::Addr]) -> Result<Addrs, DecodeError> {
    at_most("addresses", addrs.len(), limit::ADDRS)?;
    let all: Result<Vec<SocketAddr>, _> = addrs.iter().map(addr).collect();
    all.map(Addrs::from)
}

fn addr(addr: &pb::Addr) -> Result<SocketAddr, DecodeError> {
    let ip = if let Ok(octets) = <[u8; 4]>::try_from(addr.ip.as_ref()) {
        Some(IpAddr::V4(Ipv4Addr::from(octets)))
    } else if let Ok(octets) = <[u8; 16]>::try_from(addr.ip.as_ref()) {
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    } else {
        None
    };
    match (ip, u16::try_from(addr.port)) {
        (Some(ip), Ok(port)) if port > 0 => Ok(SocketAddr::new(ip, port)),
        _ => Err(DecodeError::Addr {
            ip_bytes: addr.ip.len(),
            port: addr.port,
        }),
    }
}

/// The encoding of addresses.
pub(crate) fn addrs_to_pb(addrs: &Addrs) -> Vec<pb::Addr> {
    let encode = |addr: SocketAddr| pb::Addr {
        ip: match addr.ip() {
            IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
        },
        port: u32::from(addr.port()),
    };
    addrs.iter().map(encode).collect()
}
