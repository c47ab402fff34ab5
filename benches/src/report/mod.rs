//! The result.

pub(crate) mod drawing;
mod machine;
mod measured;
mod svg;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

pub(crate) use machine::Machine;
pub use measured::Measured;
pub(crate) use table::number;

use crate::server::Kind;
use crate::{Case, Context, Error, Goal, Result, Unit};

/// What all servers took for all cases.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    servers: Vec<Kind>,
    rounds: u16,
    quick: bool,
    /// In the order in which they came.
    cases: Vec<Case>,
    measured: BTreeMap<(Case, Kind), Vec<Measured>>,
    failures: Vec<Failure>,
}

/// A case that a server did not get through in one round.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The case.
    pub case: Case,
    /// The server.
    pub server: Kind,
    /// The round, from 1.
    pub round: u16,
    /// What went wrong, and what the server wrote.
    pub error: String,
}

/// One number of the table.
#[derive(Debug, Clone, Serialize)]
struct Cell {
    case: Case,
    title: &'static str,
    server: Kind,
    unit: Unit,
    /// Of the rounds.
    median: f64,
    /// How many times the floor.
    ratio: Option<f64>,
    goal: Option<Goal>,
    /// Whether the goal is reached, for Stonechat.
    reached: Option<bool>,
    rounds: Vec<Measured>,
}

impl Report {
    /// Nothing yet.
    #[must_use]
    pub fn new(servers: &[Kind], rounds: u16, quick: bool) -> Self {
        let machine = Machine::here();
        Self {
            machine,
            servers: servers.to_vec(),
            rounds,
            quick,
            cases: Vec::new(),
            measured: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Adds what one round gave.
    pub fn add(&mut self, case: Case, server: Kind, measured: Measured) {
        self.list(case);
        self.measured.entry((case, server)).or_default().push(measured);
    }

    /// Adds that a server failed. The other rounds count all the same.
    pub fn fail(&mut self, failure: Failure) {
        self.list(failure.case);
        self.failures.push(failure);
    }

    fn list(&mut self, case: Case) {
        if !self.cases.contains(&case) {
            self.cases.push(case);
        }
    }

    fn has_failed(&self, case: Case, server: Kind) -> bool {
        self.failures.iter().any(|failure| (failure.case, failure.server) == (case, server))
    }

    /// Whether every server got through every case in every round.
    ///
    /// # Errors
    /// When one did not.
    pub fn verdict(&self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let failure = |failure: &Failure| {
            let Failure { case, server, round, error } = failure;
            format!("{}, {}, round {round}: {error}", server.name(), case.title())
        };
        let all: Vec<_> = self.failures.iter().map(failure).collect();
        Err(Error::Server(all.join("\n")))
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut impl io::Write) -> Result<()> {
        out.write_all(table::table(self).as_bytes()).during("writing the table")
    }

    /// Writes the files that are asked for.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn save(&self, json: Option<&Path>, svg: Option<&Path>) -> Result<()> {
        if let Some(file) = json {
            write(file, &self.json()?)?;
        }
        if let Some(file) = svg {
            write(file, &svg::chart(self))?;
        }
        Ok(())
    }

    fn json(&self) -> Result<String> {
        let cells: Vec<Cell> = self.cases.iter().flat_map(|case| self.cells(*case)).collect();
        let goals: BTreeMap<Case, Goal> =
            self.cases.iter().filter_map(|case| Some((*case, case.goal()?))).collect();
        let Self { machine, rounds, quick, failures, .. } = self;
        json(&serde_json::json!({
            "machine": machine, "rounds": rounds, "quick": quick, "goals": goals, "cells": cells,
            "failures": failures,
        }))
    }

    /// The numbers of a case, in the order of the servers.
    fn cells(&self, case: Case) -> Vec<Cell> {
        self.servers.iter().filter_map(|server| self.cell(case, *server)).collect()
    }

    fn cell(&self, case: Case, server: Kind) -> Option<Cell> {
        let median = self.median(case, server, |measured| Some(measured.value))?;
        let floor = self.median(case, Kind::Floor, |measured| Some(measured.value));
        let ratio = floor.filter(|floor| *floor > 0.0).map(|floor| median / floor);
        let goal = case.goal().filter(|_| server == Kind::Stonechat);
        let reached = goal.and_then(|goal| match goal {
            Goal::TimesFloor(most) => Some(ratio? <= most),
            Goal::AtMost(most) => Some(median <= most),
        });
        let rounds = self.measured.get(&(case, server))?.clone();
        let (title, unit) = (case.title(), case.unit());
        Some(Cell { case, title, server, unit, median, ratio, goal, reached, rounds })
    }

    /// The median of the rounds.
    fn median(&self, case: Case, server: Kind, of: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        median(self.measured.get(&(case, server))?.iter().filter_map(of).collect())
    }
}

/// The number in the middle, or between the two that are there; none of no numbers.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// Writes a file that was asked for.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).during(file.to_string_lossy())
}

/// As it is written to a file.
pub(crate) fn json(value: &serde_json::Value) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|error| Error::Setup(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn example() -> Report {
        let mut report = Report::new(&[Kind::Floor, Kind::Stonechat, Kind::Prosody], 3, false);
        for (kind, values) in [
            (Kind::Floor, [5.0, 9.0, 5.5]),
            (Kind::Stonechat, [9.0, 10.0, 40.0]),
            (Kind::Prosody, [90.0, 95.0, 99.0]),
        ] {
            values.into_iter().for_each(|value| report.add(Case::Chat, kind, Measured::value(value)));
        }
        report
    }

    #[test]
    fn numbers_are_medians_and_ratios_to_the_floor() {
        let cell = example().cell(Case::Chat, Kind::Stonechat).unwrap();
        assert!((cell.median - 10.0).abs() < 1e-9 && (cell.ratio.unwrap() - 10.0 / 5.5).abs() < 1e-9);
        assert_eq!(cell.reached, Some(true));
        assert_eq!(example().cell(Case::Chat, Kind::Prosody).unwrap().reached, None);
        assert!(example().cell(Case::Chat, Kind::Ejabberd).is_none());
    }

    #[test]
    fn a_failure_takes_nothing_from_the_other_rounds_and_shows_in_the_verdict() {
        let mut report = example();
        assert!(report.verdict().is_ok());
        let failure = |case| Failure { case, server: Kind::Prosody, round: 2, error: "it fell".to_owned() };
        report.fail(failure(Case::Chat));
        report.fail(failure(Case::Ping));
        let text = table::table(&report);
        let row = |title| text.lines().find(|line| line.contains(title)).unwrap().to_owned();
        assert!(row("window 10").contains("95.0 (17.3×)") && row("ping").contains("failed"), "{text}");
        let verdict = report.verdict().unwrap_err().to_string();
        assert!(verdict.contains("prosody") && verdict.contains("round 2: it fell"), "{verdict}");
    }

    #[test]
    fn the_json_names_case_server_and_median() {
        let json: serde_json::Value = serde_json::from_str(&example().json().unwrap()).unwrap();
        let cell = &json["cells"][1];
        assert_eq!((&cell["case"], &cell["server"]), (&"chat".into(), &"stonechat".into()));
        assert_eq!(cell["median"], 10.0);
        assert_eq!(cell["rounds"].as_array().unwrap().len(), 3);
    }
}
