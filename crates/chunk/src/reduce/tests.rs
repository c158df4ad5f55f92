use proptest::prelude::*;

use super::*;
use crate::Span;
use crate::oracle::{cases, check, chunk, indices, list, text};

const ALL: [Reduction; 21] = [
    Reduction::Sum,
    Reduction::Prod,
    Reduction::Mean,
    Reduction::Min,
    Reduction::Max,
    Reduction::Any,
    Reduction::All,
    Reduction::Var { ddof: 1.0 },
    Reduction::Std { ddof: 0.0 },
    Reduction::Argmin,
    Reduction::Argmax,
    Reduction::Count,
    Reduction::Nansum,
    Reduction::Nanprod,
    Reduction::Nanmean,
    Reduction::Nanmin,
    Reduction::Nanmax,
    Reduction::Nanvar { ddof: 1.0 },
    Reduction::Nanstd { ddof: 0.0 },
    Reduction::Nanargmin,
    Reduction::Nanargmax,
];

fn reduction(name: &str) -> Reduction {
    match name {
        "var1" => Reduction::Var { ddof: 1.0 },
        "std9" => Reduction::Std { ddof: 9.0 },
        "std" => Reduction::Std { ddof: 0.0 },
        "var" => Reduction::Var { ddof: 0.0 },
        "nanvar" => Reduction::Nanvar { ddof: 0.0 },
        "nanvar1" => Reduction::Nanvar { ddof: 1.0 },
        "nanstd" => Reduction::Nanstd { ddof: 0.0 },
        name => ALL.into_iter().find(|r| r.name() == name).unwrap(),
    }
}

fn whole(reduction: Reduction, chunk: &Chunk, axes: &[usize]) -> Result<Chunk> {
    reduction.finish(reduction.partial(chunk, axes, &Place::whole(chunk))?)
}

#[test]
fn results_are_those_of_numpy() {
    let mut compared = 0;
    for case in list(&cases("reduce")) {
        let input = chunk(&case["input"]);
        for result in list(&case["results"]) {
            let (name, axes) = (text(&result[0]), indices(&result[1]));
            let got = whole(reduction(name), &input, &axes);
            let what = format!("{name} over {axes:?} of {input:?}");
            if result[2] == "error" {
                assert!(matches!(got, Err(Error::Value { .. })), "{what}: {got:?}");
            } else {
                let tolerance = if input.dtype().real() == DType::Float32 { 1e-7 } else { 1e-10 };
                check(&what, &got.unwrap(), &chunk(&result[2]), tolerance, 1e-300);
            }
            compared += 1;
        }
    }
    assert!(compared > 500);
}

#[test]
fn empty_chunks_are_neutral() {
    for dtype in DType::ALL {
        let full = Chunk::vector(vec![3i64, 0, 7, 7]).cast(dtype);
        let place = |start: usize| Place { start: vec![start], shape: vec![4] };
        let none = Chunk::zeros(dtype, &[0]).unwrap();
        for r in ALL {
            let alone = whole(r, &full, &[0]).unwrap();
            let state = || r.partial(&full, &[0], &place(0)).unwrap();
            let before = r.merge(r.partial(&none, &[0], &place(0)).unwrap(), state()).unwrap();
            let after = r.merge(state(), r.partial(&none, &[0], &place(4)).unwrap()).unwrap();
            assert!(r.finish(before).unwrap().same_bits(&alone), "{r:?} {dtype}");
            assert!(r.finish(after).unwrap().same_bits(&alone), "{r:?} {dtype}");
        }
    }
}

#[test]
fn sums_are_pairwise() {
    // Adding a tenth ten million times one after the other is off by 1e-4.
    let tenths = Chunk::full(&[10_000_000], 0.1).unwrap();
    let sum = whole(Reduction::Sum, &tenths, &[0]).unwrap().item::<f64>().unwrap();
    assert!((sum - 1e6).abs() < 1e-7, "{sum}");
    let rows = tenths.reshape(&[2_500_000, 4]).unwrap();
    for &sum in whole(Reduction::Sum, &rows, &[0]).unwrap().values::<f64>().unwrap() {
        assert!((sum - 2.5e5).abs() < 1e-7, "{sum}");
    }
    let large = Chunk::vector((0..100_000).map(|i| 1e9 + f64::from(i % 2)).collect::<Vec<_>>());
    let variance = whole(Reduction::Var { ddof: 0.0 }, &large, &[0]).unwrap().item::<f64>().unwrap();
    assert!((variance - 0.25).abs() < 1e-9, "{variance}");
}

#[test]
fn no_axis_and_no_dimension() {
    let a = Chunk::new(&[2, 2], vec![1i32, 2, 3, 4]).unwrap();
    assert!(whole(Reduction::Sum, &a, &[]).unwrap().same_bits(&a.cast(DType::Int64)));
    assert_eq!(whole(Reduction::Argmin, &a, &[]).unwrap().values::<i64>().unwrap(), &[0; 4]);
    assert_eq!(whole(Reduction::Var { ddof: 0.0 }, &a, &[]).unwrap().values::<f64>().unwrap(), &[0.0; 4]);
    for r in ALL {
        assert_eq!(whole(r, &Chunk::scalar(3i64), &[]).unwrap().shape(), &[] as &[usize]);
    }
}

#[test]
fn the_first_of_equals_and_the_first_nan_win_across_chunks() {
    let r = Reduction::Argmax;
    let part = |start: usize, values: &[f64]| {
        r.partial(&Chunk::vector(values.to_vec()), &[0], &Place { start: vec![start], shape: vec![9] }).unwrap()
    };
    let index = |a, b| r.finish(r.merge(a, b).unwrap()).unwrap().item::<i64>().unwrap();
    assert_eq!(index(part(0, &[1.0, 5.0, 5.0]), part(3, &[5.0])), 1);
    assert_eq!(index(part(3, &[5.0]), part(0, &[1.0, 5.0])), 1);
    assert_eq!(index(part(0, &[1.0]), part(4, &[0.0, f64::NAN, f64::NAN])), 5);
    assert_eq!(index(part(0, &[f64::NAN]), part(4, &[f64::NAN])), 0);
    assert_eq!(index(part(0, &[f64::NAN]), part(4, &[f64::INFINITY])), 0);
    assert_eq!(index(part(0, &[f64::NEG_INFINITY]), part(8, &[f64::NEG_INFINITY])), 0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let a = Chunk::zeros(DType::Float64, &[2, 3]).unwrap();
    let place = Place::whole(&a);
    assert!(matches!(Reduction::Sum.partial(&a, &[2], &place), Err(Error::Axis { axis: 2, ndim: 2 })));
    assert!(matches!(Reduction::Sum.partial(&a, &[0, 0], &place), Err(Error::Axis { .. })));
    let outside = Place { start: vec![1, 0], shape: vec![2, 3] };
    assert!(matches!(Reduction::Sum.partial(&a, &[0], &outside), Err(Error::Shape { .. })));
    assert!(matches!(Reduction::Var { ddof: f64::NAN }.partial(&a, &[0], &place), Err(Error::Value { .. })));
    let state = |r: Reduction, axis: usize| r.partial(&a, &[axis], &place).unwrap();
    assert!(Reduction::Sum.merge(state(Reduction::Sum, 0), state(Reduction::Sum, 1)).is_err());
    assert!(Reduction::Sum.merge(state(Reduction::Sum, 0), state(Reduction::Mean, 0)).is_err());
    assert!(Reduction::Mean.finish(state(Reduction::Sum, 0)).is_err());
    let mut torn = state(Reduction::Mean, 0);
    torn.parts[1] = torn.parts[1].reshape(&[3, 1]).unwrap();
    assert!(matches!(Reduction::Mean.finish(torn), Err(Error::Shape { .. })));
}

/// Cuts along an axis, reduces each part and merges them in order.
fn by_parts(r: Reduction, a: &Chunk, axes: &[usize], axis: usize, cuts: &[usize]) -> Chunk {
    let mut state: Option<Partial> = None;
    for pair in cuts.windows(2) {
        let mut region = crate::span::whole(a.shape());
        region[axis] = Span::range(pair[0], pair[1] - pair[0]);
        let mut start = vec![0; a.ndim()];
        start[axis] = pair[0];
        let place = Place { start, shape: a.shape().to_vec() };
        let next = r.partial(&a.region(&region).unwrap(), axes, &place).unwrap();
        state = Some(match state {
            Some(state) => r.merge(state, next).unwrap(),
            None => next,
        });
    }
    r.finish(state.unwrap()).unwrap()
}

proptest! {
    #[test]
    fn parts_merge_to_the_whole(
        shape in prop::collection::vec(1usize..9, 1..4),
        choice in 0usize..8,
        axis in 0usize..3,
        cut in 0usize..9,
        seed in any::<u64>(),
        dtype in prop::sample::select(DType::ALL.to_vec()),
    ) {
        let chosen: Vec<usize> = (0..shape.len()).filter(|i| choice >> i & 1 == 1).collect();
        let axes = if chosen.is_empty() { vec![0] } else { chosen };
        let axis = axes[axis % axes.len()];
        let cut = cut.min(shape[axis]);
        let small = crate::random::Distribution::Integers { low: -3, high: 4 };
        let a = crate::random::generate(small, seed, 0, &shape, &crate::span::whole(&shape)).unwrap().cast(dtype);
        for r in ALL {
            let expected = whole(r, &a, &axes).unwrap();
            let got = by_parts(r, &a, &axes, axis, &[0, cut, shape[axis]]);
            // Small integers: sums and products are exact in any order; variances are not.
            let is_variance = r.name().ends_with("var") || r.name().ends_with("std");
            let tolerance = if is_variance { 1e-6 } else { 0.0 };
            check(&format!("{r:?} {axes:?} {a:?}"), &got, &expected, tolerance, 1e-9);
        }
    }

    #[test]
    fn axes_agree_with_transposing(rows in 1usize..300, columns in 1usize..40, seed in any::<u64>()) {
        // Rows and columns take different paths; for integers they must give the same.
        let shape = [rows, columns];
        let d = crate::random::Distribution::Integers { low: -1000, high: 1000 };
        let a = crate::random::generate(d, seed, 0, &shape, &crate::span::whole(&shape)).unwrap();
        let t = a.transpose(&[1, 0]).unwrap();
        for r in [Reduction::Sum, Reduction::Min, Reduction::Max, Reduction::Argmin, Reduction::Argmax, Reduction::Count] {
            let (x, y) = (whole(r, &a, &[0]).unwrap(), whole(r, &t, &[1]).unwrap());
            prop_assert!(x.reshape(&[columns]).unwrap().same_bits(&y.reshape(&[columns]).unwrap()), "{:?}", r);
        }
        let r = Reduction::Var { ddof: 0.0 };
        let (x, y) = (whole(r, &a, &[0]).unwrap(), whole(r, &t, &[1]).unwrap());
        check("var", &x.reshape(&[columns]).unwrap(), &y.reshape(&[columns]).unwrap(), 1e-12, 1.0);
    }
}
