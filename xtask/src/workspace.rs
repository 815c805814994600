//! The workspace: where the checkout is, and how to call cargo in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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

    /// A path inside the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path as a reader wants to see it: from the root, with slashes.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        relative.to_string_lossy().replace('\\', "/")
    }

    /// A program, to be started in the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Cargo, the same that runs us, with these arguments.
    pub(crate) fn cargo<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = self.command(&cargo);
        command.args(words);
        command
    }
}

/// Shows the command line, runs it with our own input and output, and fails if it fails.
pub(crate) fn run(mut command: Command) -> Result<(), Error> {
    let shown = shown_command(&command);
    println!("$ {shown}");
    let status = command.status().map_err(Error::io(&shown))?;
    finished(&shown, status)
}

/// Like [`run`], and ends the program if it takes longer than `limit`.
pub(crate) fn run_at_most(mut command: Command, limit: Duration) -> Result<(), Error> {
    let shown = shown_command(&command);
    println!("$ {shown}");
    let mut child = command.spawn().map_err(Error::io(&shown))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io(&shown))? {
            return finished(&shown, status);
        }
        if started.elapsed() > limit {
            child
                .kill()
                .and_then(|()| child.wait())
                .map_err(Error::io(&shown))?;
            let what = format!("`{shown}` did not end within {} s", limit.as_secs());
            return Err(Error::new(what, "run it by hand to see where it hangs"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the program can be started and succeeds; its output is thrown away.
pub(crate) fn succeeds(mut command: Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn finished(shown: &str, status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    Err(Error::new(
        format!("`{shown}` failed ({status})"),
        "read its output above",
    ))
}

/// The command line as a person would type it.
fn shown_command(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default();
    let variables = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={:?}",
            name.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let words = std::iter::once(program).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
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
