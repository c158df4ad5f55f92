//! Parquet and CSV: order, ranges, and real data where this machine has it.

use super::formula::{self, ROWS, number, oracle};
use super::{bits, near};
use phalanx_engine::Engine;
use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::parquet::arrow::ArrowWriter;
use phalanx_engine::datafusion::parquet::file::properties::WriterProperties;
use phalanx_frame::expr::{col, lit};
use phalanx_frame::{Aggregate, Frame, read_csv, read_parquet, source::csv::Csv};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Writes batches to a Parquet file with row groups of so many rows.
pub fn write_parquet(path: &Path, batches: &[RecordBatch], row_group_rows: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group_rows))
        .set_dictionary_enabled(false)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batches[0].schema(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

fn table_in_memory(engine: &dyn Engine) -> Vec<u8> {
    bits(&formula::frame().compute(engine).unwrap())
}

pub fn parquet_files_come_in_order(engine: &dyn Engine) {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| folder.path().join(file).to_string_lossy().into_owned();
    write_parquet(Path::new(&name("part-1.parquet")), &[formula::batch(0..300)], 100);
    write_parquet(Path::new(&name("part-2 ü.parquet")), &[formula::batch(300..ROWS)], 64);
    std::fs::write(name("notes.txt"), "not a table").unwrap();
    for pattern in [name("*.parquet"), name("part-?*.parquet"), name("")] {
        let frame = read_parquet(&pattern).unwrap();
        assert_eq!(bits(&frame.compute(engine).unwrap()), table_in_memory(engine), "{pattern}");
    }
    let frame = read_parquet(&name("*.parquet")).unwrap();
    let late = frame.filter(col("row").gt_eq(lit(905_i64))).unwrap().select(["row"]).unwrap().compute(engine).unwrap();
    assert_eq!(late.floats("row").unwrap(), (905..ROWS).map(|row| row as f64).collect::<Vec<_>>());
    // Many row groups of a file become several partitions, in order.
    let large: Vec<RecordBatch> = (0..90).map(|_| formula::batch(0..ROWS)).collect();
    write_parquet(Path::new(&name("large.parquet")), &large, 5000);
    let frame = read_parquet(&name("large.parquet")).unwrap();
    assert!(frame.plan(engine.settings()).unwrap().partitions() > 1);
    let rows = frame.select(["row"]).unwrap().compute(engine).unwrap().integers("row").unwrap();
    assert!(rows.len() == 90 * ROWS && rows.iter().enumerate().all(|(at, row)| *row == Some((at % ROWS) as i64)));
}

fn write_csv(path: &Path, rows: std::ops::Range<usize>) {
    let mut text = String::from("key,value,whole,row\n");
    for row in rows {
        let key = formula::key(row).unwrap_or("NA");
        let value = formula::value(row).map(|value| value.to_string()).unwrap_or_default();
        text.push_str(&format!("{key},{value},{},{row}\n", formula::whole(row)));
    }
    std::fs::write(path, text).unwrap();
}

pub fn csv_files_come_in_order(engine: &dyn Engine) {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("a.csv"), 0..420);
    write_csv(&folder.path().join("b.csv"), 420..ROWS);
    let pattern = folder.path().join("*.csv").to_string_lossy().into_owned();
    let frame = read_csv(&pattern).unwrap();
    let table = frame.compute(engine).unwrap();
    assert_eq!(table.integers("row").unwrap(), (0..ROWS as i64).map(Some).collect::<Vec<_>>());
    assert_eq!(
        table.strings("key").unwrap(),
        (0..ROWS).map(|row| formula::key(row).map(str::to_owned)).collect::<Vec<_>>()
    );
    for (row, value) in table.floats("value").unwrap().into_iter().enumerate() {
        near(value, formula::value(row).unwrap_or(f64::NAN), 0.0);
    }
    let cut = Csv::new(&pattern).partition_bytes(1000).build().unwrap();
    assert!(cut.plan(engine.settings()).unwrap().partitions() > 10);
    assert_eq!(bits(&cut.compute(engine).unwrap()), bits(&table));
    // A line break inside a value.
    let quoted = folder.path().join("quoted.tsv");
    std::fs::write(&quoted, "name\tnumber\n\"two\nlines\"\t1\nnull\t\n").unwrap();
    let table = Csv::new(&quoted.to_string_lossy()).delimiter(b'\t').build().unwrap().compute(engine).unwrap();
    assert_eq!(table.strings("name").unwrap(), [Some(String::from("two\nlines")), None]);
    assert_eq!(table.integers("number").unwrap(), [Some(1), None]);
}

/// The folder of data that is not part of the project.
fn optional_data() -> Option<PathBuf> {
    let folder = std::env::var_os("PHALANX_TEST_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    folder.join("flights.parquet").is_file().then_some(folder)
}

/// The flights of 2013 from New York, if they are there; the same statistics from a file of our own in any case.
pub fn real_data_agrees_with_pandas(engine: &dyn Engine) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.parquet");
    write_parquet(&own, &[formula::batch(0..ROWS)], 128);
    let frame = read_parquet(&own.to_string_lossy()).unwrap();
    compare(engine, &frame, "key", &["value", "whole"], include_str!("../oracle/groups.csv"));
    let Some(data) = optional_data() else {
        println!("the optional data (flights.parquet) is absent: set PHALANX_TEST_DATA to its folder");
        return;
    };
    let flights = read_parquet(&data.join("flights.parquet").to_string_lossy()).unwrap();
    compare(engine, &flights, "carrier", &["arr_delay", "distance"], include_str!("../oracle/flights.csv"));
    let partitions = flights.plan(engine.settings()).unwrap().partitions();
    assert!((2..=11).contains(&partitions), "{partitions}");
}

fn compare(engine: &dyn Engine, frame: &Frame, key: &str, columns: &[&str], expected: &str) {
    let expected = oracle(expected);
    let aggregates = columns
        .iter()
        .flat_map(|c| [Aggregate::count(*c), Aggregate::mean(*c), Aggregate::std(*c), Aggregate::max(*c)]);
    let table = frame.groupby([key]).unwrap().agg(aggregates).unwrap().compute(engine).unwrap();
    let keys: Vec<String> = table.strings(key).unwrap().into_iter().flatten().collect();
    assert_eq!(keys, expected[key]);
    for name in table.column_names().into_iter().skip(1) {
        for (got, wanted) in table.floats(name).unwrap().into_iter().zip(&expected[name]) {
            near(got, number(wanted), 1e-13);
        }
    }
}
