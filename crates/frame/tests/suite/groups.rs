//! `groupby`, `value_counts`, `unique`.

use super::formula::{self, frame, number, oracle};
use super::{bits, near};
use phalanx_engine::Engine;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Schema};
use phalanx_frame::expr::{col, lit};
use phalanx_frame::{Aggregate, Frame, Interpolation, Statistic, Window, source};
use std::collections::BTreeMap;
use std::sync::Arc;

const STATISTICS: [Statistic; 7] = [
    Statistic::Count,
    Statistic::Sum,
    Statistic::Mean,
    Statistic::Variance,
    Statistic::Deviation,
    Statistic::Minimum,
    Statistic::Maximum,
];

fn all_statistics(frame: &Frame) -> Frame {
    let aggregates =
        ["value", "whole"].into_iter().flat_map(|c| STATISTICS.map(|statistic| Aggregate::new(c, statistic)));
    frame.groupby(["key"]).unwrap().agg(aggregates).unwrap()
}

pub fn statistics_are_those_of_pandas(engine: &dyn Engine) {
    let expected = oracle(include_str!("../oracle/groups.csv"));
    let groups = all_statistics(&frame()).compute(engine).unwrap();
    let keys: Vec<String> = groups.strings("key").unwrap().into_iter().flatten().collect();
    assert_eq!(keys, expected["key"], "a missing key is no group");
    for name in groups.column_names().into_iter().skip(1) {
        for (got, wanted) in groups.floats(name).unwrap().into_iter().zip(&expected[name]) {
            near(got, number(wanted), 4e-15);
        }
    }
    // One statistic alone comes from another function than several, and is the same.
    for column in ["value", "whole"] {
        for statistic in STATISTICS {
            let alone = frame().groupby(["key"]).unwrap().agg([Aggregate::new(column, statistic).named("it")]).unwrap();
            let name = format!("{column}_{}", statistic.name());
            assert_eq!(alone.compute(engine).unwrap().floats("it").unwrap(), groups.floats(&name).unwrap(), "{name}");
        }
    }
}

pub fn keys_of_several_columns_and_types(engine: &dyn Engine) {
    let with_keys = frame().with_column("sign", col("whole").gt(lit(0_i64))).unwrap();
    let groups = with_keys
        .groupby(["sign", "value"])
        .unwrap()
        .agg([Aggregate::count("row"), Aggregate::sum("sign").named("signs")]);
    let table = groups.unwrap().compute(engine).unwrap();
    let mut expected: Vec<(bool, f64)> = (0..formula::ROWS)
        .filter_map(|row| Some((formula::whole(row) > 0, formula::value(row)?)))
        .filter(|(_, value)| !value.is_nan())
        .collect();
    let rows = expected.len();
    expected.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    expected.dedup();
    let signs: Vec<Option<i64>> = expected.iter().map(|(sign, _)| Some(i64::from(*sign))).collect();
    assert_eq!(table.integers("sign").unwrap(), signs);
    assert_eq!(table.floats("value").unwrap(), expected.iter().map(|(_, value)| *value).collect::<Vec<_>>());
    let counts = table.integers("row_count").unwrap();
    assert_eq!(counts.iter().flatten().sum::<i64>(), rows as i64);
    let sums: Vec<Option<i64>> = counts.iter().zip(&signs).map(|(count, sign)| Some((*count)? * (*sign)?)).collect();
    assert_eq!(table.integers("signs").unwrap(), sums);
}

pub fn counts_are_those_of_pandas(engine: &dyn Engine) {
    let expected = oracle(include_str!("../oracle/counts.csv"));
    let counts = frame().value_counts("key").unwrap().compute(engine).unwrap();
    let keys: Vec<String> = counts.strings("key").unwrap().into_iter().flatten().collect();
    assert_eq!(keys, expected["key"]);
    let numbers: Vec<String> = counts.integers("count").unwrap().into_iter().flatten().map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected["count"]);
}

fn floats(partitions: &[&[Option<f64>]]) -> Frame {
    let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
    let batch = |values: &[Option<f64>]| {
        let values: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
        vec![RecordBatch::try_new(Arc::clone(&schema), vec![values]).unwrap()]
    };
    source::from_batches(Arc::clone(&schema), partitions.iter().map(|values| batch(values)).collect()).unwrap()
}

pub fn unique_keeps_missing_values_and_joins_zeros(engine: &dyn Engine) {
    let other_nan = f64::from_bits(f64::NAN.to_bits() | 7);
    let parts: [&[Option<f64>]; 3] = [
        &[Some(2.0), Some(-0.0), None],
        &[],
        &[Some(f64::NAN), Some(0.0), Some(2.0), Some(other_nan), Some(f64::INFINITY), None, Some(-1.0)],
    ];
    let unique = floats(&parts).unique("x").unwrap().compute(engine).unwrap();
    let column = unique.column("x").unwrap();
    assert_eq!(column.null_count(), 1);
    assert!(column.is_null(2), "{unique}");
    let values = unique.floats("x").unwrap();
    assert_eq!(values.iter().map(|x| x.to_string()).collect::<Vec<_>>(), ["2", "0", "NaN", "NaN", "inf", "-1"]);
    let counts = floats(&parts).value_counts("x").unwrap().compute(engine).unwrap();
    assert_eq!(counts.floats("x").unwrap(), [2.0, 0.0, f64::INFINITY, -1.0]);
    assert_eq!(counts.integers("count").unwrap(), [Some(2), Some(2), Some(1), Some(1)]);
}

/// Sums that cancel: bits must not depend on how rows are dealt out to partitions, nor on their order.
pub fn the_order_of_rows_does_not_change_a_bit(engine: &dyn Engine) {
    let rows: Vec<usize> = (0..3000).collect();
    let value = |i: usize| ((i as f64 * 0.7).sin() * 10_f64.powi((i % 41) as i32 * 14 - 280), i.is_multiple_of(3));
    let frame = |order: &[usize], parts: usize| {
        let schema = Arc::new(Schema::new(vec![
            Field::new("x", DataType::Float64, false),
            Field::new("third", DataType::Boolean, false),
        ]));
        let batch = |rows: &[usize]| {
            let x: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|&row| value(row).0)));
            let third: ArrayRef = Arc::new(BooleanArray::from_iter(rows.iter().map(|&row| Some(value(row).1))));
            vec![RecordBatch::try_new(Arc::clone(&schema), vec![x, third]).unwrap()]
        };
        source::from_batches(Arc::clone(&schema), order.chunks(order.len() / parts).map(batch).collect()).unwrap()
    };
    let statistics = STATISTICS.map(|statistic| Aggregate::new("x", statistic));
    let result = |frame: Frame| {
        bits(&frame.groupby(["third"]).unwrap().agg(statistics.clone()).unwrap().compute(engine).unwrap())
    };
    let expected = result(frame(&rows, 1));
    let backwards: Vec<usize> = rows.iter().rev().copied().collect();
    let dealt: Vec<usize> = rows.iter().map(|row| row * 1301 % 3000).collect();
    assert!(result(frame(&backwards, 7)) == expected && result(frame(&dealt, 3)) == expected);
}

/// Rows of a group meet in one partition, sorted: a cluster's optimizer must leave those sorts where they are.
pub fn groups_that_need_their_rows_together(engine: &dyn Engine) {
    let mut groups: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let (mut running, mut counts) = (vec![], vec![]);
    for row in 0..formula::ROWS {
        let so_far = formula::key(row).map(|key| {
            let group = groups.entry(key).or_default();
            group.push(formula::whole(row));
            (group.iter().sum::<i64>(), group.len() as i64 - 1)
        });
        running.push(so_far.map(|(sum, _)| sum));
        counts.push(so_far.map(|(_, count)| count));
    }
    let grouped = frame().groupby(["key"]).unwrap();
    let median = |values: &Vec<i64>| {
        let mut sorted = values.clone();
        sorted.sort_unstable();
        (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) as f64 / 2.0
    };
    let medians = grouped.agg([Aggregate::quantile("whole", 0.5, Interpolation::Linear).named("median")]).unwrap();
    let medians = medians.compute(engine).unwrap().floats("median").unwrap();
    assert_eq!(medians, groups.values().map(median).collect::<Vec<_>>());
    let windows = [("sum", Window::Sum), ("count", Window::Count { ascending: true })];
    let windows = windows.map(|(name, window)| (String::from("whole"), window, String::from(name)));
    let table = grouped.windows(windows).unwrap().compute(engine).unwrap();
    assert_eq!(table.integers("row").unwrap(), (0..formula::ROWS as i64).map(Some).collect::<Vec<_>>());
    assert_eq!(table.integers("sum").unwrap(), running);
    assert_eq!(table.integers("count").unwrap(), counts);
}
