//! `merge`.

use super::formula::{frame, number, oracle};
use super::near;
use phalanx_engine::Engine;
use phalanx_frame::expr::{col, lit};
use phalanx_frame::{Frame, Keep, Table};

fn ninth() -> Frame {
    frame().filter((col("row") % lit(9_i64)).eq(lit(2_i64))).unwrap()
}

fn rows(table: &Table, expected: &str) {
    let expected = oracle(expected);
    for name in ["row_x", "row_y"] {
        let got = table.floats(name).unwrap();
        assert_eq!(got.len(), expected[name].len());
        got.into_iter().zip(&expected[name]).for_each(|(got, wanted)| near(got, number(wanted), 0.0));
    }
}

pub fn pairs_come_in_the_order_of_pandas(engine: &dyn Engine) {
    let columns = ["key", "whole", "row"];
    let (left, right) = (frame().select(columns).unwrap(), ninth().select(columns).unwrap());
    let inner = left.merge(&right, ["key", "whole"], Keep::Inner).unwrap();
    assert_eq!(inner.column_names(), ["key", "whole", "row_x", "row_y"]);
    rows(&inner.compute(engine).unwrap(), include_str!("../oracle/merged_inner.csv"));
    let kept = left.merge(&right, ["key", "whole"], Keep::Left).unwrap();
    rows(&kept.compute(engine).unwrap(), include_str!("../oracle/merged_left.csv"));
    assert_eq!(kept.plan(engine.settings()).unwrap().partitions(), 5, "the left frame's");
}

pub fn missing_keys_meet_and_shared_names_are_told_apart(engine: &dyn Engine) {
    let left = frame().head(40).unwrap();
    let merged = left.merge(&left, ["value"], Keep::Inner).unwrap().compute(engine).unwrap();
    assert_eq!(merged.column_names(), ["key_x", "value", "whole_x", "row_x", "key_y", "whole_y", "row_y"]);
    let values = left.compute(engine).unwrap().floats("value").unwrap();
    let mut pairs = vec![];
    for (x, a) in values.iter().enumerate() {
        for (y, b) in values.iter().enumerate() {
            if a == b || (a.is_nan() && b.is_nan()) {
                pairs.push((Some(x as i64), Some(y as i64)));
            }
        }
    }
    let got = merged.integers("row_x").unwrap().into_iter().zip(merged.integers("row_y").unwrap());
    assert_eq!(got.collect::<Vec<_>>(), pairs);
}
