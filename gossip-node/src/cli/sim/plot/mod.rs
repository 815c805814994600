//! Pictures: SVG files, drawn here.

mod axis;
mod chart;
mod story;
mod svg;
mod trade;

use std::path::Path;

pub(super) use story::story;
pub(super) use trade::{Curve, Point, trade};

use crate::cli::exit::{Exit, Failure};

/// Writes a picture; an older one of that name is replaced.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(path: &Path, picture: &str) -> Result<(), Failure> {
    std::fs::write(path, picture)
        .map_err(|why| Failure::new(Exit::Error, format!("--plot {}: {why}", path.display())))
}

/// That a picture will be of the kind we draw, before minutes are spent on it.
///
/// # Errors
/// If the file's name says otherwise.
pub(super) fn check(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    if path.extension().is_some_and(|kind| kind == "svg") {
        return Ok(());
    }
    let line = format!(
        "--plot {}: is drawn as SVG; allowed: a name that ends in .svg",
        path.display()
    );
    Err(Failure::new(Exit::Usage, line))
}
