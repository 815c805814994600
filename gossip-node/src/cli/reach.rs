//! Reaching an agent: from `--api` to a client, and from its troubles to a code.

use super::Shared;
use super::exit::{Exit, Failure};
use crate::api::client::{Client, Trouble};
use crate::api::place;
use crate::api::problem::{Kind, Problem};

/// The agent the user means.
///
/// # Errors
/// If that is not clear.
pub(crate) fn client(shared: &Shared) -> Result<Client, Failure> {
    let variable = || {
        std::env::var("GOSSIP_API")
            .ok()
            .filter(|text| !text.is_empty())
    };
    let place = match shared.api.clone().or_else(variable) {
        Some(text) => {
            place::parse(&text).map_err(|why| Failure::new(Exit::Usage, format!("--api: {why}")))?
        }
        None => place::find(std::env::var_os("XDG_RUNTIME_DIR").as_deref())
            .map_err(|why| Failure::new(Exit::Unreachable, why))?,
    };
    Ok(Client::new(place))
}

/// What to say of a trouble, and how to end.
pub(crate) fn failure(client: &Client, trouble: Trouble) -> Failure {
    let place = client.place();
    match trouble {
        Trouble::Unreachable(why) if why.kind() == std::io::ErrorKind::PermissionDenied => {
            let line = format!("the agent at {place} belongs to another user: {why}");
            Failure::new(Exit::Unreachable, line)
        }
        Trouble::Unreachable(why) => Failure::new(
            Exit::Unreachable,
            format!(
                "no agent answers at {place}: {why}; start one with `gossip agent --config FILE`, or try `gossip demo`"
            ),
        ),
        Trouble::Broken(why) => Failure::new(
            Exit::Unreachable,
            format!("the agent at {place} did not answer: {why}"),
        ),
        Trouble::Told(problem) => Failure::new(exit(&problem), problem.detail),
    }
}

fn exit(problem: &Problem) -> Exit {
    match problem.kind() {
        Some(Kind::Absent | Kind::UnknownMember) => Exit::Absent,
        Some(
            Kind::BadRequest
            | Kind::Forbidden
            | Kind::Unexpected
            | Kind::Unasked
            | Kind::Ourselves
            | Kind::StillHere
            | Kind::TooLarge
            | Kind::Full
            | Kind::Busy
            | Kind::NotRunning,
        ) => Exit::Refused,
        Some(Kind::NotFound | Kind::MethodNotAllowed | Kind::Disk | Kind::TimedOut) | None => {
            Exit::Error
        }
    }
}
