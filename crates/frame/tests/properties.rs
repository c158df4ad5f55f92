//! Random tables against naive implementations. A failing case prints itself.

use datafusion::arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use phalanx_engine::{LocalEngine, Settings};
use phalanx_frame::{Aggregate, Frame, source};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

static ENGINE: LazyLock<LocalEngine> = LazyLock::new(|| LocalEngine::new(Settings::default()).unwrap());
static PERTURBED: LazyLock<LocalEngine> = LazyLock::new(|| LocalEngine::perturbed(11).unwrap());

type Row = (Option<f64>, Option<i64>);

fn a_float() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => (-1e3..1e3).prop_map(Some),
        2 => (-4_i32..4).prop_map(|whole| Some(f64::from(whole))),
        1 => prop::sample::select(vec![0.0, -0.0, 1e300, -1e300, 5e-324, 1e-300]).prop_map(Some),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN]).prop_map(Some),
        1 => Just(None),
    ]
}

fn partitions() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row = (a_float(), prop::option::weighted(0.9, -3_i64..4));
    prop::collection::vec(prop::collection::vec(row, 0..25), 1..6)
}

fn frame(partitions: &[Vec<Row>]) -> Frame {
    let schema =
        Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true), Field::new("k", DataType::Int64, true)]));
    let batch = |rows: &Vec<Row>| {
        let x: ArrayRef = Arc::new(Float64Array::from_iter(rows.iter().map(|(x, _)| *x)));
        let k: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|(_, k)| *k)));
        vec![RecordBatch::try_new(Arc::clone(&schema), vec![x, k]).unwrap()]
    };
    source::from_batches(Arc::clone(&schema), partitions.iter().map(batch).collect()).unwrap()
}

/// Two numbers, or two NaNs, that are equal up to rounding over a sum of this size.
fn alike(got: f64, wanted: f64, size: f64) -> bool {
    got == wanted || (got.is_nan() && wanted.is_nan()) || (got - wanted).abs() <= 1e-13 * size.max(1e-300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn cumsum_is_a_loop(parts in partitions()) {
        let table = frame(&parts).cumsum().unwrap().compute(&*PERTURBED).unwrap();
        let (xs, ks) = (table.floats("x").unwrap(), table.integers("k").unwrap());
        let (mut sum, mut size, mut whole) = (0.0, 0.0_f64, 0);
        for ((row, got), got_k) in parts.iter().flatten().zip(xs).zip(ks) {
            match row.0 {
                Some(x) if !x.is_nan() => {
                    sum += x;
                    size += if x.is_finite() { x.abs() } else { 0.0 };
                    prop_assert!(alike(got, sum, size), "{got} is not {sum}");
                }
                _ => prop_assert!(got.is_nan()),
            }
            whole += row.1.unwrap_or(0);
            prop_assert_eq!(got_k, row.1.map(|_| whole));
        }
    }

    #[test]
    fn cummax_and_cummin_are_loops(parts in partitions()) {
        let highest = frame(&parts).cummax().unwrap().compute(&*ENGINE).unwrap().floats("x").unwrap();
        let lowest = frame(&parts).cummin().unwrap().compute(&*PERTURBED).unwrap().floats("x").unwrap();
        let (mut high, mut low) = (f64::NEG_INFINITY, f64::INFINITY);
        for ((row, got_high), got_low) in parts.iter().flatten().zip(highest).zip(lowest) {
            match row.0 {
                Some(x) if !x.is_nan() => {
                    (high, low) = (high.max(x), low.min(x));
                    prop_assert!(got_high == high && got_low == low);
                }
                _ => prop_assert!(got_high.is_nan() && got_low.is_nan()),
            }
        }
    }

    #[test]
    fn unique_and_value_counts_are_loops(parts in partitions()) {
        let mut values: Vec<(Option<u64>, usize)> = vec![];
        for (x, _) in parts.iter().flatten() {
            let bits = x.map(|x| if x.is_nan() { f64::NAN } else { x + 0.0 }.to_bits());
            match values.iter_mut().find(|(other, _)| *other == bits) {
                Some((_, count)) => *count += 1,
                None => values.push((bits, 1)),
            }
        }
        let unique = frame(&parts).unique("x").unwrap().compute(&*PERTURBED).unwrap();
        let expected: Float64Array = values.iter().map(|(bits, _)| bits.map(f64::from_bits)).collect();
        prop_assert_eq!(&*unique.column("x").unwrap(), &expected as &dyn Array);
        values.retain(|(bits, _)| bits.is_some_and(|bits| !f64::from_bits(bits).is_nan()));
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count)); // stable: ties by first appearance
        let counts = frame(&parts).value_counts("x").unwrap().compute(&*ENGINE).unwrap();
        let got: Vec<(Option<u64>, usize)> = counts
            .floats("x")
            .unwrap()
            .into_iter()
            .zip(counts.integers("count").unwrap())
            .map(|(x, count)| (Some(x.to_bits()), count.unwrap() as usize))
            .collect();
        prop_assert_eq!(got, values);
    }

    #[test]
    fn groups_are_loops(parts in partitions()) {
        let statistics = [Aggregate::count("x"), Aggregate::sum("x"), Aggregate::var("x"), Aggregate::min("x"), Aggregate::max("x")];
        let table = frame(&parts).groupby(["k"]).unwrap().agg(statistics).unwrap().compute(&*PERTURBED).unwrap();
        let mut keys: Vec<i64> = parts.iter().flatten().filter_map(|(_, k)| *k).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(table.integers("k").unwrap(), keys.iter().copied().map(Some).collect::<Vec<_>>());
        for (group, key) in keys.iter().enumerate() {
            let values: Vec<f64> = parts
                .iter()
                .flatten()
                .filter(|(_, k)| k == &Some(*key))
                .filter_map(|(x, _)| x.filter(|x| !x.is_nan()))
                .collect();
            let n = values.len() as f64;
            let size: f64 = values.iter().map(|x| if x.is_finite() { x.abs() } else { 0.0 }).sum();
            let sum: f64 = values.iter().sum();
            prop_assert_eq!(table.integers("x_count").unwrap()[group], Some(values.len() as i64));
            prop_assert!(alike(table.floats("x_sum").unwrap()[group], sum, size));
            let (low, high) = (values.iter().copied().fold(f64::NAN, f64::min), values.iter().copied().fold(f64::NAN, f64::max));
            prop_assert!(alike(table.floats("x_min").unwrap()[group], low, 0.0));
            prop_assert!(alike(table.floats("x_max").unwrap()[group], high, 0.0));
            let var = table.floats("x_var").unwrap()[group];
            if values.len() < 2 || values.iter().any(|x| x.is_infinite()) {
                prop_assert!(var.is_nan(), "{var}");
            } else if size < 1e5 {
                let wanted = values.iter().map(|x| (x - sum / n).powi(2)).sum::<f64>() / (n - 1.0);
                prop_assert!((var - wanted).abs() <= 1e-9 * wanted.max(1e-9), "{var} is not {wanted}");
            }
        }
    }
}
