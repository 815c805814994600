//! An elected list as a text, one line for each thing it says.
//!
//! ```text
//!  elected              configured
//!  voter eu/n1          everybody
//!  watcher eu/n2 rack7  inactive eu/3
//!  inactive eu/3
//! ```
//!
//! The two lists stand one after the other, each under its heading, because the
//! second is what the first took the place of. `nobody` is an empty list,
//! `everybody` is none.

use std::collections::BTreeMap;

use gossip_core::electorate::{Elected, Electorate, Seat};

const ELECTED: &str = "elected";
const CONFIGURED: &str = "configured";

/// The text of it.
pub(super) fn text(elected: &Elected) -> String {
    let mut lines = vec![ELECTED.to_owned()];
    list(&elected.list, &mut lines);
    lines.push(CONFIGURED.to_owned());
    list(&elected.instead_of, &mut lines);
    lines.join("\n")
}

fn list(electorate: &Electorate, lines: &mut Vec<String>) {
    match &electorate.seats {
        None => lines.push("everybody".to_owned()),
        Some(seats) if seats.is_empty() => lines.push("nobody".to_owned()),
        Some(seats) => lines.extend(seats.iter().map(|(id, seat)| {
            let part = if seat.votes { "voter" } else { "watcher" };
            match &seat.domain {
                None => format!("{part} {id}"),
                // It may be empty: then nothing stands behind the second space.
                Some(domain) => format!("{part} {id} {}", domain.as_str()),
            }
        })),
    }
    let inactive = electorate.inactive.iter();
    lines.extend(inactive.map(|domain| format!("inactive {}", domain.as_str())));
}

/// What a text says.
///
/// # Errors
/// The line that says nothing we know.
pub(super) fn read(text: &str) -> Result<Elected, String> {
    let mut elected = Elected::default();
    let mut into = None;
    for line in text.lines() {
        match (line, &mut into) {
            (ELECTED, _) => into = Some(&mut elected.list),
            (CONFIGURED, _) => into = Some(&mut elected.instead_of),
            (line, Some(into)) => one(line, into).ok_or_else(|| line.to_owned())?,
            (line, None) => return Err(line.to_owned()),
        }
    }
    Ok(elected)
}

fn one(line: &str, into: &mut Electorate) -> Option<()> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "everybody" => into.seats = None,
        "nobody" => into.seats = Some(BTreeMap::new()),
        "inactive" => {
            into.inactive.insert(rest.parse().ok()?);
        }
        "voter" | "watcher" => {
            let (id, domain) = match rest.split_once(' ') {
                Some((id, domain)) => (id, Some(domain.parse().ok()?)),
                None => (rest, None),
            };
            let votes = word == "voter";
            let seats = into.seats.get_or_insert_default();
            seats.insert(id.parse().ok()?, Seat { votes, domain });
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let everybody = Electorate::default();
        let nobody = Electorate {
            seats: Some(BTreeMap::new()),
            inactive: ["eu/3".parse().unwrap(), "".parse().unwrap()].into(),
        };
        let seat = |votes, domain: Option<&str>| Seat {
            votes,
            domain: domain.map(|domain| domain.parse().unwrap()),
        };
        let some = Electorate {
            seats: Some(BTreeMap::from([
                ("eu/n1".parse().unwrap(), seat(true, None)),
                ("eu/n2".parse().unwrap(), seat(false, Some("rack7"))),
                ("n3".parse().unwrap(), seat(true, Some(""))),
            ])),
            ..Electorate::default()
        };
        let all = [everybody, nobody, some];
        for list in &all {
            for instead_of in &all {
                let elected = Elected {
                    list: list.clone(),
                    instead_of: instead_of.clone(),
                };
                assert_eq!(read(&text(&elected)), Ok(elected));
            }
        }
    }

    #[test]
    fn what_nobody_wrote_is_named() {
        for (text, line) in [
            ("voter eu/n1", "voter eu/n1"),
            ("elected\nvoter EU", "voter EU"),
            ("elected\nchair eu/n1", "chair eu/n1"),
        ] {
            assert_eq!(read(text), Err(line.to_owned()));
        }
    }
}
