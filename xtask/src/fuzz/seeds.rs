//! What a fuzzing run begins with: inputs that are known to be understood.
//!
//! The golden files hold every kind of message and item; whoever begins with
//! them need not find out what a message is. A life begins with each message
//! on each way, and with all of them one after the other.

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::workspace::{Workspace, files_below};

/// Steps of `hear_anything`: a datagram, a stream, in a session that is opened
/// for it; and one by which a second passes.
const WAYS: [u8; 3] = [0, 1, 4];
const A_SECOND: [u8; 3] = [7, 0xe8, 0x03];

/// Puts into `corpus` what a run of `target` begins with. What is there stays.
///
/// # Errors
/// Files that cannot be read or written.
pub(super) fn sow(workspace: &Workspace, target: &str, corpus: &Path) -> Result<(), Error> {
    fs::create_dir_all(corpus).map_err(Error::io(corpus.display()))?;
    for (name, bytes) in seeds(workspace, target)? {
        let path = corpus.join(format!("seed-{name}"));
        fs::write(&path, bytes).map_err(Error::io(path.display()))?;
    }
    Ok(())
}

/// The seeds of a target, each with its name.
fn seeds(workspace: &Workspace, target: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let seeds = match target {
        "read_scenario" => scenarios(workspace)?,
        "decode_item" => golden(workspace, "item-")?,
        "hear_anything" => lives(&golden(workspace, "message-")?),
        _ => golden(workspace, "message-")?,
    };
    if seeds.is_empty() {
        return Err(Error::new(
            format!("nothing is known that `{target}` could begin with"),
            "look at xtask/src/fuzz/seeds.rs: the files it reads have moved",
        ));
    }
    Ok(seeds)
}

/// The golden files whose names begin so, as bytes.
fn golden(workspace: &Workspace, kind: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut seeds = Vec::new();
    for file in files_below(&workspace.path("gossip-wire/tests/golden"), "hex")? {
        let name = name(&file);
        if name.starts_with(kind) {
            let text = fs::read_to_string(&file).map_err(Error::io(file.display()))?;
            seeds.push((name, bytes(&text)));
        }
    }
    Ok(seeds)
}

fn scenarios(workspace: &Workspace) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let files = files_below(&workspace.path("gossip-core/tests/scenarios"), "scenario")?;
    files
        .iter()
        .map(|file| {
            let text = fs::read(file).map_err(Error::io(file.display()))?;
            Ok((name(file), text))
        })
        .collect()
}

/// A life with each message, and one with all.
fn lives(messages: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let life = |message: &[u8]| {
        let mut life = Vec::new();
        for way in WAYS {
            let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
            life.push(way);
            life.extend(length.to_le_bytes());
            life.extend(message.iter().take(usize::from(length)));
            life.extend(A_SECOND);
        }
        life
    };
    let mut lives: Vec<_> = messages
        .iter()
        .map(|(name, message)| (name.clone(), life(message)))
        .collect();
    let all = lives.iter().flat_map(|(_, life)| life).copied().collect();
    lives.push(("all".to_owned(), all));
    lives
}

fn name(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The bytes that pairs of hexadecimal digits stand for.
fn bytes(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_something_to_begin_with() {
        let workspace = Workspace::find().unwrap();
        let targets = files_below(&workspace.path("fuzz/fuzz_targets"), "rs").unwrap();
        assert!(!targets.is_empty());
        for target in targets {
            let seeds = seeds(&workspace, &name(&target)).unwrap();
            assert!(seeds.iter().all(|(_, seed)| !seed.is_empty()));
        }
    }

    #[test]
    fn a_life_holds_its_message_three_times() {
        let lives = lives(&[("m".to_owned(), vec![9, 9])]);
        let life = [0, 2, 0, 9, 9, 7, 0xe8, 3];
        assert!(lives[0].1.starts_with(&life));
        assert_eq!(lives[0].1.len(), 3 * life.len());
        assert_eq!(lives[1].1, lives[0].1);
        assert_eq!(bytes("0a ff\n10"), [10, 255, 16]);
    }
}
