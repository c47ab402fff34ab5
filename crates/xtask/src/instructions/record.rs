//! What is recorded in the tree.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::callgrind::Counted;
use crate::{Error, Result};

/// By how many percent a count may grow unnoticed: the hashers' random seeds move it by less.
const TOLERANCE: f64 = 3.0;

const HEAD: &str = "\
# What a unit of each piece of the hot path takes. Counted and written by `cargo xtask instructions --record`.
";

/// What one unit of a work takes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cost {
    /// Instructions.
    pub(super) instructions: u64,
    /// Allocations, to a hundredth.
    pub(super) allocations: f64,
}

/// The costs of all works, and by which compiler.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The compiler that made the program, and the architecture.
    pub(super) compiler: String,
    /// The costs by the work's name.
    pub(super) work: BTreeMap<String, Cost>,
}

impl Cost {
    /// What one of so many units takes.
    #[allow(clippy::cast_precision_loss, reason = "a hundredth is exact enough")]
    pub(super) fn of(counted: Counted, units: u64) -> Self {
        let units = units.max(1);
        Self {
            instructions: (counted.instructions + units / 2) / units,
            allocations: (counted.allocations as f64 * 100.0 / units as f64).round() / 100.0,
        }
    }

    /// By how many percent the instructions have changed from `then`.
    #[allow(clippy::cast_precision_loss, reason = "a thousandth is exact enough")]
    pub(super) fn change_from(self, then: Self) -> f64 {
        change(self.instructions as f64, then.instructions as f64)
    }

    fn is_dearer_than(self, then: Self) -> bool {
        self.change_from(then) > TOLERANCE || change(self.allocations, then.allocations) > TOLERANCE
    }
}

fn change(now: f64, then: f64) -> f64 {
    if now == then { 0.0 } else { (now - then) / then * 100.0 }
}

impl Record {
    /// Reads the file; nothing is recorded when it is not there.
    pub(super) fn read(file: &Path) -> Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let wrong = |error| io::Error::new(io::ErrorKind::InvalidData, error);
                toml::from_str(&text).map_err(wrong).map_err(Error::file(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::file(file)(error)),
        }
    }

    /// Writes the file.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        std::fs::write(file, self.to_string()).map_err(Error::file(file))
    }

    /// The works that take noticeably more than recorded. What is not recorded has nothing to be compared with.
    pub(super) fn dearer_than<'a>(&'a self, recorded: &Self) -> Vec<&'a str> {
        let is_dearer = |(name, cost): &(&String, &Cost)| {
            recorded.work.get(*name).is_some_and(|then| cost.is_dearer_than(*then))
        };
        self.work.iter().filter(is_dearer).map(|(name, _)| name.as_str()).collect()
    }
}

impl std::fmt::Display for Record {
    /// A line for each work, so that a change of one shows as one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = String::new();
        for (name, Cost { instructions, allocations }) in &self.work {
            writeln!(lines, "{name} = {{ instructions = {instructions}, allocations = {allocations:?} }}")?;
        }
        write!(f, "{HEAD}compiler = {:?}\n\n[work]\n{lines}", self.compiler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(instructions: u64, allocations: f64) -> Record {
        let work = [("write".to_owned(), Cost { instructions, allocations })].into();
        Record { compiler: "rustc 1.95.0 (abc 2026-04-14) on x86_64".to_owned(), work }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.toml");
        assert_eq!(Record::read(&file).unwrap(), Record::default());
        record(1234, 0.25).write(&file).unwrap();
        assert_eq!(Record::read(&file).unwrap(), record(1234, 0.25));
    }

    #[test]
    fn a_record_that_is_not_understood_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.toml");
        std::fs::write(&file, "compiler = 1").unwrap();
        assert!(Record::read(&file).unwrap_err().to_string().contains("record.toml"));
    }

    #[test]
    fn a_cost_is_for_one_unit_and_rounded() {
        let counted = Counted { instructions: 1_499, allocations: 1_004 };
        assert_eq!(Cost::of(counted, 1_000), Cost { instructions: 1, allocations: 1.0 });
        assert_eq!(Cost::of(counted, 100), Cost { instructions: 15, allocations: 10.04 });
    }

    #[test]
    fn more_instructions_or_allocations_than_tolerated_are_dearer() {
        let then = record(1_000, 2.0);
        assert!(record(1_030, 2.05).dearer_than(&then).is_empty());
        assert_eq!(record(1_031, 2.0).dearer_than(&then), ["write"]);
        assert_eq!(record(1_000, 3.0).dearer_than(&then), ["write"]);
        assert!(record(10, 0.0).dearer_than(&then).is_empty());
    }

    #[test]
    fn one_allocation_where_none_was_is_dearer() {
        assert_eq!(record(1_000, 1.0).dearer_than(&record(1_000, 0.0)), ["write"]);
        assert!(record(1_000, 0.0).dearer_than(&record(1_000, 0.0)).is_empty());
    }

    #[test]
    fn what_is_not_recorded_is_not_dearer() {
        assert!(record(1_000, 1.0).dearer_than(&Record::default()).is_empty());
    }
}
