//! The result as a drawing: a small chart for each series.

use std::fmt::Write as _;

use super::report::{Point, Report, Series};
use crate::report::drawing::{color, escape, page};
use crate::report::number;
use crate::server::Kind;

const TITLE: &str = "CPU time of the server for one unit of work, in microseconds";
const TOP: f64 = 40.0;
/// Of one chart, with what is written around it.
const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 230.0;
/// Around the lines of one chart.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 40.0;
const ABOVE: f64 = 46.0;
const BELOW: f64 = 34.0;

/// Sizes by their logarithm from left to right, costs from 0 upwards; beside the server's line that of the floor's chat.
pub(super) fn chart(report: &Report) -> String {
    let mut drawn = String::new();
    for (number, series) in report.series.iter().enumerate() {
        let column = if number % 2 == 0 { 0.0 } else { WIDTH };
        one(series, report.server, column, TOP + row(number) * HEIGHT, &mut drawn);
    }
    let rows = row(report.series.len() + 1);
    page(2.0 * WIDTH, TOP + rows * HEIGHT + 30.0, TITLE, &drawn, &report.machine)
}

/// Two charts stand side by side.
fn row(number: usize) -> f64 {
    u32::try_from(number / 2).map_or(0.0, f64::from)
}

fn one(series: &Series, server: Kind, left: f64, top: f64, out: &mut String) {
    let scale = Scale::of(series, left, top);
    let verdict = series.verdict().map_or("", |verdict| verdict.shape.name());
    // Writing to memory does not fail.
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}: {verdict}</text>",
        left + 16.0,
        top + 20.0,
        escape(&series.title())
    );
    axis(series, scale, out);
    line(series, scale, Kind::Floor, Point::floor, out);
    line(series, scale, server, |point| point.place().1, out);
}

fn axis(series: &Series, scale: Scale, out: &mut String) {
    let bottom = scale.y(0.0);
    let _ = writeln!(
        out,
        "<line x1=\"{:.0}\" y1=\"{bottom:.0}\" x2=\"{:.0}\" y2=\"{bottom:.0}\" stroke=\"#cccccc\"/>",
        scale.left + LEFT,
        scale.left + WIDTH - RIGHT
    );
    for point in &series.points {
        let (x, size) = (scale.x(point.place().0), point.size);
        let y = bottom + 16.0;
        let _ = writeln!(out, "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\">{size}</text>");
    }
}

fn line(series: &Series, scale: Scale, server: Kind, cost: impl Fn(&Point) -> f64, out: &mut String) {
    let color = color(server);
    let places: Vec<(f64, f64, f64)> = series
        .points
        .iter()
        .map(|point| (scale.x(point.place().0), scale.y(cost(point)), cost(point)))
        .collect();
    let path: Vec<String> = places.iter().map(|(x, y, _)| format!("{x:.1},{y:.1}")).collect();
    let path = path.join(" ");
    let _ =
        writeln!(out, "<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
    for (x, y, cost) in places {
        let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>");
        let (y, cost) = (y - 8.0, number(cost));
        let _ = writeln!(
            out,
            "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\" fill=\"{color}\">{cost}</text>"
        );
    }
}

/// From sizes and costs to places.
#[derive(Debug, Clone, Copy)]
struct Scale {
    left: f64,
    top: f64,
    least: f64,
    largest: f64,
    dearest: f64,
}

impl Scale {
    fn of(series: &Series, left: f64, top: f64) -> Self {
        let sizes = || series.points.iter().map(|point| point.place().0);
        let least = sizes().fold(f64::MAX, f64::min).max(1.0);
        let largest = sizes().fold(2.0 * least, f64::max);
        let costs = series.points.iter().flat_map(|point| [point.place().1, point.floor()]);
        Self { left, top, least, largest, dearest: costs.fold(f64::MIN_POSITIVE, f64::max) }
    }

    fn x(self, size: f64) -> f64 {
        let part = (size.max(self.least) / self.least).ln() / (self.largest / self.least).ln();
        self.left + LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn y(self, cost: f64) -> f64 {
        let height = HEIGHT - ABOVE - BELOW;
        self.top + ABOVE + (1.0 - cost / self.dearest) * height
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn sizes_go_to_the_right_and_costs_up_within_the_chart() {
        let report = example();
        let scale = Scale::of(&report.series[0], 100.0, 50.0);
        assert!((scale.x(10.0) - (100.0 + LEFT)).abs() < 1e-9);
        assert!((scale.x(1000.0) - (100.0 + WIDTH - RIGHT)).abs() < 1e-9);
        assert!((scale.x(100.0) - f64::midpoint(scale.x(10.0), scale.x(1000.0))).abs() < 1e-9);
        assert!(scale.y(9.0) < scale.y(5.0) && (scale.y(9.1) - (50.0 + ABOVE)).abs() < 1e-9);
    }

    #[test]
    fn the_drawing_has_a_point_for_each_number_and_is_xml() {
        let svg = chart(&example());
        assert_eq!(svg.matches("<circle").count(), 6);
        assert!(svg.contains("with more idle sessions: flat"));
        let element: stonechat_stanza::Element = svg.parse().unwrap();
        assert_eq!(element.name(), "svg");
    }
}
