//! The generated time series, and the steps of the main job over it.

use super::bits;
use phalanx_engine::Engine;
use phalanx_frame::expr::{col, lit};
use phalanx_frame::{Aggregate, Frame, datasets, plot};
use std::time::Duration;

/// The steps of the main job, over the whole month.
#[allow(dead_code, reason = "only the measurement reads it")]
pub fn queries() -> Vec<(&'static str, Frame)> {
    let frame = datasets::timeseries().build().unwrap();
    vec![
        ("unique", frame.unique("name").unwrap()),
        ("filter, cumsum", oliver(&frame)),
        ("groupby", by_name(&frame)),
        ("unique id", frame.unique("id").unwrap()),
        ("one column", frame.reset_index().select(["x"]).unwrap()),
    ]
}

fn oliver(frame: &Frame) -> Frame {
    frame.filter(col("name").eq(lit("Oliver"))).unwrap().select(["x", "y"]).unwrap().cumsum().unwrap()
}

fn by_name(frame: &Frame) -> Frame {
    let statistics = ["x", "y"].into_iter().flat_map(|c| [Aggregate::mean(c), Aggregate::std(c), Aggregate::count(c)]);
    frame.groupby(["name"]).unwrap().agg(statistics).unwrap()
}

/// Three days of 86,400 rows, to be quick.
fn days() -> Frame {
    datasets::timeseries().dates("2000-01-01", "2000-01-04").unwrap().seed(3).build().unwrap()
}

pub fn unique_names_come_in_order_of_first_appearance(engine: &dyn Engine) {
    let names = days().select(["name"]).unwrap().compute(engine).unwrap().strings("name").unwrap();
    let mut expected = vec![];
    for name in &names {
        if !expected.contains(name) {
            expected.push(name.clone());
        }
    }
    assert_eq!(expected.len(), 26);
    assert_eq!(days().unique("name").unwrap().compute(engine).unwrap().strings("name").unwrap(), expected);
}

pub fn generated_values_depend_on_seed_and_row_alone(engine: &dyn Engine) {
    let whole = days().compute(engine).unwrap();
    let hours = datasets::timeseries().dates("2000-01-01", "2000-01-04").unwrap().seed(3);
    let hours = hours.partition(Duration::from_secs(7 * 3600)).build().unwrap();
    assert_eq!(hours.plan(engine.settings()).unwrap().partitions(), 11);
    assert_eq!(bits(&hours.compute(engine).unwrap()), bits(&whole));
    // One column alone is the same column.
    let y = hours.reset_index().select(["y"]).unwrap().compute(engine).unwrap();
    assert_eq!(y.floats("y").unwrap(), whole.floats("y").unwrap());
    assert_ne!(whole.floats("x").unwrap(), whole.floats("y").unwrap());
    let times = whole.integers("timestamp").unwrap();
    let start = 946_684_800_000_000_000; // 2000-01-01 in nanoseconds since 1970
    assert!(times.iter().enumerate().all(|(row, time)| *time == Some(start + 1_000_000_000 * row as i64)));
    let x = whole.floats("x").unwrap();
    assert!(x.iter().all(|x| (-1.0..=1.0).contains(x)));
    assert!(x.iter().sum::<f64>().abs() < 4.0 * (x.len() as f64 / 3.0).sqrt());
    let id = whole.floats("id").unwrap();
    let mean = id.iter().sum::<f64>() / id.len() as f64;
    assert!((mean - 1000.0).abs() < 0.5, "{mean}");
    let variance = id.iter().map(|id| (id - mean).powi(2)).sum::<f64>() / id.len() as f64;
    assert!((variance - 1000.0).abs() < 20.0, "{variance}");
}

pub fn running_sums_go_on_across_partitions(engine: &dyn Engine) {
    let rows = days().filter(col("name").eq(lit("Oliver"))).unwrap().compute(engine).unwrap();
    let running = oliver(&days()).compute(engine).unwrap();
    assert_eq!(running.column_names(), ["timestamp", "x", "y"]);
    assert_eq!(running.integers("timestamp").unwrap(), rows.integers("timestamp").unwrap());
    for name in ["x", "y"] {
        let mut sum = 0.0;
        let values = rows.floats(name).unwrap();
        for (row, (value, got)) in values.iter().zip(running.floats(name).unwrap()).enumerate() {
            sum += value;
            assert!((sum - got).abs() <= 1e-12 * values.len() as f64, "row {row}: {got} is not {sum}");
        }
        assert_eq!(values.len(), running.num_rows());
    }
}

pub fn groups_of_names(engine: &dyn Engine) {
    let rows = days().compute(engine).unwrap();
    let groups = by_name(&days()).compute(engine).unwrap();
    assert_eq!(groups.column_names(), ["name", "x_mean", "x_std", "x_count", "y_mean", "y_std", "y_count"]);
    let names = groups.strings("name").unwrap();
    assert!(names.is_sorted());
    let (all_names, x) = (rows.strings("name").unwrap(), rows.floats("x").unwrap());
    for (group, name) in names.iter().enumerate() {
        let values: Vec<f64> =
            x.iter().zip(&all_names).filter(|(_, other)| *other == name).map(|(value, _)| *value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (squares / (values.len() - 1) as f64).sqrt();
        assert_eq!(groups.integers("x_count").unwrap()[group], Some(values.len() as i64));
        assert!((groups.floats("x_mean").unwrap()[group] - mean).abs() < 1e-12);
        assert!((groups.floats("x_std").unwrap()[group] - std).abs() < 1e-12);
    }
}

pub fn a_plot_shows_every_line(engine: &dyn Engine) {
    let table = oliver(&days()).compute(engine).unwrap();
    let options = plot::Options { title: Some(String::from("x < y & \"z\"")), ..plot::Options::default() };
    let svg = plot::lines(&table, "timestamp", &["x", "y"], &options).unwrap();
    assert!(svg.len() < 400_000, "{}", svg.len());
    assert!(svg.contains("aria-label=\"x &lt; y &amp; &quot;z&quot;\""));
    assert!(svg.contains("prefers-color-scheme: dark"));
    assert!(svg.contains("Jan 1, 12:00"), "a time axis");
    for color in ["#1F5FA8", "#D05A0A"] {
        // A swatch of the legend and the line itself, beside the rule of the style sheet.
        assert!(svg.matches(&format!("stroke=\"{color}\"")).count() >= 3, "{color}");
    }
    let error = plot::lines(&table, "timestamp", &["z"], &options).unwrap_err();
    assert!(error.message().contains("\"z\""), "{error}");
    let empty = table.slice(0, 0);
    assert!(plot::lines(&empty, "timestamp", &["x"], &options).unwrap_err().message().contains("no rows"));
}
