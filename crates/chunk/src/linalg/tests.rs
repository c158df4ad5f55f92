use num_complex::Complex64;
use proptest::prelude::*;

use super::*;
use crate::oracle::{cases, check, chunk, list};
use crate::random::{Distribution, generate};
use crate::span::{Span, whole};
use crate::ufunc::{Binary, Unary};
use crate::{Chunk, DType, Error};

fn gaussian(m: usize, n: usize, seed: u64) -> Chunk {
    generate(Distribution::Normal { mean: 0.0, std: 1.0 }, seed, 0, &[m, n], &whole(&[m, n])).unwrap()
}

fn identity(n: usize) -> Chunk {
    Chunk::new(&[n, n], (0..n * n).map(|i| f64::from(u8::from(i % (n + 1) == 0))).collect()).unwrap()
}

fn norm_of(a: &Chunk) -> f64 {
    norm(a).unwrap().cast(DType::Float64).item().unwrap()
}

/// `‖a − b‖ / max(‖b‖, 1)`.
fn distance(a: &Chunk, b: &Chunk) -> f64 {
    norm_of(&Binary::Subtract.apply(a, b).unwrap()) / norm_of(b).max(1.0)
}

fn transposed(a: &Chunk) -> Chunk {
    a.transpose(&[1, 0]).unwrap()
}

fn orthogonality(q: &Chunk) -> f64 {
    distance(&matmul(&transposed(q), q).unwrap(), &identity(q.shape()[1]))
}

fn scaled_columns(u: &Chunk, s: &Chunk) -> Chunk {
    let factors = s.reshape(&[1, s.len()]).unwrap().broadcast_to(u.shape()).unwrap();
    Binary::Multiply.apply(u, &factors).unwrap()
}

fn check_qr(a: &Chunk, tolerance: f64) {
    let (m, n) = (a.shape()[0], a.shape()[1]);
    let (q, r) = qr_thin(a).unwrap();
    assert_eq!((q.shape(), r.shape()), (&[m, m.min(n)][..], &[m.min(n), n][..]));
    assert!(distance(&matmul(&q, &r).unwrap(), a) < tolerance, "{a:?}");
    assert!(orthogonality(&q) < tolerance, "{a:?}");
    let r = r.cast(DType::Float64);
    let below = r.values::<f64>().unwrap().iter().enumerate().filter(|(i, _)| i % n < i / n);
    assert!(below.into_iter().all(|(_, &v)| v == 0.0));
    assert!(qr_r(a).unwrap().cast(DType::Float64).same_bits(&r));
}

fn check_svd(a: &Chunk, tolerance: f64) {
    let (m, n) = (a.shape()[0], a.shape()[1]);
    let k = m.min(n);
    let (u, s, vt) = svd_thin(a).unwrap();
    assert_eq!((u.shape(), s.shape(), vt.shape()), (&[m, k][..], &[k][..], &[k, n][..]));
    assert!(distance(&matmul(&scaled_columns(&u, &s), &vt).unwrap(), a) < tolerance, "{a:?}");
    assert!(orthogonality(&u) < tolerance && orthogonality(&transposed(&vt)) < tolerance, "{a:?}");
    let s64 = s.cast(DType::Float64);
    assert!(s64.values::<f64>().unwrap().is_sorted_by(|a, b| a >= b && *b >= 0.0));
    assert!(distance(&singular_values(a).unwrap(), &s) < tolerance);
    let (u2, vt2) = fix_signs(&u, &vt).unwrap();
    assert!(u2.same_bits(&u) && vt2.same_bits(&vt), "signs are fixed already");
}

#[test]
fn factors_of_all_aspect_ratios() {
    for (m, n) in [(1, 1), (1, 7), (7, 1), (5, 5), (40, 3), (3, 40), (130, 70), (70, 130), (200, 150)] {
        let a = gaussian(m, n, 1);
        check_qr(&a, 1e-13);
        check_svd(&a, 1e-13);
        check_qr(&a.cast(DType::Float32), 1e-5);
        check_svd(&a.cast(DType::Float32), 1e-5);
    }
}

#[test]
fn tall_factors_go_by_blocks_of_rows() {
    // 100 columns: blocks of 656 rows; 70,000 rows: 106 blocks, whose triangles are cut into blocks again.
    for (m, n) in [(1_967, 100), (1_968, 100), (5_000, 33), (70_000, 100), (200_001, 2), (100_000, 1)] {
        let a = gaussian(m, n, 2);
        check_qr(&a, 1e-12);
        check_svd(&a, 1e-12);
    }
}

#[test]
fn rank_deficient_and_empty_matrices() {
    let low = matmul(&gaussian(3000, 2, 3), &gaussian(2, 60, 4)).unwrap();
    check_qr(&low, 1e-13);
    check_svd(&low, 1e-13);
    let zero = Chunk::zeros(DType::Float64, &[2500, 40]).unwrap();
    check_qr(&zero, 1e-13);
    check_svd(&zero, 1e-13);
    for shape in [[0, 3], [3, 0], [0, 0]] {
        let empty = Chunk::zeros(DType::Float64, &shape).unwrap();
        let (q, r) = qr_thin(&empty).unwrap();
        assert_eq!((q.shape(), r.shape()), (&[shape[0], 0][..], &[0, shape[1]][..]));
        let (u, s, vt) = svd_thin(&empty).unwrap();
        assert_eq!((u.shape(), s.shape(), vt.shape()), (&[shape[0], 0][..], &[0][..], &[0, shape[1]][..]));
        assert!(singular_values(&empty).unwrap().is_empty());
    }
    assert_eq!(eigh(&Chunk::zeros(DType::Float64, &[0, 0]).unwrap()).unwrap().1.shape(), &[0, 0]);
}

#[test]
fn singular_values_are_those_of_numpy() {
    for case in list(&cases("linalg")["svd"]) {
        let (a, s) = (chunk(&case["a"]), chunk(&case["s"]));
        let largest = s.values::<f64>().unwrap()[0];
        check("svd", &svd_thin(&a).unwrap().1, &s, 1e-13, largest);
        check("singular_values", &singular_values(&a).unwrap(), &s, 1e-13, largest);
        check("norm", &norm(&a).unwrap(), &chunk(&case["norm"]), 1e-14, 0.0);
        check_svd(&a, 1e-13);
    }
}

#[test]
fn solutions_and_eigenvalues_are_those_of_numpy() {
    let file = cases("linalg");
    for case in list(&file["solve"]) {
        let (a, b, x) = (chunk(&case["a"]), chunk(&case["b"]), chunk(&case["x"]));
        check("solve", &solve(&a, &b).unwrap(), &x, 1e-10, 1.0);
        assert!(distance(&matmul(&a, &inverse(&a).unwrap()).unwrap(), &identity(a.shape()[0])) < 1e-11);
    }
    for case in list(&file["symmetric"]) {
        let a = chunk(&case["a"]);
        let l = cholesky(&a).unwrap();
        check("cholesky", &l, &chunk(&case["cholesky"]), 1e-12, 1.0);
        let (values, vectors) = eigh(&a).unwrap();
        check("eigh", &values, &chunk(&case["eigenvalues"]), 1e-12, 1.0);
        assert!(distance(&matmul(&a, &vectors).unwrap(), &scaled_columns(&vectors, &values)) < 1e-13);
        assert!(orthogonality(&vectors) < 1e-13);
        let b = gaussian(a.shape()[0], 2, 5);
        let x = solve_triangular(&l, &b, Triangle::Lower, Diagonal::Stored).unwrap();
        assert!(distance(&matmul(&l, &x).unwrap(), &b) < 1e-12);
        let x = solve_triangular(&transposed(&l), &b, Triangle::Upper, Diagonal::Stored).unwrap();
        assert!(distance(&matmul(&transposed(&l), &x).unwrap(), &b) < 1e-12);
    }
}

#[test]
fn products_are_those_of_numpy() {
    for case in list(&cases("linalg")["matmul"]) {
        let (a, b, c) = (chunk(&case["a"]), chunk(&case["b"]), chunk(&case["c"]));
        // Small integers: exact in every dtype.
        check(&format!("{a:?} by {b:?}"), &matmul(&a, &b).unwrap(), &c, 0.0, 0.0);
    }
    let mixed = matmul(&Chunk::vector(vec![2i32]), &Chunk::vector(vec![0.5f32])).unwrap();
    assert_eq!(mixed.item::<f64>(), Ok(1.0));
    let nothing =
        matmul(&Chunk::zeros(DType::Float32, &[2, 0]).unwrap(), &Chunk::zeros(DType::Float32, &[0, 3]).unwrap());
    assert_eq!(nothing.unwrap().values::<f32>().unwrap(), &[0.0; 6]);
}

#[test]
fn stacks_broadcast() {
    let a = gaussian(24, 3, 1).reshape(&[2, 1, 12, 3]).unwrap();
    let b = gaussian(30, 2, 2).reshape(&[5, 3, 4]).unwrap();
    let c = matmul(&a, &b).unwrap();
    assert_eq!(c.shape(), &[2, 5, 12, 4]);
    for i in 0..2 {
        for j in 0..5 {
            let at = |i, n| Span::range(i, n);
            let a = a.region(&[at(i, 1), at(0, 1), at(0, 12), at(0, 3)]).unwrap().reshape(&[12, 3]).unwrap();
            let b = b.region(&[at(j, 1), at(0, 3), at(0, 4)]).unwrap().reshape(&[3, 4]).unwrap();
            let c = c.region(&[at(i, 1), at(j, 1), at(0, 12), at(0, 4)]).unwrap().reshape(&[12, 4]).unwrap();
            assert!(matmul(&a, &b).unwrap().same_bits(&c));
        }
    }
    assert_eq!(matmul(&Chunk::vector(vec![1.0; 3]), &b).unwrap().shape(), &[5, 4]);
    assert_eq!(matmul(&a, &Chunk::vector(vec![1.0; 3])).unwrap().shape(), &[2, 1, 12]);
}

#[test]
fn matrices_without_an_answer_are_refused() {
    let matrix = |values: [f64; 4]| Chunk::new(&[2, 2], values.to_vec()).unwrap();
    let refused = |result: crate::Result<Chunk>| assert!(matches!(result, Err(Error::Matrix { .. })), "{result:?}");
    let b = Chunk::vector(vec![1.0, 2.0]);
    refused(solve(&matrix([1.0, 2.0, 2.0, 4.0]), &b));
    refused(inverse(&matrix([0.0; 4])));
    refused(solve_triangular(&matrix([1.0, 5.0, 5.0, 0.0]), &b, Triangle::Lower, Diagonal::Stored));
    refused(cholesky(&matrix([1.0, 2.0, 2.0, 1.0])));
    refused(cholesky(&matrix([f64::NAN, 0.0, 0.0, 1.0])));
    refused(cholesky(&matrix([0.0; 4])));
    refused(singular_values(&matrix([1.0, f64::NAN, 0.0, 1.0])));
    refused(svd_thin(&matrix([1.0, f64::INFINITY, 0.0, 1.0])).map(|(u, _, _)| u));
    refused(eigh(&matrix([f64::NAN, 0.0, 0.0, 1.0])).map(|(s, _)| s));
    let message = solve(&matrix([1.0, 2.0, 2.0, 4.0]), &b).unwrap_err().to_string();
    assert_eq!(message, "solve: the 2 x 2 matrix is singular: pivot 1 is zero");
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let (a, b) = (gaussian(3, 2, 1), gaussian(3, 2, 2));
    let refused = |result: crate::Result<Chunk>| assert!(matches!(result, Err(Error::Shape { .. })), "{result:?}");
    refused(matmul(&a, &b));
    refused(matmul(&a, &Chunk::scalar(1.0)));
    refused(matmul(
        &Chunk::zeros(DType::Float64, &[2, 1, 3]).unwrap(),
        &Chunk::zeros(DType::Float64, &[3, 3, 2]).unwrap(),
    ));
    refused(solve(&a, &b));
    refused(solve(&identity(2), &b));
    refused(cholesky(&a));
    refused(eigh(&a).map(|(s, _)| s));
    refused(qr_r(&Chunk::vector(vec![1.0])));
    refused(fix_signs(&a, &b).map(|(u, _)| u));
    assert!(matches!(fix_signs(&a, &gaussian(2, 2, 1).cast(DType::Float32)), Err(Error::DType { .. })));
}

#[test]
fn signs_follow_the_first_largest_entry() {
    let u = Chunk::new(&[1, 3], vec![1.0, 2.0, 3.0]).unwrap();
    let vt = Chunk::new(&[3, 2], vec![-0.5, 0.5, 0.5, -0.5, 0.0, -1.0]).unwrap();
    let (u, vt) = fix_signs(&u, &vt).unwrap();
    assert_eq!(vt.values::<f64>().unwrap(), &[0.5, -0.5, 0.5, -0.5, 0.0, 1.0]);
    assert_eq!(u.values::<f64>().unwrap(), &[-1.0, 2.0, -3.0]);
}

#[test]
fn triangular_factors_multiply_to_the_matrix() {
    for (m, n) in [(1, 1), (5, 5), (40, 17), (17, 40), (130, 130), (0, 0)] {
        let a = gaussian(m, n, 3);
        let (p, l, u) = lu(&a).unwrap();
        assert_eq!((p.shape(), l.shape(), u.shape()), (&[m, m][..], &[m, m.min(n)][..], &[m.min(n), n][..]));
        assert!(distance(&matmul(&p, &matmul(&l, &u).unwrap()).unwrap(), &a) < 1e-13);
        let largest = l.values::<f64>().unwrap().iter().fold(0.0f64, |a, b| a.max(b.abs()));
        assert!(largest <= 1.0, "rows are pivoted");
    }
    let a = Chunk::new(&[3, 3], vec![0.0, 2.0, 1.0, 1.0, 0.0, 0.0, 3.0, 0.0, -4.0]).unwrap();
    assert!((determinant(&a).unwrap().item::<f64>().unwrap() - 8.0).abs() < 1e-14);
    let (sign, logarithm) = log_determinant(&a).unwrap();
    assert_eq!(sign.item::<f64>(), Ok(1.0));
    assert!((logarithm.item::<f64>().unwrap() - 8f64.ln()).abs() < 1e-15);
    let (sign, logarithm) = log_determinant(&Chunk::zeros(DType::Float64, &[2, 2]).unwrap()).unwrap();
    assert_eq!((sign.item::<f64>(), logarithm.item::<f64>()), (Ok(0.0), Ok(f64::NEG_INFINITY)));
    let singular = matmul(&gaussian(7, 3, 8).cast(DType::Int64), &gaussian(3, 7, 9).cast(DType::Int64)).unwrap();
    let (p, l, u) = lu(&singular).unwrap();
    assert!(distance(&matmul(&p, &matmul(&l, &u).unwrap()).unwrap(), &singular.cast(DType::Float64)) < 1e-13);
    let (p, l, u) = lu(&Chunk::zeros(DType::Float64, &[3, 4]).unwrap()).unwrap();
    assert!(p.same_bits(&l) && l.same_bits(&identity(3)) && norm_of(&u) == 0.0);
}

#[test]
fn positive_definite_and_unit_triangular_systems_are_solved() {
    let g = gaussian(30, 30, 4);
    let a = Binary::Add.apply(&matmul(&g, &transposed(&g)).unwrap(), &identity(30)).unwrap();
    let b = gaussian(30, 3, 5);
    assert!(distance(&solve_positive(&a, &b).unwrap(), &solve(&a, &b).unwrap()) < 1e-11);
    assert!(matches!(solve_positive(&g, &b), Err(Error::Matrix { .. })));
    let (_, l, _) = lu(&a).unwrap();
    let x = solve_triangular(&l, &b, Triangle::Lower, Diagonal::Unit).unwrap();
    assert!(distance(&matmul(&l, &x).unwrap(), &b) < 1e-12);
    assert!(distance(&eigenvalues(&a).unwrap(), &eigh(&a).unwrap().0) < 1e-13);
}

/// The same values at another address.
fn moved(a: &Chunk, offset: usize) -> Chunk {
    let mut values = vec![0.0; offset];
    values.extend_from_slice(a.values::<f64>().unwrap());
    let shifted = Chunk::vector(values).region(&[Span::range(offset, a.len())]).unwrap();
    shifted.reshape(a.shape()).unwrap()
}

#[test]
fn bits_do_not_depend_on_addresses() {
    for (m, n) in [(1, 50), (50, 1), (3, 3), (33, 17), (300, 40), (130, 131)] {
        let (a, b) = (gaussian(m, n, 6), gaussian(n, m, 7));
        let square = matmul(&a, &transposed(&a)).unwrap();
        for offset in 1..8 {
            let (a2, b2) = (moved(&a, offset), moved(&b, 8 - offset));
            assert!(matmul(&a2, &b2).unwrap().same_bits(&matmul(&a, &b).unwrap()), "{m} x {n} matmul");
            assert!(qr_thin(&a2).unwrap().0.same_bits(&qr_thin(&a).unwrap().0), "{m} x {n} qr");
            assert!(svd_thin(&a2).unwrap().0.same_bits(&svd_thin(&a).unwrap().0), "{m} x {n} svd");
            let square2 = moved(&square, offset);
            assert!(eigh(&square2).unwrap().1.same_bits(&eigh(&square).unwrap().1), "{m} eigh");
            let shifted = Binary::Add.apply(&square, &identity(m)).unwrap();
            let right = gaussian(m, 3, 8);
            let x = |s: &Chunk, b: &Chunk| (solve(s, b).unwrap(), cholesky(s).unwrap());
            let (p, q) = (x(&shifted, &right), x(&moved(&shifted, offset), &moved(&right, offset)));
            assert!(p.0.same_bits(&q.0) && p.1.same_bits(&q.1), "{m} solve");
            assert!(norm(&a2).unwrap().same_bits(&norm(&a).unwrap()));
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let a = gaussian(700, 90, 9);
    let expected = svd_thin(&a).unwrap().0;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(svd_thin(&a).unwrap().0.same_bits(&expected)));
        }
    });
}

proptest! {
    #[test]
    fn products_are_sums_of_products(m in 1usize..40, k in 1usize..40, n in 1usize..40, seed in any::<u64>()) {
        let d = Distribution::Integers { low: -50, high: 50 };
        let of = |shape: &[usize], stream| generate(d, seed, stream, shape, &whole(shape)).unwrap();
        let (a, b) = (of(&[m, k], 0), of(&[k, n], 1));
        let c = matmul(&a, &b).unwrap();
        for (i, &c) in c.values::<i64>().unwrap().iter().enumerate() {
            let (a, b) = (a.values::<i64>().unwrap(), b.values::<i64>().unwrap());
            prop_assert_eq!(c, (0..k).map(|l| a[i / n * k + l] * b[l * n + i % n]).sum::<i64>());
        }
        for dtype in [DType::Float64, DType::Float32] {
            // Small integers are exact, so the kernels of floats must agree to the bit.
            let product = matmul(&a.cast(dtype), &b.cast(dtype)).unwrap();
            prop_assert!(Unary::Absolute.apply(&product).unwrap().same_bits(&Unary::Absolute.apply(&c.cast(dtype)).unwrap()));
        }
    }

    #[test]
    fn random_matrices_factor(m in 1usize..60, n in 1usize..60, seed in any::<u64>()) {
        check_qr(&gaussian(m, n, seed), 1e-13);
        check_svd(&gaussian(m, n, seed), 1e-13);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A part of a product has the bits of the whole: kernels for vectors, small and large matrices sum alike.
    #[test]
    fn parts_of_products_are_as_the_whole(
        (m, n) in (1_usize..60, 1_usize..60),
        k in prop_oneof![1_usize..40, 500..1100_usize],
        cut in prop::array::uniform4(0.0..1.0_f64),
        dtype in prop::sample::select(vec![DType::Float64, DType::Float32, DType::Complex64, DType::Complex128]),
    ) {
        let part = |length: usize, from: f64, to: f64| {
            let start = (from * length as f64) as usize;
            Span::range(start, 1 + (to * (length - start - 1) as f64) as usize)
        };
        let (rows, columns) = (part(m, cut[0], cut[1]), part(n, cut[2], cut[3]));
        let factor = |m, n, seed| {
            let part = |seed| gaussian(m, n, seed).cast(dtype);
            if !dtype.is_complex() {
                return part(seed);
            }
            let turned = Binary::Multiply.apply(&part(seed + 1), &Chunk::scalar(Complex64::I).cast(dtype)).unwrap();
            Binary::Add.apply(&part(seed), &turned).unwrap()
        };
        let (a, b) = (factor(m, k, 1), factor(k, n, 3));
        let whole_product = matmul(&a, &b).unwrap().region(&[rows, columns]).unwrap();
        let inner = Span::range(0, k);
        let part = matmul(&a.region(&[rows, inner]).unwrap(), &b.region(&[inner, columns]).unwrap()).unwrap();
        prop_assert_eq!(part.bytes(), whole_product.bytes());
    }
}
