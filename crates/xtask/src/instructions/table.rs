//! The table that the developer reads.

use super::Work;
use super::record::{Cost, Record};

/// A line for each work: what a unit of it takes, and took.
pub(super) fn of(works: &[Work], counted: &Record, recorded: &Record) -> String {
    let head = row(["work", "instructions", "recorded", "change", "allocations", "recorded", "of each"]);
    let line = |work: &Work| {
        let now = counted.work.get(&work.name)?;
        Some(row_of(work, *now, recorded.work.get(&work.name).copied()))
    };
    std::iter::once(head).chain(works.iter().filter_map(line)).collect::<Vec<_>>().join("\n")
}

fn row_of(work: &Work, now: Cost, then: Option<Cost>) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    row([
        &work.name,
        &now.instructions.to_string(),
        &or_none(then.map(|then| then.instructions.to_string())),
        &or_none(then.map(|then| format!("{:+.1} %", now.change_from(then)))),
        &now.allocations.to_string(),
        &or_none(then.map(|then| then.allocations.to_string())),
        &work.unit,
    ])
}

fn row([name, now, then, change, allocations, allocated, unit]: [&str; 7]) -> String {
    format!("{name:<10} {now:>12} {then:>9} {change:>9} {allocations:>12} {allocated:>9}  {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(instructions: u64) -> Record {
        let cost = Cost { instructions, allocations: 1.5 };
        Record { work: [("decode".to_owned(), cost)].into(), ..Record::default() }
    }

    fn works() -> [Work; 1] {
        [Work { name: "decode".into(), rounds: 10, units: 1, unit: "message received".into() }]
    }

    #[test]
    fn a_line_has_what_was_counted_what_is_recorded_and_the_change() {
        let table = of(&works(), &record(950), &record(1000));
        let words: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words, ["decode", "950", "1000", "-5.0", "%", "1.5", "1.5", "message", "received"]);
    }

    #[test]
    fn what_is_not_recorded_has_no_change() {
        let table = of(&works(), &record(950), &Record::default());
        let words: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words, ["decode", "950", "-", "-", "1.5", "-", "message", "received"]);
    }
}
