//! Operations on rows: order, selection, sorting, and data that stays with the engine.

use super::bits;
use super::formula::{self, ROWS, frame, number, oracle};
use phalanx_engine::Engine;
use phalanx_frame::expr::{col, lit};
use phalanx_frame::frame::Direction;
use phalanx_frame::{Table, source};

fn rows(table: &Table) -> Vec<usize> {
    table.integers("row").unwrap().into_iter().map(|row| row.unwrap() as usize).collect()
}

pub fn row_by_row_operations_keep_the_order(engine: &dyn Engine) {
    let query = frame()
        .filter(col("whole").gt(lit(10_i64)))
        .unwrap()
        .with_column("double", col("whole") * lit(2_i64))
        .unwrap()
        .with_column("whole", col("whole") - lit(1_i64))
        .unwrap()
        .rename([("key", "Key"), ("value", "a.b")])
        .unwrap();
    let table = query.compute(engine).unwrap();
    assert_eq!(table.column_names(), ["Key", "a.b", "whole", "row", "double"]);
    let expected: Vec<usize> = (0..ROWS).filter(|row| formula::whole(*row) > 10).collect();
    assert_eq!(rows(&table), expected);
    for (index, &row) in expected.iter().enumerate() {
        let whole = formula::whole(row);
        assert_eq!(table.integers("whole").unwrap()[index], Some(whole - 1));
        assert_eq!(table.integers("double").unwrap()[index], Some(2 * whole));
        assert_eq!(table.strings("Key").unwrap()[index].as_deref(), formula::key(row));
    }
    let less =
        query.drop(["Key", "double"]).unwrap().filter(col("a.b").is_not_null()).unwrap().compute(engine).unwrap();
    assert_eq!(less.column_names(), ["a.b", "whole", "row"]);
    assert!(rows(&less).iter().all(|row| formula::value(*row).is_some()));
}

pub fn the_first_rows_are_the_first(engine: &dyn Engine) {
    for count in [0, 1, 7, 8, 500, ROWS, 5000] {
        let table = frame().head(count).unwrap().compute(engine).unwrap();
        assert_eq!(rows(&table), (0..count.min(ROWS)).collect::<Vec<_>>());
    }
    let late = frame().filter(col("row").gt_eq(lit(600_i64))).unwrap().head(3).unwrap();
    assert_eq!(rows(&late.compute(engine).unwrap()), [600, 601, 602]);
    assert_eq!(late.plan(engine.settings()).unwrap().partitions(), 1);
}

pub fn sorting_is_stable_and_puts_missing_values_last(engine: &dyn Engine) {
    let expected = oracle(include_str!("../oracle/sorted.csv"));
    let expected: Vec<usize> = expected["row"].iter().map(|cell| number(cell) as usize).collect();
    let by = [("key", Direction::Ascending), ("whole", Direction::Descending)];
    let sorted = frame().sort_values(by).unwrap();
    assert_eq!(rows(&sorted.compute(engine).unwrap()), expected);
    let only = sorted.select(["row"]).unwrap().compute(engine).unwrap();
    assert_eq!(rows(&only), expected, "keys that nobody reads still sort");
}

pub fn persisted_rows_are_the_same_rows(engine: &dyn Engine) {
    let kept = frame().filter(col("whole").gt(lit(0_i64))).unwrap();
    let persisted = kept.persist(engine).unwrap();
    assert_eq!(bits(&persisted.compute(engine).unwrap()), bits(&kept.compute(engine).unwrap()));
    let running = |frame: &phalanx_frame::Frame| {
        bits(&frame.select(["value"]).unwrap().cumsum().unwrap().compute(engine).unwrap())
    };
    assert_eq!(running(&persisted), running(&kept));
    // The index comes along.
    let indexed = frame().set_index("row").unwrap().persist(engine).unwrap();
    assert_eq!(indexed.select(["whole"]).unwrap().column_names(), ["row", "whole"]);
}

pub fn scattered_rows_are_the_same_rows(engine: &dyn Engine) {
    let partitions: Vec<_> = (0..60).map(|_| vec![formula::batch(0..ROWS)]).collect();
    let error = source::from_batches(formula::schema(), partitions.clone()).unwrap_err();
    assert!(error.hint().unwrap().contains("scatter"), "{error}");
    let table = source::scatter(engine, formula::schema(), partitions).unwrap().compute(engine).unwrap();
    assert_eq!(rows(&table), (0..60 * ROWS).map(|row| row % ROWS).collect::<Vec<_>>());
    let small = source::from_table(&table.slice(990, 20)).unwrap().compute(engine).unwrap();
    assert_eq!(rows(&small), (990..1000).chain(0..10).collect::<Vec<_>>());
}

pub fn a_filter_that_nothing_passes_leaves_an_empty_table(engine: &dyn Engine) {
    for nothing in [col("whole").gt(lit(1000_i64)), lit(false)] {
        let none = frame().filter(nothing).unwrap();
        let table = none.compute(engine).unwrap();
        assert_eq!((table.num_rows(), table.column_names()), (0, vec!["key", "value", "whole", "row"]));
        for empty in
            [none.head(3), none.unique("key"), none.value_counts("key"), none.select(["whole"]).unwrap().cumsum()]
        {
            assert_eq!(empty.unwrap().compute(engine).unwrap().num_rows(), 0);
        }
    }
}
