//! The result as a drawing.

use std::fmt::Write as _;

use super::drawing::{color, escape, page};
use super::table::number;
use super::{Cell, Report};
use crate::Unit;
use crate::server::Kind;

const TITLE: &str = "CPU time of the server for one unit of work, in microseconds (logarithmic)";
const WIDTH: f64 = 860.0;
/// Where bars begin.
const LEFT: f64 = 300.0;
/// Kept free for the numbers behind the bars.
const RIGHT: f64 = 130.0;
const BAR: f64 = 13.0;
const GAP: f64 = 12.0;
const TOP: f64 = 62.0;

/// A chart of what takes CPU time: a bar for each server and case, by the logarithm.
pub(super) fn chart(report: &Report) -> String {
    let groups: Vec<Vec<Cell>> = report
        .cases
        .iter()
        .filter(|case| case.unit() == Unit::Micros)
        .map(|case| report.cells(*case))
        .filter(|cells| !cells.is_empty())
        .collect();
    let scale = Scale::of(groups.iter().flatten().map(|cell| cell.median));
    let mut bars = String::new();
    let mut y = TOP;
    for cells in &groups {
        group(cells, scale, &mut y, &mut bars);
    }
    let mut drawn = String::new();
    legend(report, &mut drawn);
    drawn.push_str(&bars);
    page(WIDTH, y + 24.0, TITLE, &drawn, &report.machine)
}

fn legend(report: &Report, out: &mut String) {
    let mut x = LEFT;
    for server in &report.servers {
        let (color, name) = (color(*server), server.name());
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"36\" width=\"11\" height=\"11\" fill=\"{color}\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"46\">{name}</text>", x + 16.0);
        x += 110.0;
    }
}

fn group(cells: &[Cell], scale: Scale, y: &mut f64, out: &mut String) {
    for (number_of_bar, cell) in cells.iter().enumerate() {
        if number_of_bar == 0 {
            let title = escape(cell.title);
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{title}</text>",
                LEFT - 10.0,
                *y + 10.0
            );
        }
        let width = scale.width(cell.median);
        let color = color(cell.server);
        let height = BAR - 2.0;
        let _ = writeln!(
            out,
            "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{color}\"/>"
        );
        let ratio = cell.ratio.filter(|_| cell.server != Kind::Floor);
        let ratio = ratio.map(|ratio| format!("  ({ratio:.1}×)")).unwrap_or_default();
        let label = format!("{}{ratio}", number(cell.median));
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{}\">{label}</text>", LEFT + width + 6.0, *y + 10.0);
        *y += BAR;
    }
    *y += GAP;
}

/// From numbers to lengths.
#[derive(Debug, Clone, Copy)]
struct Scale {
    least: f64,
    greatest: f64,
}

impl Scale {
    /// From half of the least number, so that each has a bar.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let start = Self { least: f64::MAX, greatest: 1.0 };
        let scale = values.filter(|value| *value > 0.0).fold(start, |scale, value| Self {
            least: scale.least.min(value / 2.0),
            greatest: scale.greatest.max(value),
        });
        Self { least: scale.least.min(scale.greatest / 2.0), ..scale }
    }

    fn width(self, value: f64) -> f64 {
        let part = (value.max(self.least) / self.least).ln() / (self.greatest / self.least).ln();
        part * (WIDTH - LEFT - RIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn a_greater_number_has_a_longer_bar_within_the_drawing() {
        let scale = Scale::of([5.0, 100.0, 20.0].into_iter());
        assert!(scale.width(5.0) > 0.0 && scale.width(5.0) < scale.width(20.0));
        assert!((scale.width(100.0) - (WIDTH - LEFT - RIGHT)).abs() < 1e-9);
    }

    #[test]
    fn the_drawing_has_a_bar_for_each_number_and_is_xml() {
        let svg = chart(&example());
        // The background, three in the legend, three bars.
        assert_eq!(svg.matches("<rect").count(), 7);
        assert!(svg.contains("17.3×"));
        let element: stonechat_stanza::Element = svg.parse().unwrap();
        assert_eq!(element.name(), "svg");
    }
}
