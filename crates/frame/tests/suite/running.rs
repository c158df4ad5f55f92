//! `cumsum`, `cumprod`, `cummax`, `cummin`.

use super::formula::{cut_at, frame, number, oracle};
use super::{bits, near};
use phalanx_engine::Engine;
use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_frame::expr::{cast, col, lit, when};
use phalanx_frame::{Frame, Table};

fn numbers(frame: &Frame) -> Frame {
    frame.select(["value", "whole"]).unwrap()
}

#[track_caller]
fn same(table: &Table, column: &str, expected: &[&str], tolerance: f64) {
    let got = table.floats(column).unwrap();
    assert_eq!(got.len(), expected.len());
    got.iter().zip(expected).for_each(|(got, wanted)| near(*got, number(wanted), tolerance));
}

pub fn values_are_those_of_pandas(engine: &dyn Engine) {
    let expected = oracle(include_str!("../oracle/running.csv"));
    let frame = numbers(&frame());
    // Sixteenths: every sum is exact, so equal to the last bit.
    for (name, running) in [("cumsum", frame.cumsum()), ("cummax", frame.cummax()), ("cummin", frame.cummin())] {
        let table = running.unwrap().compute(engine).unwrap();
        for column in ["value", "whole"] {
            same(&table, column, &expected[format!("{name}_{column}").as_str()], 0.0);
        }
    }
    let sign = expected["sign"].iter().map(|cell| number(cell)).collect::<Vec<_>>();
    // NumPy's remainder has the sign of the divisor.
    let remainder = ((col("whole") + lit(51_i64)) % lit(3_i64)) - lit(1_i64);
    let signs = when(remainder.clone().eq(lit(0_i64)), lit(2_i64)).otherwise(remainder).unwrap();
    let frame = frame.with_column("sign", signs).unwrap().select(["sign"]).unwrap();
    assert_eq!(frame.compute(engine).unwrap().floats("sign").unwrap(), sign);
    same(&frame.cumprod().unwrap().compute(engine).unwrap(), "sign", &expected["cumprod_sign"], 0.0);
    // The product of floats overflows where that of integers wraps around; up to there they agree.
    let floats = frame.with_column("sign", cast(col("sign"), DataType::Float64)).unwrap().head(40).unwrap();
    let products = floats.cumprod().unwrap().compute(engine).unwrap().floats("sign").unwrap();
    let mut product = 1.0;
    for (got, sign) in products.iter().zip(sign) {
        product *= sign;
        near(*got, product, 0.0);
    }
}

pub fn one_partition_has_the_bits_of_a_loop(engine: &dyn Engine) {
    let tenths = numbers(&cut_at(&[])).with_column("value", col("value") * lit(0.1)).unwrap();
    let values = tenths.compute(engine).unwrap().floats("value").unwrap();
    let running = tenths.cumsum().unwrap().compute(engine).unwrap().floats("value").unwrap();
    let mut sum = 0.0;
    for (value, got) in values.into_iter().zip(running) {
        if value.is_nan() {
            assert!(got.is_nan());
        } else {
            sum += value;
            assert_eq!(got.to_bits(), sum.to_bits());
        }
    }
}

pub fn partitions_without_rows_or_values_change_nothing(engine: &dyn Engine) {
    let whole = numbers(&cut_at(&[])).cumsum().unwrap().compute(engine).unwrap();
    // Row 5 misses its value, and row 3 has NaN: partitions of nothing but them.
    for borders in [&[0, 0, 5, 6, 6, 500][..], &[3, 4], &[1000, 1000]] {
        let cut = numbers(&cut_at(borders)).cumsum().unwrap().compute(engine).unwrap();
        assert_eq!(bits(&cut), bits(&whole), "{borders:?}");
    }
    // A column that nobody reads is not computed, and the others stay the same.
    let one = numbers(&frame()).cumsum().unwrap().select(["whole"]).unwrap();
    assert_eq!(one.compute(engine).unwrap().integers("whole").unwrap(), whole.integers("whole").unwrap());
}
