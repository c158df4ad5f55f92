//! Functions of a host language over frames, with a runtime of this file's own: what they are given, and where what
//! they return goes.

use crate::suite::formula::{self, ROWS, frame};
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::host::{self, HostFunction, HostRuntime};
use phalanx_engine::{Engine, Error, ErrorKind, Result};
use phalanx_frame::Table;
use phalanx_frame::expr::{col, lit};
use phalanx_frame::host::Around;
use std::sync::Arc;

/// Its functions go by their labels.
#[derive(Debug)]
struct Runtime;

fn rows(batch: &RecordBatch) -> Vec<i64> {
    batch.column_by_name("row").unwrap().as_primitive::<Int64Type>().values().to_vec()
}

fn returned(values: impl IntoIterator<Item = i64>) -> Vec<RecordBatch> {
    let values: Int64Array = values.into_iter().map(Some).collect();
    vec![RecordBatch::try_new(schema(), vec![Arc::new(values)]).unwrap()]
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("result", DataType::Int64, true)]))
}

impl HostRuntime for Runtime {
    fn call(&self, function: &HostFunction, inputs: Vec<RecordBatch>, _context: &str) -> Result<Vec<RecordBatch>> {
        Ok(match function.label.as_str() {
            "count" => returned([inputs[0].num_rows() as i64]),
            "sum of both" => returned(rows(&inputs[0]).iter().zip(rows(&inputs[1])).map(|(a, b)| a + b)),
            // For each own row the sum of the rows from two before to one behind it, as far as there are any.
            "around" => {
                let whole = concat_batches(&inputs[0].schema(), &inputs).unwrap();
                let (all, before) = (rows(&whole), inputs[0].num_rows());
                returned(
                    (before..before + inputs[1].num_rows())
                        .map(|row| (row.saturating_sub(2)..(row + 2).min(all.len())).map(|row| all[row]).sum()),
                )
            }
            // For each row the number of rows of its group; 0 without a key.
            "sizes" => {
                let group = inputs[0].column_by_name("__group").unwrap().as_primitive::<Int64Type>().values().to_vec();
                let size = |number: i64| group.iter().filter(|other| **other == number).count() as i64;
                returned(group.iter().map(|&number| if number < 0 { 0 } else { size(number) }))
            }
            "too few" => returned([]),
            other => return Err(Error::internal(format!("there is no function {other:?}"))),
        })
    }
}

fn function(label: &str) -> HostFunction {
    host::install(Arc::new(Runtime));
    HostFunction { payload: label.as_bytes().to_vec(), label: label.into() }
}

fn results(table: &Table) -> Vec<i64> {
    table.integers("result").unwrap().into_iter().flatten().collect()
}

pub fn partitions(engine: &dyn Engine) {
    let source = frame();
    let counts = source.map_partitions(function("count"), &[], schema(), false).unwrap().compute(engine).unwrap();
    assert_eq!(results(&counts).iter().sum::<i64>(), ROWS as i64);
    let both = source.map_partitions(function("sum of both"), &[&source], schema(), true).unwrap();
    let beside = source.assign([("both", &both.column("result").unwrap())]).unwrap().compute(engine).unwrap();
    assert_eq!(beside.integers("both").unwrap(), (0..ROWS as i64).map(|row| Some(2 * row)).collect::<Vec<_>>());
    let other = source.repartition(2).unwrap();
    let error = source.map_partitions(function("sum of both"), &[&other], schema(), true).unwrap().compute(engine);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Input);
}

pub fn neighbours(engine: &dyn Engine) {
    let around = frame().map_overlap(function("around"), Around::Rows(2, 1), schema(), true).unwrap();
    let expected: Vec<i64> = (0..ROWS as i64).map(|row| ((row - 2).max(0)..(row + 2).min(ROWS as i64)).sum()).collect();
    assert_eq!(results(&around.compute(engine).unwrap()), expected);
}

pub fn groups(engine: &dyn Engine) {
    let groups = frame().groupby(["key"]).unwrap();
    let sizes = results(&groups.map_groups(function("sizes"), schema()).unwrap().compute(engine).unwrap());
    for (row, size) in sizes.into_iter().enumerate() {
        let expected = match formula::key(row) {
            None => 0,
            key => (0..ROWS).filter(|other| formula::key(*other) == key).count() as i64,
        };
        assert_eq!(size, expected, "row {row}");
    }
    let few = groups.map_groups(function("too few"), schema()).unwrap().compute(engine);
    assert_eq!(few.unwrap_err().kind(), ErrorKind::Data);
}

pub fn equal_keys_are_in_one_partition(engine: &dyn Engine) {
    let shuffled = frame().shuffle(["key"], 3).unwrap().with_partition_number("partition").unwrap();
    let table = shuffled.compute(engine).unwrap();
    let (keys, parts) = (table.strings("key").unwrap(), table.integers("partition").unwrap());
    let rows: Vec<i64> = table.integers("row").unwrap().into_iter().flatten().collect();
    assert_eq!(rows.len(), ROWS);
    for index in 1..ROWS {
        // A partition's rows keep their order.
        assert!(parts[index - 1] < parts[index] || (parts[index - 1] == parts[index] && rows[index - 1] < rows[index]));
    }
    for (key, part) in keys.iter().zip(&parts) {
        let same = keys.iter().zip(&parts).filter(|(other, _)| *other == key);
        assert!(same.into_iter().all(|(_, other)| other == part));
    }
    let placed = frame().with_column("to", col("row") / lit(300_i64)).unwrap();
    let placed = placed.place_by("to", 2).unwrap().with_partition_number("partition").unwrap().compute(engine).unwrap();
    let parts: Vec<i64> = placed.integers("partition").unwrap().into_iter().flatten().collect();
    assert_eq!(parts, (0..ROWS as i64).map(|row| (row / 300).min(1)).collect::<Vec<_>>());
}
