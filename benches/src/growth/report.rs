//! The result.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::chart;
use super::series::{Sweep, Work};
use super::verdict::{Verdict, judge};
use crate::report::{self, Machine, Measured, median, number};
use crate::server::Kind;
use crate::{Context as _, Result};

/// What was measured of a server, size by size.
#[derive(Debug)]
pub struct Report {
    pub(super) machine: Machine,
    pub(super) server: Kind,
    quick: bool,
    pub(super) series: Vec<Series>,
}

/// One kind of work at all sizes.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) sweep: Sweep,
    pub(super) work: Work,
    pub(super) points: Vec<Point>,
}

/// One size.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Point {
    pub(super) size: usize,
    /// Microseconds of CPU time for one unit of work.
    pub(super) rounds: Vec<Measured>,
    /// The same of a chat message over the floor, measured just before.
    pub(super) floor: Vec<f64>,
}

impl Report {
    /// Nothing yet.
    pub(super) fn new(server: Kind, quick: bool) -> Self {
        Self { machine: Machine::here(), server, quick, series: Vec::new() }
    }

    /// Adds what one round gave.
    pub(super) fn add(&mut self, sweep: Sweep, work: Work, size: usize, measured: Measured, floor: f64) {
        let of = |series: &Series| series.sweep == sweep && series.work == work;
        let at = self.series.iter().position(of).unwrap_or_else(|| {
            self.series.push(Series { sweep, work, points: Vec::new() });
            self.series.len() - 1
        });
        let points = &mut self.series[at].points;
        if points.last().is_none_or(|point| point.size != size) {
            points.push(Point { size, rounds: Vec::new(), floor: Vec::new() });
        }
        if let Some(point) = points.last_mut() {
            point.rounds.push(measured);
            point.floor.push(floor);
        }
    }

    /// Writes the tables for people.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn print(&self, out: &mut impl io::Write) -> Result<()> {
        out.write_all(self.tables().as_bytes()).during("writing the table")
    }

    /// Writes the files that are asked for.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn save(&self, json: Option<&Path>, svg: Option<&Path>) -> Result<()> {
        if let Some(file) = json {
            report::write(file, &self.json()?)?;
        }
        if let Some(file) = svg {
            report::write(file, &chart::chart(self))?;
        }
        Ok(())
    }

    fn tables(&self) -> String {
        let (server, machine) = (self.server.name(), &self.machine);
        let mut text = format!("{server} on {machine}\n");
        if self.quick {
            text.push_str("A quick run: it shows that everything works, and no more than that.\n");
        }
        text.push_str("\n| work | of | µs CPU | the first | p50/p99 in ms | floor's chat |\n|---|---|---:|---:|---:|---:|\n");
        self.series.iter().for_each(|series| series.rows(&mut text));
        text.push_str("\n| work | with more | factor | exponent at the end | floor meanwhile | verdict |\n");
        text.push_str("|---|---|---:|---:|---:|---|\n");
        self.series.iter().for_each(|series| series.judged(&mut text));
        text
    }

    fn json(&self) -> Result<String> {
        let series: Vec<_> = self.series.iter().map(Series::json).collect();
        let Self { machine, server, quick, .. } = self;
        let value = serde_json::json!({
            "machine": machine, "server": server, "quick": quick, "unit": "µs CPU", "series": series,
        });
        report::json(&value)
    }
}

impl Series {
    pub(super) fn title(&self) -> String {
        format!("{}, with more {}", self.work.title(), self.sweep.name())
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        judge(&self.points.iter().map(Point::place).collect::<Vec<_>>())
    }

    fn rows(&self, out: &mut String) {
        let first = self.points.first().map_or(0.0, |point| point.place().1);
        for point in &self.points {
            let (title, what) = (self.work.title(), self.sweep.name());
            let (size, (_, cost)) = (point.size, point.place());
            let of = |of: fn(&Measured) -> Option<f64>| {
                median(point.rounds.iter().filter_map(of).collect()).unwrap_or_default()
            };
            let (p50, p99) = (of(|measured| measured.p50), of(|measured| measured.p99));
            let (cost, times, floor) = (number(cost), cost / first, number(point.floor()));
            // Writing to memory does not fail.
            let _ = writeln!(
                out,
                "| {title} | {size} {what} | {cost} | {times:.2}× | {p50:.2}/{p99:.2} | {floor} |"
            );
        }
    }

    fn judged(&self, out: &mut String) {
        let Some(verdict) = self.verdict() else { return };
        let (title, what, Verdict { factor, exponent, shape }) =
            (self.work.title(), self.sweep.name(), verdict);
        let (from, to) = self.floor();
        let name = shape.name();
        let _ = writeln!(
            out,
            "| {title} | {what} | {factor:.2}× | {exponent:.2} | {} to {} | {name} |",
            number(from),
            number(to)
        );
    }

    /// The least and the greatest cost of the floor meanwhile.
    fn floor(&self) -> (f64, f64) {
        let floors = self.points.iter().map(Point::floor);
        floors.fold((f64::MAX, 0.0), |(least, greatest), floor| (least.min(floor), greatest.max(floor)))
    }

    fn json(&self) -> serde_json::Value {
        let Self { sweep, work, points } = self;
        serde_json::json!({"grows": sweep, "work": work, "points": points, "verdict": self.verdict()})
    }
}

impl Point {
    /// The size, and the cost.
    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
    pub(super) fn place(&self) -> (f64, f64) {
        let costs = self.rounds.iter().map(|measured| measured.value).collect();
        (self.size as f64, median(costs).unwrap_or_default())
    }

    pub(super) fn floor(&self) -> f64 {
        median(self.floor.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::growth) fn example() -> Report {
        let mut report = Report::new(Kind::Stonechat, false);
        for (size, cost) in [(10, 8.0), (100, 8.5), (1000, 9.0)] {
            for noise in [0.0, 0.1, 7.0] {
                report.add(Sweep::Sessions, Work::Chat, size, Measured::value(cost + noise), 5.0);
            }
        }
        report
    }

    #[test]
    fn a_row_has_the_median_and_how_many_times_the_first_that_is() {
        let text = example().tables();
        let row = text.lines().find(|line| line.contains("1000 idle sessions")).unwrap();
        let words: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(words[3..5], ["9.10", "1.12×"]);
        let verdict = text.lines().last().unwrap();
        assert!(verdict.ends_with("| 5.00 to 5.00 | flat |"), "{verdict}");
    }

    #[test]
    fn the_json_has_every_round_and_the_verdict() {
        let json: serde_json::Value = serde_json::from_str(&example().json().unwrap()).unwrap();
        let series = &json["series"][0];
        assert_eq!(series["points"][2]["rounds"].as_array().unwrap().len(), 3);
        assert_eq!(series["verdict"]["shape"], "flat");
    }
}
