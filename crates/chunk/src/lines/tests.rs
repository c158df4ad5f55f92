use super::*;

fn nan() -> f64 {
    f64::NAN
}

#[test]
fn sorting_is_stable_and_puts_nan_last() {
    let a = Chunk::new(&[4, 2], vec![3.0, 1.0, nan(), -1.0, 1.0, 5.0, 3.0, -1.0]).unwrap();
    let sorted = Lines::Sort.apply(&a, 0).unwrap();
    let values = sorted.values::<f64>().unwrap();
    assert_eq!(values[..6], [1.0, -1.0, 3.0, -1.0, 3.0, 1.0]);
    assert!(values[6].is_nan());
    assert_eq!(Lines::Argsort.apply(&a, 0).unwrap().values::<i64>().unwrap(), &[2, 1, 0, 3, 3, 0, 1, 2]);
    let empty = Chunk::zeros(DType::Int32, &[3, 0]).unwrap();
    assert_eq!(Lines::Sort.apply(&empty, 1).unwrap().shape(), [3, 0]);
}

#[test]
fn the_largest_and_the_smallest_are_chosen_in_order() {
    let a = Chunk::vector(vec![3_i64, 1, 4, 1, 5, 9, 2, 6, 5]);
    assert_eq!(Lines::Top { k: 3 }.apply(&a, 0).unwrap().values::<i64>().unwrap(), &[9, 6, 5]);
    assert_eq!(Lines::ArgTop { k: 4 }.apply(&a, 0).unwrap().values::<i64>().unwrap(), &[5, 7, 4, 8]);
    assert_eq!(Lines::Top { k: -3 }.apply(&a, 0).unwrap().values::<i64>().unwrap(), &[1, 1, 2]);
    assert_eq!(Lines::Top { k: 99 }.apply(&a, 0).unwrap().len(), 9);
}

#[test]
fn quantiles_are_those_of_numpy() {
    // numpy.quantile([1, 2, 4, 8, 16, 32], [0.1, 0.5, 0.77], method=…)
    let a = Chunk::vector(vec![16_i64, 1, 4, 32, 2, 8]);
    let cases = [
        ("linear", [1.5, 6.0, 14.8]),
        ("lower", [1.0, 4.0, 8.0]),
        ("higher", [2.0, 8.0, 16.0]),
        ("midpoint", [1.5, 6.0, 12.0]),
        ("nearest", [1.0, 4.0, 16.0]),
        ("inverted_cdf", [1.0, 4.0, 16.0]),
        ("averaged_inverted_cdf", [1.0, 6.0, 16.0]),
        ("closest_observation", [1.0, 4.0, 16.0]),
        ("hazen", [1.1, 6.0, 17.92]),
    ];
    for (name, expected) in cases {
        let method = name.parse().unwrap();
        let got = Lines::Quantile { q: vec![0.1, 0.5, 0.77], method, skip_nan: false }.apply(&a, 0).unwrap();
        let got = got.cast(DType::Float64);
        let got = got.values::<f64>().unwrap();
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{name}: {got:?} is not {expected:?}");
    }
    assert!("middle".parse::<Method>().is_err());
}

#[test]
fn nan_is_passed_on_or_skipped() {
    let a = Chunk::new(&[2, 3], vec![1.0, nan(), 3.0, 4.0, 5.0, 7.0]).unwrap();
    let plain = Lines::Median { skip_nan: false }.apply(&a, 1).unwrap();
    assert!(plain.values::<f64>().unwrap()[0].is_nan());
    assert_eq!(Lines::Median { skip_nan: true }.apply(&a, 1).unwrap().values::<f64>().unwrap(), &[2.0, 5.0]);
}

#[test]
fn running_sums_go_on_from_where_they_were() {
    let a = Chunk::new(&[2, 3], vec![1_i32, 2, 3, 4, 5, 6]).unwrap();
    let along = |axis| Lines::Scan(Running::Sum).apply(&a, axis).unwrap();
    assert_eq!(along(0).values::<i64>().unwrap(), &[1, 2, 3, 5, 7, 9]);
    assert_eq!(along(1).values::<i64>().unwrap(), &[1, 3, 6, 4, 9, 15]);
    let start = Chunk::new(&[2, 1], vec![10_i64, 100]).unwrap();
    let on = scan_from(&a, 1, Running::Sum, Some(&start)).unwrap();
    assert_eq!(on.values::<i64>().unwrap(), &[11, 13, 16, 104, 109, 115]);
    let b = Chunk::vector(vec![-0.0, nan(), 2.0]);
    let skipped = Lines::Scan(Running::NanProduct).apply(&b, 0).unwrap();
    assert_eq!(
        skipped.values::<f64>().unwrap().iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
        [(-0.0_f64).to_bits(); 3]
    );
}

#[test]
fn the_dtype_is_known_before() {
    assert_eq!(Lines::Scan(Running::Sum).dtype(DType::Bool).unwrap(), DType::Int64);
    assert_eq!(Lines::Median { skip_nan: false }.dtype(DType::Float32).unwrap(), DType::Float32);
    assert_eq!(Lines::Argsort.dtype(DType::Float32).unwrap(), DType::Int64);
}
