//! Linear algebra and laws of random numbers, against what defines them; the oracles of Python's suite are NumPy and
//! SciPy.

use super::{computed, digest, distance, item};
use phalanx_array::linalg::{Assume, NormOrder, Side, Variables, einsum};
use phalanx_array::random::{Generator, Law};
use phalanx_array::{AllAxes, Array, KeepDimensions, compute, s};
use phalanx_chunk::linalg::{self, Diagonal};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::Engine;

pub fn products(engine: &dyn Engine) -> Vec<u8> {
    let random = Generator::new(21);
    let a = random.integers(-9, 9, (6, 1, 70, 40), [4, 1, 30, 17]);
    let b = random.integers(-9, 9, (5, 40, 50), (2, 40, 33));
    let stacked = computed(engine, &a.matmul(&b));
    assert!(stacked.same_bits(&linalg::matmul(&computed(engine, &a), &computed(engine, &b)).unwrap()));
    let same = computed(engine, &einsum("a...ij,bjk->abik", &[&a.slice(s![.., 0]), &b]));
    assert!(same.same_bits(&stacked));

    let x = random.integers(-9, 9, (30, 30), 7);
    let y = random.integers(-9, 9, (30, 20, 4), 8);
    let trace = computed(engine, &einsum("ii", &[&x]));
    let diagonal = computed(engine, &einsum("ii->i", &[&x]));
    let dense = computed(engine, &x);
    let expected: Vec<i64> = (0..30).map(|i| dense.values::<i64>().unwrap()[31 * i]).collect();
    assert_eq!(diagonal.values::<i64>().unwrap(), expected);
    assert_eq!(trace.item::<i64>().unwrap(), expected.iter().sum::<i64>());
    let chain = computed(engine, &einsum("ij,jkl,lm->km", &[&x, &y, &random.integers(-3, 3, (4, 9), 3)]));
    let outer = computed(engine, &einsum("i,j", &[&x.slice(s![0]), &x.slice(s![1])]));
    assert!(outer.same_bits(&computed(engine, &x.slice(s![0]).outer(&x.slice(s![1])))));
    let power = computed(engine, &x.matrix_power(5));
    let by_hand = x.matmul(&x).matmul(&x).matmul(&x).matmul(&x);
    assert!(power.same_bits(&computed(engine, &by_hand)));
    let kron = computed(engine, &x.slice(s![..2, ..3]).kron(&x.slice(s![..4, ..5])));
    assert_eq!(kron.shape(), [8, 15]);
    digest(&[stacked, trace, diagonal, chain, outer, power, kron])
}

pub fn factors(engine: &dyn Engine) -> Vec<u8> {
    let random = Generator::new(22);
    let g = random.normal(0.0, 1.0, (60, 60), (25, 17));
    let a = g.matmul(&g.t()) + Array::eye(60, 13);
    let b = random.normal(0.0, 1.0, (60, 3), (11, 2));
    let (p, l, u) = g.lu();
    let lower = a.cholesky(Side::Lower);
    let upper = a.cholesky(Side::Upper);
    let (values, vectors) = a.eigh(Side::Upper);
    let x = g.solve(&b, Assume::General);
    let (sign, logarithm) = a.slogdet();
    let wide = random.normal(0.0, 1.0, (30, 60), 11);
    let (least, residuals, rank, _) = g.slice(s![.., ..7]).lstsq(&b, None);
    let gradient = g.slice(s![.., ..7]).t().matmul(&(g.slice(s![.., ..7]).matmul(&least) - &b));
    let zeros = [
        p.matmul(&l).matmul(&u) - &g,
        lower.matmul(&lower.t()) - &a,
        upper.t().matmul(&upper) - &a,
        a.matmul(&vectors) - &vectors * &values,
        g.matmul(&x) - &b,
        a.matmul(&a.solve(&b, Assume::PositiveDefinite)) - &b,
        lower.matmul(&lower.solve_triangular(&b, Side::Lower, Diagonal::Stored)) - &b,
        u.matmul(&u.solve_triangular(&b, Side::Upper, Diagonal::Stored)) - &b,
        g.matmul(&g.inv()) - Array::eye(60, 60),
        a.eigvalsh(Side::Lower) - &values,
        values.log().sum(AllAxes) - &logarithm,
        wide.matmul(&wide.pinv(1e-15)).matmul(&wide) - &wide,
        gradient,
    ];
    for (number, zero) in zeros.iter().enumerate() {
        let error = item(engine, &zero.abs().max(AllAxes));
        assert!(error < 1e-10, "{number}: {error}");
    }
    assert_eq!(item(engine, &sign), 1.0);
    assert_eq!(computed(engine, &rank).item::<i64>().unwrap(), 7);
    assert_eq!(computed(engine, &wide.matrix_rank(None)).item::<i64>().unwrap(), 30);
    assert_eq!(residuals.shape().unwrap(), [3]);
    let singular = Array::ones((4, 4), 2).inv().compute(engine).unwrap_err();
    assert!(singular.message().contains("singular"), "{singular}");
    digest(&compute(engine, &[&p, &l, &u, &lower, &vectors, &x, &logarithm, &least, &residuals]).unwrap())
}

pub fn any_chunks(engine: &dyn Engine) -> Vec<u8> {
    let mut all = vec![];
    for (shape, chunks) in [
        ((9000, 120), (700, 120)),
        ((9000, 120), (9000, 11)),
        ((120, 9000), (50, 300)),
        ((700_000, 2), (700_000, 1)),
        ((40, 50_000), (7, 9_000)),
    ] {
        let a = Generator::new(23).normal(0.0, 1.0, shape, chunks);
        let (q, r) = a.qr();
        let (u, s, vt) = a.svd();
        let rank = shape.0.min(shape.1);
        assert_eq!((q.shape().unwrap(), r.shape().unwrap()), (&[shape.0, rank][..], &[rank, shape.1][..]));
        let short = q.t().matmul(&q) - Array::eye(rank, rank);
        let residual = (q.matmul(&r) - &a).abs().max(AllAxes);
        assert!(item(engine, &short.abs().max(AllAxes)) < 1e-12 && item(engine, &residual) < 1e-11, "{shape:?}");
        let residual = ((&u * &s).matmul(&vt) - &a).abs().max(AllAxes);
        assert!(item(engine, &residual) < 1e-10, "{shape:?} {chunks:?}");
        let alone = computed(engine, &a.svdvals());
        let s = computed(engine, &s);
        assert!(distance(&alone, &s) < 1e-10 * s.values::<f64>().unwrap()[0]);
        all.push(s);
    }
    digest(&all)
}

pub fn norms(engine: &dyn Engine) -> Vec<u8> {
    let x = Generator::new(24).integers(-9, 10, (40, 30), (11, 7)).astype(DType::Float64);
    let dense = computed(engine, &x);
    let rows: Vec<&[f64]> = dense.values::<f64>().unwrap().chunks(30).collect();
    let norm = |order, axes: Option<Vec<isize>>| x.norm_by(order, axes, KeepDimensions::No);
    let of_rows = computed(engine, &norm(NormOrder::Number(f64::INFINITY), None));
    let expected = rows.iter().map(|row| row.iter().map(|v| v.abs()).sum::<f64>()).fold(0.0, f64::max);
    assert_eq!(of_rows.item::<f64>(), Ok(expected));
    let each = computed(engine, &norm(NormOrder::Number(3.0), Some(vec![1])));
    for (row, &norm) in rows.iter().zip(each.values::<f64>().unwrap()) {
        assert!((row.iter().map(|v| v.abs().powi(3)).sum::<f64>().cbrt() - norm).abs() < 1e-12 * norm);
    }
    let nuclear = item(engine, &norm(NormOrder::Nuclear, None));
    let sum: f64 = linalg::singular_values(&dense).unwrap().values::<f64>().unwrap().iter().sum();
    assert!((nuclear - sum).abs() < 1e-10);

    let covariance = computed(engine, &x.cov(None, Variables::Columns, 1.0));
    let correlation = computed(engine, &x.corrcoef(None, Variables::Columns));
    let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<f64>>();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / 40.0;
    let (a, b) = (column(2), column(5));
    let (ma, mb) = (mean(&a), mean(&b));
    let expected = a.iter().zip(&b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>() / 39.0;
    assert!((covariance.values::<f64>().unwrap()[2 * 30 + 5] - expected).abs() < 1e-12);
    assert!((correlation.values::<f64>().unwrap()[31 * 4] - 1.0).abs() < 1e-14);
    digest(&[of_rows, each, covariance, correlation])
}

pub fn laws(engine: &dyn Engine) -> Vec<u8> {
    let mut all = vec![];
    for &law in Law::ALL {
        let parameters = match law {
            Law::Triangular => vec![-1.0, 0.0, 2.0],
            Law::Hypergeometric => vec![30.0, 20.0, 15.0],
            Law::Binomial => vec![40.0, 0.5],
            _ => vec![if law == Law::Zipf { 2.5 } else { 0.5 }; law.parameters().len()],
        };
        let of = |chunks: usize| Generator::new(25).law(law, &parameters, (40, 30), chunks);
        let one = computed(engine, &of(40));
        assert!(computed(engine, &of(7)).same_bits(&one), "{law:?}");
        let rows: Vec<Array> = parameters.iter().map(|&p| Array::full((40, 1), p, 9)).collect();
        let with = Generator::new(25).law_with(law, &rows.iter().collect::<Vec<_>>(), (40, 30), 11);
        assert!(computed(engine, &with).same_bits(&one), "{law:?}");
        all.push(one);
    }
    let random = || Generator::new(26);
    let order = computed(engine, &random().permutation(100_000, 30_000));
    let mut sorted = order.values::<i64>().unwrap().to_vec();
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(0..100_000));
    let few = computed(engine, &random().choice_without_replacement(100_000, None, 5, 2));
    assert_eq!(few.values::<i64>().unwrap(), &order.values::<i64>().unwrap()[..5]);
    let heavy = computed(engine, &random().choice_without_replacement(3, Some(&[0.0, 0.5, 0.5]), 2, 2));
    assert!(!heavy.values::<i64>().unwrap().contains(&0));
    let counts = computed(engine, &random().multinomial(20, &[0.2, 0.3, 0.5], (50, 4), 13));
    assert_eq!(counts.shape(), [50, 4, 3]);
    assert!(counts.values::<i64>().unwrap().chunks(3).all(|row| row.iter().sum::<i64>() == 20));
    let table = Array::from_chunk(Chunk::vector(vec![5i64, 7, 11]));
    let drawn = computed(engine, &table.take_by(&random().choice(3, Some(&[0.25, 0.25, 0.5]), (9, 9), 4), 0));
    assert!(drawn.values::<i64>().unwrap().iter().all(|v| [5, 7, 11].contains(v)));
    let rows = computed(engine, &random().shuffled(&Array::arange(0, 12, 1, 5).reshape((6, 2))));
    assert!(rows.values::<i64>().unwrap().chunks(2).all(|row| row[0] + 1 == row[1]));
    all.extend([order, few, heavy, counts, drawn, rows]);
    digest(&all)
}
