//! Lines over time: small ones in tables, and charts with axes.

use super::parts::put;
use crate::text::escape;

/// The axis of a chart is told in HTML beside it: text in a drawing that is stretched would be stretched too.
const ACROSS: f64 = 1000.0;
const DOWN: f64 = 100.0;

/// A line through points, each its place across and its value; what has no value is a gap.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Places and values, in the order of their places.
    pub points: Vec<(f64, Option<f64>)>,
    /// The place at the left and at the right edge.
    pub across: (f64, f64),
    /// The value at the bottom and at the top.
    pub down: (f64, f64),
}

impl Line {
    /// Through all of `points`, from edge to edge.
    pub fn through(points: Vec<(f64, Option<f64>)>) -> Self {
        let span = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let across = span(&mut points.iter().map(|point| point.0));
        let down = span(&mut points.iter().filter_map(|point| point.1));
        Self { points, across, down }
    }

    /// As the data of a path.
    pub fn path(&self) -> String {
        let place = |value: f64, (low, high): (f64, f64), size: f64| {
            if high > low { ((value - low) / (high - low) * size).clamp(0.0, size) } else { size / 2.0 }
        };
        let (mut path, mut is_new) = (String::new(), true);
        for (x, y) in &self.points {
            let Some(y) = y else {
                is_new = true;
                continue;
            };
            let letter = if is_new { 'M' } else { 'L' };
            put(
                &mut path,
                format_args!("{letter}{:.1} {:.1}", place(*x, self.across, ACROSS), DOWN - place(*y, self.down, DOWN)),
            );
            is_new = false;
        }
        // A single point is no line; a stroke of no length with round ends shows it.
        if self.points.iter().filter(|point| point.1.is_some()).count() == 1 {
            path.push_str("h0");
        }
        path
    }

    /// Draws it, as small as a line of text.
    pub fn spark(&self, label: &str) -> String {
        self.drawn("spark", label, "")
    }

    fn drawn(&self, class: &str, label: &str, before: &str) -> String {
        format!(
            "<svg class=\"{class}\" viewBox=\"0 -4 1000 108\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
             {before}<path class=\"line\" d=\"{}\"/></svg>",
            escape(label),
            self.path()
        )
    }

    /// Draws it with its edges named: `edges` are the left, right, bottom and top one.
    pub fn chart(&self, html: &mut String, name: &str, latest: &str, edges: [&str; 4]) {
        let [left, right, bottom, top] = edges.map(escape);
        let grid = "<path class=\"grid\" d=\"M0 0H1000M0 50H1000M0 100H1000\"/>";
        let label = format!("{name}: from {bottom} to {top}, now {latest}");
        put(
            html,
            format_args!(
                "<figure class=\"chart\"><figcaption>{} <strong>{}</strong></figcaption>\
                 <div class=\"plot\"><span class=\"top\">{top}</span><span class=\"bottom\">{bottom}</span>{}</div>\
                 <div class=\"across\"><span>{left}</span><span>{right}</span></div></figure>\n",
                escape(name),
                escape(latest),
                self.drawn("lines", &label, grid)
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_gaps_and_stay_inside() {
        let line = Line::through(vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(3.0)), (4.0, Some(2.0))]);
        assert_eq!(line.path(), "M0.0 100.0M500.0 0.0L1000.0 50.0");
        assert_eq!(Line::through(vec![(7.0, Some(5.0))]).path(), "M500.0 50.0h0");
        assert_eq!(Line::through(vec![]).path(), "");
        let clipped = Line { down: (0.0, 1.0), ..Line::through(vec![(0.0, Some(9.0)), (1.0, Some(-9.0))]) };
        assert_eq!(clipped.path(), "M0.0 0.0L1000.0 100.0");
    }
}
