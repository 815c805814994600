//! The workspace: where the checkout is, and how to call cargo in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// The checkout the tasks work on.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout that `cargo xtask` was called in.
    ///
    /// Cargo tells at run time; the compiled-in path is for a binary that is
    /// started by hand.
    pub(crate) fn find() -> Result<Self, Error> {
        let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let own = told.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        match own.parent() {
            Some(root) if root.join("Cargo.toml").is_file() => Ok(Self {
                root: root.to_path_buf(),
            }),
            _ => Err(Error::new(
                format!("no workspace around {}", own.display()),
                "run it as `cargo xtask` inside the checkout",
            )),
        }
    }

    /// The directory of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path as a reader wants to see it: from the root, with slashes.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        relative.to_string_lossy().replace('\\', "/")
    }

    /// A program started in the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }
}

/// Every file below `dir` with this extension, sorted, so that output never
/// depends on the file system. Nothing if `dir` does not exist.
pub(crate) fn files_below(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        if !dir.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&dir).map_err(Error::io(dir.display()))? {
            let path = entry.map_err(Error::io(dir.display()))?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
