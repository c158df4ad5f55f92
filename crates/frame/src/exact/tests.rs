//! Against exact rational arithmetic (see `tests/oracle/make.py`), and against any order.

use super::*;
use datafusion::arrow::array::ArrayRef;
use proptest::prelude::*;

fn accumulate(parts: &[Vec<f64>]) -> [f64; 5] {
    let mut whole = ExactGroups::new(true);
    for part in parts {
        let mut partial = ExactGroups::new(true);
        let values: ArrayRef = Arc::new(Float64Array::from(part.clone()));
        partial.update_batch(&[values], &vec![1; part.len()], None, 2).unwrap();
        let state = partial.state(EmitTo::All).unwrap();
        whole.merge_batch(&state, &[0, 1], 2).unwrap();
    }
    let result = whole.evaluate(EmitTo::All).unwrap();
    let fields = result.as_struct();
    assert_eq!(fields.column(0).as_primitive::<Int64Type>().value(0), 0, "nothing is in group 0");
    let float = |index: usize| {
        let column = fields.column(index).as_primitive::<Float64Type>();
        if column.is_valid(1) { column.value(1) } else { f64::NAN }
    };
    [fields.column(0).as_primitive::<Int64Type>().value(1) as f64, float(1), float(2), float(3), float(4)]
}

#[test]
fn statistics_are_correctly_rounded() {
    let oracle = include_str!("../../tests/oracle/exact.csv");
    for line in oracle.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |index: usize| cells[index].parse::<f64>().unwrap();
        let values: Vec<f64> = cells[3].split(' ').map(|value| value.parse().unwrap()).collect();
        let [count, sum, mean, var, std] = accumulate(std::slice::from_ref(&values));
        assert_eq!(count, values.len() as f64);
        assert_eq!((sum, mean, var), (number(0), number(1), number(2)), "{line}");
        assert_eq!(std, var.sqrt());
    }
}

#[test]
fn infinities_and_missing_values() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let same = |got: [f64; 5], wanted: [f64; 5]| assert_eq!(format!("{got:?}"), format!("{wanted:?}"));
    same(accumulate(&[vec![]]), [0.0, 0.0, nan, nan, nan]);
    same(accumulate(&[vec![nan, nan]]), [0.0, 0.0, nan, nan, nan]);
    same(accumulate(&[vec![3.5, nan]]), [1.0, 3.5, 3.5, nan, nan]);
    same(accumulate(&[vec![inf], vec![1.0]]), [2.0, inf, inf, nan, nan]);
    same(accumulate(&[vec![-inf], vec![1.0, -inf]]), [3.0, -inf, -inf, nan, nan]);
    same(accumulate(&[vec![inf], vec![-inf]]), [2.0, nan, nan, nan, nan]);
}

#[test]
fn nulls_and_filters_are_skipped_and_groups_leave_in_parts() {
    let mut groups = ExactGroups::new(false);
    let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(4.0), Some(8.0), Some(1e300)]));
    let filter = BooleanArray::from(vec![Some(true), Some(true), Some(false), None, Some(true)]);
    groups.update_batch(std::slice::from_ref(&values), &[0, 0, 1, 1, 2], Some(&filter), 3).unwrap();
    groups.update_batch(&[values], &[0, 0, 1, 1, 2], None, 4).unwrap();
    let sums = |array: ArrayRef| array.as_struct().column(1).as_primitive::<Float64Type>().values().to_vec();
    assert_eq!(sums(groups.evaluate(EmitTo::First(2)).unwrap()), [2.0, 12.0]);
    assert_eq!(sums(groups.evaluate(EmitTo::All).unwrap()), [2e300, 0.0]);
}

#[test]
fn the_functions_are_registered() {
    for function in [exact_sum(), exact_moments()] {
        assert_eq!(phalanx_engine::function::aggregate(function.name()).as_deref(), Some(&function));
    }
}

#[test]
fn carries_are_propagated_in_time() {
    // The digits see 2²⁹ terms before a carry; merging counts terms too.
    let mut digits = Digits::new(Power::Square);
    digits.resize(1);
    let largest = vec![f64::from_bits(0x3fef_ffff_ffff_ffff); 1 << 12];
    for _ in 0..1 << 10 {
        digits.add(&largest, &vec![0; largest.len()]);
    }
    let mut sum = 0.0;
    digits.take(1, |row| sum = Sum::of(row).value());
    let square = largest[0] * largest[0]; // rounded; the exact sum is within half a unit of each term
    assert!((sum - square * (1_u64 << 22) as f64).abs() <= 1.0, "{sum}");
}

proptest! {
    #[test]
    fn any_order_and_any_parts_give_the_same_bits(
        bits in prop::collection::vec(any::<u64>(), 0..60),
        borders in prop::collection::vec(0_usize..60, 0..5),
    ) {
        let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
        let whole = accumulate(std::slice::from_ref(&values)).map(f64::to_bits);
        let mut borders: Vec<usize> = borders.into_iter().map(|border| border.min(values.len())).collect();
        borders.extend([0, values.len()]);
        borders.sort_unstable();
        let backwards: Vec<f64> = values.iter().rev().copied().collect();
        let parts: Vec<Vec<f64>> = borders.windows(2).map(|border| backwards[border[0]..border[1]].to_vec()).collect();
        prop_assert_eq!(accumulate(&parts).map(f64::to_bits), whole);
    }

    #[test]
    fn small_integers_are_summed_as_integers(values in prop::collection::vec(-1_000_000_i64..1_000_000, 2..50)) {
        let n = values.len() as i128;
        let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
        let squares: i128 = values.iter().map(|value| i128::from(*value) * i128::from(*value)).sum();
        let [_, got, mean, var, _] = accumulate(&[values.iter().map(|value| *value as f64).collect()]);
        prop_assert_eq!(got, sum as f64);
        prop_assert_eq!(mean, sum as f64 / n as f64); // both exact: one rounding
        let numerator = n * squares - sum * sum;
        prop_assert!((var - numerator as f64 / (n * (n - 1)) as f64).abs() <= 4e-16 * var);
    }
}
