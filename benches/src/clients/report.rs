//! The result of comparing clients.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{Done, Library, Plan};
use crate::report::{self, Machine};
use crate::{Context as _, Result};

/// What each client has taken, in all rounds.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    messages: u32,
    window: u32,
    done: BTreeMap<Library, Vec<Done>>,
}

/// The numbers of one client, each the median of its rounds.
#[derive(Debug, PartialEq, serde::Serialize)]
struct Row {
    client: Library,
    /// Milliseconds.
    login: f64,
    login_cpu: f64,
    /// Messages in a second.
    throughput: f64,
    /// Microseconds of CPU time for each message, there and back.
    message_cpu: f64,
    peak_mib: f64,
}

impl Report {
    pub(super) fn new(plan: &Plan) -> Self {
        let (messages, window) = (plan.messages, plan.window);
        Self { machine: Machine::here(), messages, window, done: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, library: Library, done: Done) {
        self.done.entry(library).or_default().push(done);
    }

    fn rows(&self) -> Vec<Row> {
        let messages = f64::from(self.messages);
        let row = |(&client, rounds): (&Library, &Vec<Done>)| {
            let of = |value: fn(&Done) -> f64| median(rounds.iter().map(value).collect());
            Row {
                client,
                login: of(|done| done.login.wall_micros) / 1e3,
                login_cpu: of(|done| done.login.cpu_micros) / 1e3,
                throughput: messages * 1e6 / of(|done| done.messages.wall_micros),
                message_cpu: of(|done| done.messages.cpu_micros) / messages,
                peak_mib: of(|done| done.peak_kib as f64) / 1024.0,
            }
        };
        self.done.iter().map(row).collect()
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut impl io::Write) -> Result<()> {
        out.write_all(self.table().as_bytes()).during("writing the table")
    }

    fn table(&self) -> String {
        let Self { messages, window, .. } = self;
        let mut text =
            format!("{messages} messages to oneself, {window} under way; the CPU time is the client's\n\n");
        text.push_str("| client | login, ms | of it CPU, ms | messages in a second | CPU for a message, µs | most memory, MiB |\n");
        text.push_str("|---|---:|---:|---:|---:|---:|\n");
        for row in self.rows() {
            let Row { client, login, login_cpu, throughput, message_cpu, peak_mib } = row;
            let name = client.name();
            // A String takes everything.
            let _ = writeln!(
                text,
                "| {name} | {login:.1} | {login_cpu:.1} | {throughput:.0} | {message_cpu:.1} | {peak_mib:.1} |"
            );
        }
        text
    }

    /// Writes the file that is asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, json: Option<&Path>) -> Result<()> {
        let value = serde_json::json!({
            "machine": self.machine, "messages": self.messages, "window": self.window,
            "medians": self.rows(), "rounds": self.done,
        });
        json.map_or(Ok(()), |file| report::write(file, &report::json(&value)?))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::super::work::Taken;
    use super::*;

    #[test]
    fn the_medians_of_the_rounds_are_shown() {
        let mut report =
            Report { machine: Machine::here(), messages: 1000, window: 10, done: BTreeMap::new() };
        for factor in [3.0, 1.0, 2.0] {
            let taken = Taken { cpu_micros: 5_000.0 * factor, wall_micros: 10_000.0 * factor };
            report.add(Library::Stonechat, Done { login: taken, messages: taken, peak_kib: 2048 });
        }
        let table = report.table();
        assert!(table.contains("| stonechat | 20.0 | 10.0 | 50000 | 10.0 | 2.0 |"), "{table}");
    }
}
