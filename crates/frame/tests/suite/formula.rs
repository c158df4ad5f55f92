//! The table of `oracle/make.py`, made by the same formulas, and the values that pandas gave for it.

use phalanx_engine::datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use phalanx_frame::{Frame, source};
use std::collections::HashMap;
use std::sync::Arc;

pub const ROWS: usize = 1000;

fn k(row: usize) -> i64 {
    7919 * row as i64 % 1009
}

pub fn key(row: usize) -> Option<&'static str> {
    let letter = k(row) as usize % 7;
    (row % 29 != 4).then(|| &"abcdefg"[letter..=letter])
}

pub fn value(row: usize) -> Option<f64> {
    match row {
        _ if row % 17 == 3 => Some(f64::NAN),
        _ if row % 13 == 5 => None,
        _ => Some((k(row) * k(row) % 4001 - 2000) as f64 / 16.0),
    }
}

pub fn whole(row: usize) -> i64 {
    k(row) * k(row) % 101 - 50
}

pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
        Field::new("whole", DataType::Int64, false),
        Field::new("row", DataType::Int64, false),
    ]))
}

pub fn batch(rows: impl Iterator<Item = usize> + Clone) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter(rows.clone().map(key))),
        Arc::new(Float64Array::from_iter(rows.clone().map(value))),
        Arc::new(Int64Array::from_iter_values(rows.clone().map(whole))),
        Arc::new(Int64Array::from_iter_values(rows.map(|row| row as i64))),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// The table in partitions that end at `borders`; equal borders make partitions without rows.
pub fn cut_at(borders: &[usize]) -> Frame {
    let mut start = 0;
    let mut partitions = vec![];
    for &end in borders.iter().chain(&[ROWS]) {
        partitions.push(if start == end { vec![] } else { vec![batch(start..end)] });
        start = end;
    }
    source::from_batches(schema(), partitions).unwrap()
}

/// The same in five partitions, two of them empty.
pub fn frame() -> Frame {
    cut_at(&[0, 7, 333, 333])
}

/// A table of the oracle: its columns by name, missing values as empty text.
pub fn oracle(text: &str) -> HashMap<&str, Vec<&str>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut columns: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in lines {
        for (name, cell) in names.iter().zip(line.split(',')) {
            columns.entry(*name).or_default().push(cell);
        }
    }
    columns
}

/// A cell of the oracle as a number.
pub fn number(cell: &str) -> f64 {
    if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() }
}
