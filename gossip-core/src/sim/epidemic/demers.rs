//! Tables 1 to 3 of Demers et al. 1987, and the gates of whoever reproduces
//! them.
//!
//! The numbers stand in `demers.txt` with their source. A gate is as wide as
//! the mean of 200 runs scatters, four standard errors to either side; fewer
//! runs scatter more, and their gate is wider by the root.

use alloc::vec::Vec;

use super::{Epidemic, Summary};
use crate::dissemination::{Method, Mode, Mongering, Stop};

/// The runs a gate is written for.
pub const RUNS: u32 = 200;

/// The paper's members.
pub const NODES: u32 = 1_000;

const TABLES: &str = include_str!("demers.txt");

/// A column of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// s: the share that never heard.
    Residue,
    /// m: updates sent a member.
    Traffic,
    /// When a member heard, in cycles.
    TAve,
    /// When the last one heard, in cycles.
    TLast,
}

impl Column {
    /// All of them, in the paper's order.
    pub const ALL: [Self; 4] = [Self::Residue, Self::Traffic, Self::TAve, Self::TLast];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Residue => "residue",
            Self::Traffic => "traffic",
            Self::TAve => "t_ave",
            Self::TLast => "t_last",
        }
    }

    /// What was measured of it.
    pub const fn of(self, summary: &Summary) -> f64 {
        match self {
            Self::Residue => summary.residue.mean,
            Self::Traffic => summary.traffic.mean,
            Self::TAve => summary.t_ave.mean,
            Self::TLast => summary.t_last.mean,
        }
    }
}

/// One number of the paper, and the gate around ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Which column.
    pub column: Column,
    /// What the paper prints.
    pub paper: f64,
    /// What an independent program measured.
    pub mean: f64,
    /// The lower end of the gate for the mean of [`RUNS`] runs.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Cell {
    /// How far a mean of `runs` runs lies from the middle of its gate, where 1
    /// is its edge; NaN for NaN.
    pub fn off(&self, figure: f64, runs: u32) -> f64 {
        let wider = libm::sqrt(f64::from(RUNS) / f64::from(runs.clamp(1, RUNS)));
        let edge = match figure < self.mean {
            // A gate that begins at nothing has an upper end only.
            true if self.low == 0.0 => return 0.0,
            true => self.mean - self.low,
            false => self.high - self.mean,
        };
        libm::fabs(figure - self.mean) / (edge * wider)
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Which table: 1, 2 or 3.
    pub table: u32,
    /// The rule it is about.
    pub mongering: Mongering,
    /// Its numbers.
    pub cells: [Cell; 4],
}

impl Row {
    /// What has to be played for it.
    pub const fn epidemic(&self) -> Epidemic {
        Epidemic::new(NODES, Method::RumorMongering(self.mongering))
    }

    /// How far the farthest of its numbers lies from the middle of its gate;
    /// beyond 1 it misses.
    pub fn off(&self, summary: &Summary) -> f64 {
        let runs = u32::try_from(summary.runs).unwrap_or(u32::MAX);
        let off = |cell: &Cell| cell.off(cell.column.of(summary), runs);
        // Not `f64::max`, which prefers any number to one that is none.
        let worse = |worst: f64, off: f64| if worst >= off { worst } else { off };
        self.cells.iter().map(off).fold(0.0, worse)
    }

    /// Whether every number lies in its gate; what was not measured does not.
    pub fn passes(&self, summary: &Summary) -> bool {
        self.off(summary) <= 1.0
    }
}

/// All thirteen rows, in the paper's order.
pub fn rows() -> Vec<Row> {
    let lines = TABLES.lines().filter(|line| !line.starts_with('#'));
    let cells: Vec<(u32, Mongering, Cell)> = lines.filter_map(cell).collect();
    let row = |cells: &[(u32, Mongering, Cell)]| {
        let (table, mongering, _) = cells[0];
        Row {
            table,
            mongering,
            cells: core::array::from_fn(|place| cells[place].2),
        }
    };
    cells.chunks_exact(Column::ALL.len()).map(row).collect()
}

/// A line: which table, which rule, which number.
fn cell(line: &str) -> Option<(u32, Mongering, Cell)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [table, mode, stop, k, column, rest @ ..] = words.as_slice() else {
        return None;
    };
    let numbers: Vec<f64> = rest.iter().filter_map(|word| word.parse().ok()).collect();
    let [paper, mean, _, low, high] = numbers.as_slice() else {
        return None;
    };
    let mongering = Mongering {
        mode: Mode::named(mode)?,
        stop: Stop::named(stop)?,
        k: k.parse().ok()?,
        minimise: false,
    };
    let cell = Cell {
        column: Column::ALL.into_iter().find(|it| it.name() == *column)?,
        paper: *paper,
        mean: *mean,
        low: *low,
        high: *high,
    };
    Some((table.parse().ok()?, mongering, cell))
}
