//! Random compositions of views against a dense model.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that fails panics")]

use phalanx_array::{Array, Index};
use phalanx_chunk::{Chunk, Span};
use phalanx_engine::{LocalEngine, Settings};
use proptest::prelude::*;
use std::sync::LazyLock;

static ENGINE: LazyLock<LocalEngine> = LazyLock::new(|| LocalEngine::new(Settings::default()).unwrap());

/// One step; numbers are folded into what the shape at hand allows.
#[derive(Debug, Clone)]
enum Step {
    Reshape(Vec<usize>),
    Transpose(usize),
    Slice(Vec<(usize, usize, isize)>),
    Rechunk(Vec<usize>),
    AddSelf,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::vec(0..100_usize, 1..4).prop_map(Step::Reshape),
        (0..24_usize).prop_map(Step::Transpose),
        prop::collection::vec((0..100_usize, 0..100_usize, prop_oneof![-3..=-1_isize, 1..=3_isize]), 4)
            .prop_map(Step::Slice),
        prop::collection::vec(1..7_usize, 5).prop_map(Step::Rechunk),
        Just(Step::AddSelf),
    ]
}

/// A factorisation of `count` into as many factors as `picks`, plus the rest.
fn factors(count: usize, picks: &[usize]) -> Vec<usize> {
    let mut rest = count;
    let mut shape = vec![];
    for pick in picks {
        let divisors: Vec<usize> = (1..=rest.max(1)).filter(|d| rest.is_multiple_of(*d)).collect();
        let factor = divisors[pick % divisors.len()];
        shape.push(factor);
        rest /= factor;
    }
    shape.push(rest);
    shape
}

fn apply(step: &Step, lazy: &Array, dense: &Chunk) -> (Array, Chunk) {
    let shape = dense.shape().to_vec();
    match step {
        Step::Reshape(picks) => {
            let to = factors(dense.len(), picks);
            (lazy.reshape(&to), dense.reshape(&to).unwrap())
        }
        Step::Transpose(number) => {
            let mut axes: Vec<usize> = (0..shape.len()).collect();
            if !axes.is_empty() {
                let by = number % axes.len();
                axes.rotate_left(by);
                if number % 2 == 1 {
                    axes.reverse();
                }
            }
            let signed: Vec<isize> = axes.iter().map(|&axis| axis as isize).collect();
            (lazy.transpose(&signed), dense.transpose(&axes).unwrap())
        }
        Step::Slice(parts) => {
            let mut spans = vec![];
            let mut indices = vec![];
            for (&length, &(start, len, step)) in shape.iter().zip(parts.iter().cycle()) {
                let start = start % length.max(1);
                let room = if step > 0 { length - start } else { start + 1 };
                let most = room.div_ceil(step.unsigned_abs());
                let len = if length == 0 { 0 } else { 1 + len % most };
                spans.push(Span::new(start, len, step));
                let stop = start as isize + step * len as isize;
                let stop = if stop < 0 { None } else { Some(stop) };
                indices.push(Index::Slice { start: Some(start as isize), stop, step });
            }
            (lazy.slice(&indices), dense.region(&spans).unwrap())
        }
        Step::Rechunk(sizes) => {
            let sizes: Vec<usize> = sizes.iter().copied().cycle().take(shape.len()).collect();
            (lazy.rechunk(sizes), dense.clone())
        }
        Step::AddSelf => {
            let doubled = dense.values::<i64>().unwrap().iter().map(|value| value + value).collect();
            (lazy + lazy, Chunk::new(&shape, doubled).unwrap())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compositions_of_views_are_those_of_a_dense_array(
        shape in prop::collection::vec(1..8_usize, 1..5),
        chunk in 1..5_usize,
        steps in prop::collection::vec(step(), 1..7),
        persist_at in 0..8_usize,
    ) {
        let count: usize = shape.iter().product();
        let mut dense = Chunk::new(&shape, (0..count as i64).collect()).unwrap();
        let mut lazy = Array::from_chunk(dense.clone()).rechunk(chunk);
        for (number, step) in steps.iter().enumerate() {
            (lazy, dense) = apply(step, &lazy, &dense);
            if number == persist_at {
                lazy = lazy.persist(&*ENGINE).unwrap();
            }
        }
        let got = lazy.compute(&*ENGINE).unwrap();
        prop_assert!(got.same_bits(&dense), "{lazy}: {got:?} is not {dense:?}");
        prop_assert_eq!(lazy.chunks().unwrap().shape(), dense.shape().to_vec());
    }
}
