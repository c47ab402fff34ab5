//! The result.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::figures::Figures;
use super::mix::Done;
use super::verdict::{Check, judge};
use crate::report::{self, Machine};
use crate::server::{Kind, Status};
use crate::{Context as _, Error, Result};

/// How many samples are shown at most.
const ROWS: usize = 20;

/// What became of a server.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    server: Kind,
    done: Done,
    samples: Vec<Figures>,
    before: Figures,
    after: Figures,
}

impl Report {
    pub(super) fn new(
        server: Kind,
        done: Done,
        samples: Vec<Figures>,
        before: Figures,
        after: Figures,
    ) -> Self {
        Self { machine: Machine::here(), server, done, samples, before, after }
    }

    /// Writes the tables for people.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn print(&self, out: &mut impl io::Write) -> Result<()> {
        out.write_all(self.tables().as_bytes()).during("writing the table")
    }

    /// Writes the file that is asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, json: Option<&Path>) -> Result<()> {
        let Self { machine, server, done, samples, before, after } = self;
        let value = serde_json::json!({
            "machine": machine, "server": server, "done": done, "samples": samples, "before": before, "after": after,
            "checks": self.checks(), "passed": self.verdict().is_ok(),
        });
        json.map_or(Ok(()), |file| report::write(file, &report::json(&value)?))
    }

    /// Whether the server is as before.
    ///
    /// # Errors
    /// When it is not; what is not.
    pub fn verdict(&self) -> Result<()> {
        let failed: Vec<&str> =
            self.checks().into_iter().filter(|check| !check.passed).map(|check| check.what).collect();
        match failed.as_slice() {
            [] => Ok(()),
            failed => Err(Error::Server(format!("not as before: {}", failed.join(", ")))),
        }
    }

    fn checks(&self) -> Vec<Check> {
        judge(&self.before, &self.after)
    }

    fn tables(&self) -> String {
        let Done { messages, presences, pings, visits, letters } = self.done;
        let (server, machine) = (self.server.name(), &self.machine);
        let mut text = format!("{server} on {machine}\n\n");
        // Writing to memory does not fail.
        let _ = writeln!(
            text,
            "Behind the warm-up {messages} messages, {letters} that waited for somebody offline, {presences} presences, \
             {pings} pings and {visits} sessions that came and went: nothing lost, all in order.\n"
        );
        text.push_str("| s | PSS in KiB | RSS in KiB | anonymous in KiB | descriptors | threads | sessions | connections |\n");
        text.push_str("|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        let step = self.samples.len().div_ceil(ROWS).max(1);
        self.samples.iter().step_by(step).for_each(|figures| row(figures, &mut text));
        text.push_str("\n| left alone | before | after | at most | |\n|---|---:|---:|---:|---|\n");
        for Check { what, before, after, most, passed } in self.checks() {
            let passed = if passed { "as before" } else { "NOT as before" };
            let _ = writeln!(text, "| {what} | {before} | {after} | {most} | {passed} |");
        }
        text
    }
}

fn row(figures: &Figures, out: &mut String) {
    let Figures { seconds, pss, rss, anonymous, descriptors, threads, status } = figures;
    let status = status
        .map_or("| ".to_owned(), |Status { connections, sessions }| format!("{sessions} | {connections}"));
    let _ =
        writeln!(out, "| {seconds} | {pss} | {rss} | {anonymous} | {descriptors} | {threads} | {status} |");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_samples_are_thinned_and_a_leak_is_named() {
        let (pss, rss, anonymous, descriptors) = (100, 200, 50, 30);
        let figures = Figures { seconds: 0, pss, rss, anonymous, descriptors, threads: 8, status: None };
        let after = Figures { descriptors: 31, ..figures };
        let report = Report::new(Kind::Stonechat, Done::default(), vec![figures; 1000], figures, after);
        let text = report.tables();
        assert_eq!(text.matches("| 0 | 100 | 200 | 50 |").count(), ROWS);
        assert!(text.contains("| descriptors | 30 | 31 | 30 | NOT as before |"), "{text}");
        assert!(report.verdict().unwrap_err().to_string().contains("descriptors"));
    }
}
