//! What users see of arrays, as functions over an engine. Included by path by the tests of other engines.
//!
//! A check asserts against an oracle and returns the canonical bytes of what it computed, so that a caller can hold
//! them equal over engines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that fails panics")]

mod linear;
mod numpy;
mod shapes;

use phalanx_array::linalg::{Assume, einsum};
use phalanx_array::random::{Generator, Law};
use phalanx_array::{AllAxes, Array, Auto, Index, KeepDimensions, compute, concatenate, evaluate, s};
use phalanx_chunk::reduce::Reduction;
use phalanx_chunk::{Chunk, DType, linalg};
use phalanx_engine::{Engine, ErrorKind};

pub type Check = fn(&dyn Engine) -> Vec<u8>;

pub fn checks() -> Vec<(&'static str, Check)> {
    vec![
        ("numpy", numpy::every_case_is_what_numpy_answers),
        ("a slice of a reshaped transpose evaluates what it shows", blog),
        ("random elements do not depend on chunks or slices", random_elements),
        ("ten thousand chunks of one element", tiny_chunks),
        ("elementwise over other chunks", elementwise),
        ("reductions over many blocks", reductions),
        ("a sliced reduction reads what it needs", sliced_reduction),
        ("rechunked and persisted", rechunked),
        ("products of blocks", products),
        ("tall singular values", tall_svd),
        ("wide singular values", wide_svd),
        ("compressed singular values", compressed_svd),
        ("stacks of matrices, and Einstein's notation", linear::products),
        ("factors and solutions", linear::factors),
        ("singular values in any chunks", linear::any_chunks),
        ("norms and covariances", linear::norms),
        ("laws of random numbers", linear::laws),
        ("shared work is done once", shared),
        ("scattered data", scattered),
        ("a deep expression", deep),
        ("memory decides the grid", memory),
        ("indexing", shapes::indexing),
        ("masks of more than a megabyte", shapes::large_masks),
        ("manipulating, sorting and counting", shapes::manipulated),
        ("what is drawn", shapes::evaluated),
        ("larger than memory", shapes::larger_than_memory),
        ("errors", errors),
    ]
}

fn digest(chunks: &[Chunk]) -> Vec<u8> {
    chunks.iter().flat_map(Chunk::digest_bytes).collect()
}

fn computed(engine: &dyn Engine, array: &Array) -> Chunk {
    let chunk = array.compute(engine).unwrap_or_else(|error| panic!("{array}: {error}"));
    assert_eq!(chunk.shape(), array.shape().unwrap());
    assert_eq!(chunk.dtype(), array.dtype().unwrap());
    assert_eq!(array.chunks().unwrap().shape(), chunk.shape());
    chunk
}

fn item(engine: &dyn Engine, array: &Array) -> f64 {
    computed(engine, array).item().unwrap()
}

/// The largest difference of two `float64` chunks of one shape.
fn distance(a: &Chunk, b: &Chunk) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let (a, b) = (a.values::<f64>().unwrap(), b.values::<f64>().unwrap());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn blog(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(5).random((10_000, 10, 10_000), 1000);
    let y = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1000]);
    let (u, s, vt) = y.svd();
    let evaluation = evaluate(engine, &[&u, &s, &vt]).unwrap();
    assert_eq!(evaluation.evaluated, 10_000, "of 10⁹");
    assert_eq!(evaluation.jobs, 1);
    let dense = computed(engine, &y);
    let expected = linalg::svd_thin(&dense).unwrap();
    assert!(evaluation.chunks[0].same_bits(&expected.0));
    assert!(evaluation.chunks[1].same_bits(&expected.1));
    assert!(evaluation.chunks[2].same_bits(&expected.2));
    // y[i, j] = x[j, i div 10000, i mod 10000].
    let direct = computed(engine, &x.slice(s![..1000, 0, ..10]).t());
    assert!(direct.same_bits(&dense));
    digest(&evaluation.chunks)
}

fn random_elements(engine: &dyn Engine) -> Vec<u8> {
    let all = computed(engine, &Generator::new(3).normal(1.0, 2.0, (50, 60), 60));
    for chunks in [(50, 1), (7, 11), (1, 60)] {
        assert!(computed(engine, &Generator::new(3).normal(1.0, 2.0, (50, 60), chunks)).same_bits(&all));
    }
    let part = computed(engine, &Generator::new(3).normal(1.0, 2.0, (50, 60), 13).slice(s![40..;-7, 5..50;3]));
    let expected = computed(engine, &Array::from_chunk(all.clone()).slice(s![40..;-7, 5..50;3]));
    assert!(part.same_bits(&expected));
    let random = Generator::new(3);
    random.random(1, 1);
    let second = computed(engine, &random.normal(1.0, 2.0, (50, 60), 13));
    assert!(!second.same_bits(&all), "the second array is another stream");
    digest(&[all, part, second])
}

fn tiny_chunks(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(9).integers(-5, 50, 10_000, 1);
    let sum = computed(engine, &x.sum(AllAxes));
    let dense = computed(engine, &x);
    assert_eq!(sum.item::<i64>().unwrap(), dense.values::<i64>().unwrap().iter().sum::<i64>());
    let text = x.sum(AllAxes).explain(engine.settings()).unwrap();
    assert!(text.contains("1 chunk(s) in 1 task(s)") && !text.contains("exchange"), "{text}");
    digest(&[sum, dense])
}

fn elementwise(engine: &dyn Engine) -> Vec<u8> {
    let random = Generator::new(1);
    let x = random.random((300, 400), (70, 90));
    let row = random.random(400, 33);
    let column = random.random((300, 1), 44);
    let y = ((&x + &row) * &column - 0.5).sin().maximum(&x / 3.0);
    let z = y.greater(0.25).choose(&y, -1.0);
    let got = computed(engine, &z);
    let (x, row, column) = (computed(engine, &x), computed(engine, &row), computed(engine, &column));
    let (x, row, column) = (x.values::<f64>().unwrap(), row.values::<f64>().unwrap(), column.values::<f64>().unwrap());
    let mut expected = vec![];
    for i in 0..300 {
        for j in 0..400 {
            let x = x[i * 400 + j];
            let sine = Chunk::scalar((x + row[j]) * column[i] - 0.5);
            let sine = phalanx_chunk::ufunc::Unary::Sin.apply(&sine).unwrap().item::<f64>().unwrap();
            let y = if sine > x / 3.0 { sine } else { x / 3.0 };
            expected.push(if y > 0.25 { y } else { -1.0 });
        }
    }
    assert_eq!(got.values::<f64>().unwrap(), expected);
    digest(&[got])
}

fn reductions(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(2).normal(3.0, 1.0, (1200, 1100), (400, 250));
    let dense = computed(engine, &x);
    let values = dense.values::<f64>().unwrap();
    let mut results = vec![];
    for reduction in [
        Reduction::Sum,
        Reduction::Mean,
        Reduction::Var { ddof: 1.0 },
        Reduction::Std { ddof: 0.0 },
        Reduction::Min,
        Reduction::Max,
        Reduction::Count,
        Reduction::Any,
        Reduction::All,
        Reduction::Argmin,
        Reduction::Argmax,
    ] {
        for axes in [None, Some(vec![0]), Some(vec![1])] {
            let lazy = x.reduce(reduction, axes.clone(), KeepDimensions::No);
            let got = computed(engine, &lazy).cast(DType::Float64);
            for (at, value) in got.values::<f64>().unwrap().iter().enumerate() {
                let line: Vec<f64> = match axes.as_deref() {
                    None => values.to_vec(),
                    Some([0]) => values.iter().skip(at).step_by(1100).copied().collect(),
                    _ => values[at * 1100..(at + 1) * 1100].to_vec(),
                };
                let expected = naive(reduction, &line);
                let error = (value - expected).abs() / expected.abs().max(1.0);
                assert!(error < 1e-12, "{} {axes:?} {at}: {value} is not {expected}", reduction.name());
            }
            results.push(got);
        }
    }
    digest(&results)
}

fn naive(reduction: Reduction, line: &[f64]) -> f64 {
    let count = line.len() as f64;
    let mean = line.iter().sum::<f64>() / count;
    let squares: f64 = line.iter().map(|value| (value - mean).powi(2)).sum();
    let position = |better: fn(f64, f64) -> bool| {
        let first = |best: usize, at: usize| if better(line[at], line[best]) { at } else { best };
        (0..line.len()).fold(0, first) as f64
    };
    match reduction {
        Reduction::Sum | Reduction::Nansum => line.iter().sum(),
        Reduction::Mean | Reduction::Nanmean => mean,
        Reduction::Var { ddof } | Reduction::Nanvar { ddof } => squares / (count - ddof),
        Reduction::Std { ddof } | Reduction::Nanstd { ddof } => (squares / (count - ddof)).sqrt(),
        Reduction::Min | Reduction::Nanmin => line.iter().copied().fold(f64::INFINITY, f64::min),
        Reduction::Max | Reduction::Nanmax => line.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reduction::Count => line.iter().filter(|value| **value != 0.0).count() as f64,
        Reduction::Any => f64::from(line.iter().any(|value| *value != 0.0)),
        Reduction::All => f64::from(line.iter().all(|value| *value != 0.0)),
        Reduction::Argmin | Reduction::Nanargmin => position(|a, b| a < b),
        Reduction::Argmax | Reduction::Nanargmax => position(|a, b| a > b),
        Reduction::Prod | Reduction::Nanprod => line.iter().product(),
    }
}

fn sliced_reduction(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(8).random((1000, 5000), 500);
    let whole = computed(engine, &x.mean(0));
    let evaluation = evaluate(engine, &[&x.mean(0).slice(s![7..27;2])]).unwrap();
    assert_eq!(evaluation.evaluated, 10_000, "ten columns of a thousand rows");
    let expected = computed(engine, &Array::from_chunk(whole.clone()).slice(s![7..27;2]));
    assert!(distance(&evaluation.chunks[0], &expected) < 1e-15);
    digest(&[whole, evaluation.chunks[0].clone()])
}

fn rechunked(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(4).random((600, 700), (100, 150)).exp();
    let dense = computed(engine, &x);
    let persisted = x.persist(engine).unwrap();
    assert_eq!(persisted.chunks().unwrap(), x.chunks().unwrap());
    let again = persisted.rechunk((90, 700)).persist(engine).unwrap();
    drop(persisted);
    assert!(computed(engine, &again).same_bits(&dense));
    assert_eq!(evaluate(engine, &[&again]).unwrap().evaluated, 0, "persisted data is not drawn again");
    // The same sums, wherever the chunks come from.
    let symmetric = |x: &Array| (x.slice(s![.., ..600]) + x.slice(s![.., ..600]).t()).mean(0);
    let pulled = computed(engine, &symmetric(&x));
    let kept = x.persist(engine).unwrap();
    assert!(computed(engine, &symmetric(&kept)).same_bits(&pulled));
    let parts = computed(engine, &again.slice(s![..;-97, 3..;41]));
    let expected = computed(engine, &x.slice(s![..;-97, 3..;41]));
    assert!(parts.same_bits(&expected));
    // Joined in another order, and cut where no chunk ends.
    let joined = concatenate(&[&kept.slice(s![333..]), &again.slice(s![..333])], 0);
    let back = concatenate(&[&joined.slice(s![267..]), &joined.slice(s![..267])], 0);
    assert!(computed(engine, &back).same_bits(&dense));
    digest(&[dense, pulled, parts])
}

fn products(engine: &dyn Engine) -> Vec<u8> {
    let random = Generator::new(6);
    let a = random.random((1500, 1300), (400, 300)).persist(engine).unwrap();
    let b = random.random((1300, 1100), (500, 350));
    let got = computed(engine, &a.matmul(&b));
    let expected = linalg::matmul(&computed(engine, &a), &computed(engine, &b)).unwrap();
    assert!(distance(&got, &expected) < 1e-10);
    // The left stays where it is: a small right side travels, and no exchange carries the left.
    let small = random.random((1300, 4), 1300).persist(engine).unwrap();
    let rows = random.random((2000, 1300), (250, 1300)).persist(engine).unwrap();
    let narrow = rows.matmul(&small);
    let text = narrow.explain(engine.settings()).unwrap();
    assert!(!text.contains("RepartitionExec"), "{text}");
    let narrow = computed(engine, &narrow);
    let gram = computed(engine, &rows.t().matmul(&rows));
    let dense = computed(engine, &rows);
    assert!(distance(&gram, &linalg::matmul(&dense.transpose(&[1, 0]).unwrap(), &dense).unwrap()) < 1e-9);
    digest(&[got, narrow, gram])
}

fn tall_svd(engine: &dyn Engine) -> Vec<u8> {
    let a = Generator::new(7).normal(0.0, 1.0, (120_000, 20), (9_000, 7));
    let (u, s, vt) = a.svd();
    assert_eq!((u.shape().unwrap(), vt.shape().unwrap()), (&[120_000, 20][..], &[20, 20][..]));
    let residual = (&a - (&u * &s).matmul(&vt)).norm() / a.norm();
    let orthogonality = (u.t().matmul(&u) - Array::eye(20, 20)).norm();
    let values = compute(engine, &[&s, &vt, &u.checksum(), &residual, &orthogonality]).unwrap();
    assert!(values[3].item::<f64>().unwrap() < 1e-14);
    assert!(values[4].item::<f64>().unwrap() < 1e-13);
    let expected = linalg::svd_thin(&computed(engine, &a)).unwrap();
    assert!(distance(&values[0], &expected.1) < 1e-10);
    assert!(distance(&values[1], &expected.2) < 1e-10);
    let dense = computed(engine, &u);
    assert!(distance(&dense, &expected.0) < 1e-10);
    // Computed alone, each part has the same bits.
    assert!(computed(engine, &s).same_bits(&values[0]));
    assert!(computed(engine, &u.checksum()).same_bits(&values[2]));
    let (q, r) = a.qr();
    let back = computed(engine, &(q.matmul(&r) - &a).abs().max(AllAxes));
    assert!(back.item::<f64>().unwrap() < 1e-12);
    let r = computed(engine, &r);
    let strictly_lower = (0..20).flat_map(|i| (0..i).map(move |j| i * 20 + j));
    assert!(strictly_lower.into_iter().all(|at| r.values::<f64>().unwrap()[at] == 0.0));
    digest(&[values, vec![dense, r]].concat())
}

fn wide_svd(engine: &dyn Engine) -> Vec<u8> {
    let a = Generator::new(17).random((12, 100_000), (12, 8_000));
    let (u, s, vt) = a.svd();
    assert_eq!((u.shape().unwrap(), vt.shape().unwrap()), (&[12, 12][..], &[12, 100_000][..]));
    let values = compute(engine, &[&u, &s, &vt]).unwrap();
    assert!(item(engine, &(&a - (&u * &s).matmul(&vt)).norm()) < 1e-11);
    digest(&values)
}

fn compressed_svd(engine: &dyn Engine) -> Vec<u8> {
    // Singular values 8, 4, 2, 1 in a matrix of 600 × 500, and nothing else.
    let (left, _) = Generator::new(1).normal(0.0, 1.0, (600, 4), 200).qr();
    let (right, _) = Generator::new(2).normal(0.0, 1.0, (500, 4), 200).qr();
    let a = (&left * Array::from_vec(4, vec![8.0, 4.0, 2.0, 1.0])).matmul(&right.t()).rechunk(150);
    let (u, s, vt) = a.svd_compressed(3, 1, 0);
    let values = compute(engine, &[&u, &s, &vt]).unwrap();
    assert!(distance(&values[1], &Chunk::vector(vec![8.0, 4.0, 2.0])) < 1e-12, "{:?}", values[1]);
    assert_eq!((values[0].shape(), values[2].shape()), (&[600, 3][..], &[3, 500][..]));
    digest(&values)
}

fn shared(engine: &dyn Engine) -> Vec<u8> {
    // The small mean is computed once, comes to the client, and travels inside of both plans.
    let x = Generator::new(11).random((3000, 400), (500, 400));
    let mean = x.mean(0);
    let (centred, scaled) = (&x - &mean, &x / &mean);
    let evaluation = evaluate(engine, &[&centred.square().sum(0), &scaled.max(AllAxes)]).unwrap();
    assert_eq!(evaluation.jobs, 3);
    assert_eq!(evaluation.evaluated, 3 * 3000 * 400);
    let variance = computed(engine, &(x.var(0) * 3000.0));
    assert!(distance(&evaluation.chunks[0], &variance) < 1e-9);
    digest(&evaluation.chunks)
}

fn scattered(engine: &dyn Engine) -> Vec<u8> {
    let values = computed(engine, &Generator::new(12).random((700, 300), 300));
    assert_eq!(Array::from_chunk(values.clone()).check().unwrap_err().kind(), ErrorKind::Input);
    let x = Array::scatter(engine, &values, 64).unwrap();
    assert!(computed(engine, &x).same_bits(&values));
    let means = computed(engine, &x.t().mean(1));
    assert!(distance(&means, &computed(engine, &Array::scatter(engine, &values, 300).unwrap().mean(0))) < 1e-15);
    digest(&[values, means])
}

fn deep(engine: &dyn Engine) -> Vec<u8> {
    // Fifty doublings are fifty nodes, not 2⁵⁰; and ten thousand operations do not overflow the stack.
    let mut y = Array::ones(10, 5);
    for _ in 0..50 {
        y = &y + &y;
    }
    assert_eq!(computed(engine, &y).values::<f64>().unwrap(), [2_f64.powi(50); 10]);
    let mut z = Array::arange(0, 4, 1, 2);
    for _ in 0..10_000 {
        z = z + 1;
    }
    let z = computed(engine, &z);
    assert_eq!(z.values::<i64>().unwrap(), [10_000, 10_001, 10_002, 10_003]);
    digest(&[z])
}

fn memory(engine: &dyn Engine) -> Vec<u8> {
    // A chunk of 2 GiB is more than a task may use: it is computed in smaller ones.
    let x = Array::full((16_384, 16_384), 1.0, 16_384);
    let y = (&x * 2.0).slice(s![..;16_383, ..;8_192]);
    let corner = computed(engine, &y);
    assert_eq!(corner.values::<f64>().unwrap(), [2.0; 4]);
    let text = (&x + 1.0).explain(engine.settings()).unwrap();
    assert!(!text.contains(" 1 chunk(s) in"), "{text}");
    // A decomposition in one piece can't be: it is refused, with both figures.
    let square = Generator::new(0).random((20_000, 4_000), (20_000, 4_000));
    let error = square.svd().1.compute(engine).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resources);
    assert!(error.message().contains(&engine.settings().task_memory_bytes.to_string()), "{error}");
    digest(&[corner])
}

fn errors(engine: &dyn Engine) -> Vec<u8> {
    let x = Array::ones((4, 6), 2);
    let input = |array: Array, text: &str| {
        let error = array.compute(engine).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{error}");
        assert!(error.message().contains(text) && error.hint().is_some(), "{error}");
    };
    input(&x + Array::ones(5, 5), "broadcast");
    input(x.sum(2), "axis 2 is out of range");
    input(x.reshape((5, 5)), "does not reshape");
    input(x.slice(s![7]), "index 7");
    input(x.slice(s![.., .., ..]), "but 3 were indexed");
    input(x.transpose(&[0, 0]), "name each");
    input(x.matmul(&x), "size 4 is different from 6");
    input(x.rechunk([2, 2, 2]), "3 chunk sizes");
    input(Array::ones((1 << 40, 1 << 40), Auto), "overflow");
    input(Array::zeros(10, 0), "chunk size of 0");
    input(concatenate(&[&x, &x.t()], 0), "along dimension 1");
    input(x.sum(9).exp().t() + 1.0, "axis 9");
    input(Array::ones((0, 3), 1).min(0), "zero-size array");
    input(Array::from_vec(3, vec![1_u8, 2, 3]) + 300, "300 out of bounds");
    input(Generator::new(0).normal(0.0, -1.0, 3, 3), "std");
    input(
        x.slice([Index::NewAxis]).matmul(&Array::ones((3, 6, 1), 2).sum(2).expand_dims(0)),
        "size 3 is different from 6",
    );
    input(x.inv(), "inv of a matrix of shape (4, 6)");
    input(x.solve(&x, Assume::General), "solve of a matrix");
    input(einsum("ij,jk", &[&x, &x]), "'j'");
    input(einsum("ij", &[&x, &x]), "1 terms for 2 operands");
    input(Generator::new(0).law(Law::Beta, &[1.0, -1.0], 3, 3), "beta: b must be");
    input(Generator::new(0).choice(3, Some(&[0.5, 0.4, 0.3]), 3, 3), "do not sum to 1");
    input(Generator::new(0).choice_without_replacement(3, None, 4, 4), "4 of 3");
    let text = format!("{}", x.exp());
    assert_eq!(text, "Array(exp, shape [4, 6], float64, chunks (2×2, 2×3))");
    vec![]
}
