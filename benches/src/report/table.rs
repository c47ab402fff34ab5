//! The result as text.

use std::fmt::Write as _;

use super::{Cell, Report};
use crate::server::Kind;
use crate::{Goal, Unit};

/// A table in Markdown, which is easily read as it is.
pub(super) fn table(report: &Report) -> String {
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = writeln!(text, "{}; medians of {} interleaved rounds", report.machine, report.rounds);
    if report.quick {
        text.push_str("A quick run: it shows that everything works, and no more than that.\n");
    }
    text.push('\n');
    costs(report, &mut text);
    speeds(report, &mut text);
    text
}

/// What everything costs, and how many times the floor that is.
fn costs(report: &Report, out: &mut String) {
    header(report, "case", &["unit"], &["goal"], out);
    for case in &report.cases {
        let cells = report.cells(*case);
        let _ = write!(out, "| {:<47} | {:<6} |", case.title(), case.unit().name());
        for server in &report.servers {
            let without = || if report.has_failed(*case, *server) { "failed" } else { "" }.to_owned();
            let text = cells.iter().find(|cell| cell.server == *server).map_or_else(without, cost);
            let _ = write!(out, " {text:>17} |");
        }
        let stonechat = report.servers.contains(&Kind::Stonechat);
        let goal = case.goal().filter(|_| stonechat).map(|goal| {
            let cell = cells.iter().find(|cell| cell.server == Kind::Stonechat);
            wanted(goal, case.unit(), cell.and_then(|cell| cell.reached))
        });
        let goal = goal.unwrap_or_default();
        let _ = writeln!(out, " {goal} |");
    }
}

fn cost(cell: &Cell) -> String {
    match cell.ratio.filter(|_| cell.server != Kind::Floor && cell.unit != Unit::Millis) {
        Some(ratio) => format!("{} ({ratio:.1}×)", number(cell.median)),
        None => number(cell.median),
    }
}

/// A goal; also one that nothing was measured for yet.
fn wanted(goal: Goal, unit: Unit, reached: Option<bool>) -> String {
    let goal = match goal {
        Goal::TimesFloor(most) => format!("≤ {most}×"),
        Goal::AtMost(most) => format!("≤ {most} {}", unit.name()),
    };
    let reached = match reached {
        Some(true) => ", reached",
        Some(false) => ", missed",
        None => "",
    };
    goal + reached
}

/// How fast it was, where anything was waited for.
fn speeds(report: &Report, out: &mut String) {
    out.push('\n');
    header(report, "p50/p99 in ms at so many a second", &[], &[], out);
    for case in &report.cases {
        let text = |server: &Kind| {
            let p50 = report.median(*case, *server, |measured| measured.p50)?;
            let p99 = report.median(*case, *server, |measured| measured.p99)?;
            let rate = report.median(*case, *server, |measured| measured.per_second)?;
            Some(format!("{p50:.2}/{p99:.2} at {rate:.0}"))
        };
        if report.servers.iter().any(|server| text(server).is_some()) {
            let _ = write!(out, "| {:<47} |", case.title());
            for server in &report.servers {
                let _ = write!(out, " {:>17} |", text(server).unwrap_or_default());
            }
            out.push('\n');
        }
    }
}

fn header(report: &Report, title: &str, before: &[&str], after: &[&str], out: &mut String) {
    let names: Vec<&str> = report.servers.iter().map(|server| server.name()).collect();
    let columns: Vec<&str> = before.iter().chain(&names).chain(after).copied().collect();
    let _ = writeln!(out, "| {title} | {} |", columns.join(" | "));
    let rule = |column: &&str| if names.contains(column) { "---:|" } else { "---|" };
    let _ = writeln!(out, "|---|{}", columns.iter().map(rule).collect::<String>());
}

/// With three digits that count.
pub(crate) fn number(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use crate::Case;
    use crate::report::Measured;
    use crate::server::Kind;

    #[test]
    fn a_row_has_medians_ratios_and_the_goal() {
        let text = super::table(&example());
        let row = text.lines().find(|line| line.starts_with("| chat")).unwrap();
        let words: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(words[2..], ["µs CPU", "5.50", "10.0 (1.8×)", "95.0 (17.3×)", "≤ 2×, reached", ""]);
    }

    #[test]
    fn a_server_that_takes_no_part_has_an_empty_cell_and_keeps_its_goal() {
        let mut report = example();
        report.add(Case::ChatArchive, Kind::Floor, Measured::value(5.0));
        report.add(Case::ChatArchive, Kind::Prosody, Measured::value(700.0));
        let text = super::table(&report);
        let row = text.lines().find(|line| line.contains("archive on")).unwrap();
        let words: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(words[2..], ["µs CPU", "5.00", "", "700 (140.0×)", "≤ 6×", ""]);
    }
}
