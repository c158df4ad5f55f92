//! Line plots as SVG, legible on a light and on a dark page.
//!
//! The picture carries both of its colour themes and shows the one that the reader's page prefers
//! (`prefers-color-scheme`); where a program does not know style sheets, the light one. It needs no font file and no
//! third party: text is text, in the reader's own sans-serif.
//!
//! | module | what it holds |
//! |---|---|
//! | `decimate` | as many points as there are pixels |
//! | `ticks` | round numbers and round times |
//! | `theme` | colours |

mod decimate;
mod theme;
mod ticks;

use crate::Table;
use crate::error::need_column;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use phalanx_engine::{Error, Result};
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt::Display;
use theme::{Ink, SERIES};
use ticks::Axis;

/// plotters places whole pixels; a picture drawn this much larger and shown smaller has smooth lines.
const SCALE: u32 = 10;
/// The most pixels at a side.
const PIXELS_MAX: u32 = 10_000;

/// How a plot looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The width of the picture, in pixels; 960 by default.
    pub width_pixels: u32,
    /// The height of the picture, in pixels; 480 by default.
    pub height_pixels: u32,
    /// What stands above it; nothing by default.
    pub title: Option<String>,
    /// What the vertical axis measures; nothing by default.
    pub y_label: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { width_pixels: 960, height_pixels: 480, title: None, y_label: None }
    }
}

/// One line for each of `columns` over the column `x`, which holds numbers or times in ascending order, as SVG.
///
/// Time axis, gridlines and legend are made to be read. However many rows there are, the picture holds at most four
/// points a line and pixel: first, lowest, highest and last. A missing value is a gap.
///
/// # Errors
/// `Input`: a column does not exist or holds no numbers, there are no columns or more than eight, no row has values
/// in all of them, `x` does not ascend, or the picture has less than 200 × 120 pixels or a side of more than 10,000.
///
/// ```
/// use phalanx_engine::{LocalEngine, Settings};
/// use phalanx_frame::{datasets, plot};
///
/// # fn main() -> phalanx_engine::Result<()> {
/// let engine = LocalEngine::new(Settings::default())?;
/// let frame = datasets::timeseries().dates("2000-01-01", "2000-01-02")?.build()?.select(["x", "y"])?.cumsum()?;
/// let svg = plot::lines(&frame.compute(&engine)?, "timestamp", &["x", "y"], &plot::Options::default())?;
/// assert!(svg.starts_with("<svg") && svg.contains("prefers-color-scheme: dark"));
/// # Ok(())
/// # }
/// ```
pub fn lines(table: &Table, x: &str, columns: &[&str], options: &Options) -> Result<String> {
    let (width, height) = (options.width_pixels, options.height_pixels);
    if width < 200 || height < 120 || width > PIXELS_MAX || height > PIXELS_MAX {
        return Err(Error::input(format!("a plot of {width} × {height} pixels"))
            .with_hint(format!("take from 200 × 120 to {PIXELS_MAX} × {PIXELS_MAX}")));
    }
    if columns.is_empty() || columns.len() > SERIES.len() {
        return Err(Error::input(format!("a plot of {} lines", columns.len()))
            .with_hint(format!("plot one to {} columns", SERIES.len())));
    }
    let data = Data::of(table, x, columns, width)?;
    let mut svg = String::new();
    draw(&mut svg, &data, options).map_err(|error| Error::internal(format!("the plot can't be drawn: {error}")))?;
    Ok(theme::finish(&svg, width, height, SCALE, options.title.as_deref()))
}

/// What is drawn: the axes, and for each line its unbroken pieces.
struct Data {
    x: Axis,
    y: Axis,
    lines: Vec<(String, Vec<decimate::Piece>)>,
}

impl Data {
    fn of(table: &Table, x: &str, columns: &[&str], width: u32) -> Result<Self> {
        let times = seconds(table, x)?;
        let xs = match &times {
            Some(times) => times.clone(),
            None => table.floats(x)?,
        };
        if !xs.is_sorted() || xs.iter().any(|x| !x.is_finite()) {
            return Err(Error::input(format!("the values of {x:?} do not ascend"))
                .with_hint(format!("sort by {x:?} first, and leave out rows where it is missing")));
        }
        let (Some(&first), Some(&last)) = (xs.first(), xs.last()) else {
            return Err(Error::input("a plot of no rows"));
        };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut lines = vec![];
        for &column in columns {
            let ys = table.floats(column)?;
            for y in ys.iter().filter(|y| y.is_finite()) {
                (low, high) = (low.min(*y), high.max(*y));
            }
            lines.push((column.to_owned(), decimate::pieces(&xs, &ys, width as usize)));
        }
        if low > high {
            return Err(Error::input("a plot of missing values only"));
        }
        let x_axis = match times {
            Some(_) => Axis::of_times(first, last, x),
            None => Axis::of_numbers(first, last, width as usize / 120, false, x),
        };
        Ok(Self { x: x_axis, y: Axis::of_numbers(low, high, 6, true, ""), lines })
    }
}

/// A column of times in seconds since 1970; `None` if it holds something else.
fn seconds(table: &Table, column: &str) -> Result<Option<Vec<f64>>> {
    let DataType::Timestamp(unit, _) = need_column(table.schema(), column)?.data_type() else { return Ok(None) };
    let per_second = match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    };
    let values = table.integers(column)?;
    Ok(Some(values.into_iter().map(|value| value.map_or(f64::NAN, |value| value as f64 / per_second)).collect()))
}

fn draw(svg: &mut String, data: &Data, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let scaled = |pixels: u32| (pixels * SCALE) as i32;
    let text = |size: u32, ink: Ink| TextStyle {
        font: ("sans-serif", scaled(size)).into_font(),
        color: ink.color().to_backend_color(),
        pos: Pos::default(),
    };
    let size = (options.width_pixels * SCALE, options.height_pixels * SCALE);
    let root = SVGBackend::with_string(svg, size).into_drawing_area();
    root.fill(&Ink::Paper.color())?;

    let left = scaled(20);
    let mut top = 16;
    if let Some(title) = &options.title {
        let style = text(21, Ink::Text).pos(Pos::new(HPos::Left, VPos::Top));
        root.draw(&Text::new(title.as_str(), (left, scaled(top)), style))?;
        top += 30;
    }
    let legend = Legend { left, middle: scaled(top + 9) };
    legend.draw(&root, data, &text(15, Ink::Text))?;
    top += 26;

    let body = root.margin(scaled(top), scaled(8), scaled(8), scaled(36));
    let (x, y) = (&data.x, &data.y);
    let mut chart = ChartBuilder::on(&body)
        .x_label_area_size(scaled(48))
        .y_label_area_size(scaled(if options.y_label.is_some() { 80 } else { 64 }))
        .build_cartesian_2d(
            (x.low..x.high).with_key_points(x.ticks()).labelled(x),
            (y.low..y.high).with_key_points(y.ticks()).labelled(y),
        )?;
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(Ink::Grid.color().stroke_width(SCALE))
        .axis_style(Ink::Axis.color().stroke_width(SCALE))
        .x_labels(x.ticks().len())
        .y_labels(y.ticks().len())
        .x_label_style(text(14, Ink::Muted))
        .y_label_style(text(14, Ink::Muted))
        .axis_desc_style(text(15, Ink::Muted))
        .set_tick_mark_size(LabelAreaPosition::Left, scaled(5))
        .set_tick_mark_size(LabelAreaPosition::Bottom, scaled(4))
        .x_desc(x.caption());
    if let Some(label) = &options.y_label {
        mesh.y_desc(label.as_str());
    }
    mesh.draw()?;
    for ((_, pieces), color) in data.lines.iter().zip(SERIES) {
        for piece in pieces {
            let style = theme::rgb(color).stroke_width(SCALE * 8 / 5);
            chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
        }
    }
    root.present()?;
    Ok(())
}

/// A swatch and a name for each line, in one row.
struct Legend {
    left: i32,
    middle: i32,
}

impl Legend {
    fn draw<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, plotters::coord::Shift>,
        data: &Data,
        style: &TextStyle<'_>,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let scale = SCALE as i32;
        let mut left = self.left;
        for ((name, _), color) in data.lines.iter().zip(SERIES) {
            let swatch = vec![(left, self.middle), (left + 22 * scale, self.middle)];
            root.draw(&PathElement::new(swatch, theme::rgb(color).stroke_width(SCALE * 3)))?;
            let place = (left + 29 * scale, self.middle);
            root.draw(&Text::new(name.as_str(), place, style.pos(Pos::new(HPos::Left, VPos::Center))))?;
            // Nobody knows the reader's font: eight pixels a letter is wide enough for all.
            left += (29 + 8 * name.chars().count() as i32 + 22) * scale;
        }
        Ok(())
    }
}

/// Lets an axis write its own labels.
trait Labelled: Sized {
    fn labelled<'a>(self, axis: &'a Axis) -> WithLabels<'a, Self> {
        WithLabels { range: self, axis }
    }
}

impl<R: Ranged<ValueType = f64>> Labelled for R {}

#[derive(Clone)]
struct WithLabels<'a, R> {
    range: R,
    axis: &'a Axis,
}

impl<R: Ranged<ValueType = f64>> Ranged for WithLabels<'_, R> {
    type FormatOption = plotters::coord::ranged1d::NoDefaultFormatting;
    type ValueType = f64;
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }
    fn key_points<H: plotters::coord::ranged1d::KeyPointHint>(&self, hint: H) -> Vec<f64> {
        self.range.key_points(hint)
    }
    fn range(&self) -> std::ops::Range<f64> {
        self.range.range()
    }
}

impl<R: Ranged<ValueType = f64>> ValueFormatter<f64> for WithLabels<'_, R> {
    fn format(value: &f64) -> String {
        value.to_string()
    }
    fn format_ext(&self, value: &f64) -> String {
        self.axis.label(*value)
    }
}

/// A number with a real minus sign, and thin spaces between thousands.
fn number(value: impl Display) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("\u{2212}", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && whole.len() > 4 && (whole.len() - place) % 3 == 0 {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}
