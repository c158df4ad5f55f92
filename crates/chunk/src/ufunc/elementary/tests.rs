//! Against `libm`, alone and in vectors.

use super::*;
use crate::ufunc::operand::Operand;

/// The distance in units of the last place of `expected`.
fn ulps(got: f64, expected: f64) -> f64 {
    if got == expected || got.is_nan() && expected.is_nan() {
        return 0.0;
    }
    let next = f64::from_bits(expected.abs().to_bits() + 1) - expected.abs();
    (got - expected).abs() / next
}

fn arguments(low: f64, high: f64) -> Vec<f64> {
    (0..200_000).map(|i| low + (high - low) * (f64::from(i) + 0.37) / 200_000.0).collect()
}

/// `libm` itself is off by up to one unit.
fn close<E: Elementary>(name: &str, ranges: &[(f64, f64)], limit: f64, oracle: fn(f64) -> f64) {
    let edges = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        5e-324,
        -5e-324,
        1e-310,
        f64::MAX,
        f64::MIN,
        1e-300,
        1e300,
        709.78,
        709.79,
        -745.1,
        -745.2,
        1024.0,
        -1074.0,
        -1075.5,
        1e6,
        1e22,
        1.0 + f64::EPSILON,
    ];
    let mut x: Vec<f64> = edges.to_vec();
    ranges.iter().for_each(|&(low, high)| x.extend(arguments(low, high)));
    for (i, (&x, &got)) in x.iter().zip(&values::<E, f64>(&x)).enumerate() {
        assert_eq!(
            got.to_bits() & !(u64::from(got.is_nan()) << 63),
            value::<E>(x).to_bits() & !(u64::from(got.is_nan()) << 63),
            "{name}({x:e}), number {i}, alone and among others"
        );
        let expected = oracle(x);
        assert!(ulps(got, expected) <= limit, "{name}({x:e}) is {got:e}, not {expected:e}");
        assert_eq!(
            got.is_sign_negative() && got == 0.0,
            expected.is_sign_negative() && expected == 0.0,
            "{name}({x:e})"
        );
    }
}

#[test]
fn functions_are_within_two_units_of_libm() {
    close::<Exp>("exp", &[(-750.0, 715.0), (-1.0, 1.0)], 2.0, libm::exp);
    close::<Exp2>("exp2", &[(-1080.0, 1030.0), (-1.0, 1.0)], 2.0, libm::exp2);
    close::<Expm1>("expm1", &[(-50.0, 710.0), (-1.0, 1.0), (-1e-9, 1e-9)], 2.0, libm::expm1);
    close::<Log>("log", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9), (0.0, 1e-307)], 2.0, libm::log);
    close::<Log2>("log2", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9)], 2.0, libm::log2);
    close::<Log10>("log10", &[(0.0, 2.0), (0.9, 1.1), (1.0, 1e9)], 2.0, libm::log10);
    close::<Sin>("sin", &[(-10.0, 10.0), (-1e6, 1e6), (1e6, 1e9), (3.1, 3.2)], 2.0, libm::sin);
    close::<Tan>("tan", &[(-10.0, 10.0), (-1e6, 1e6), (1e6, 1e9), (1.5, 1.6)], 2.5, libm::tan);
    close::<Tanh>("tanh", &[(-25.0, 25.0), (-1.1, 1.1), (-1e-9, 1e-9)], 3.0, libm::tanh);
    close::<Sinh>("sinh", &[(-720.0, 720.0), (-1.1, 1.1), (-1e-9, 1e-9)], 3.0, libm::sinh);
    close::<Cosh>("cosh", &[(-720.0, 720.0), (-1.1, 1.1)], 3.0, libm::cosh);
    close::<Log1p>("log1p", &[(-1.0, 2.0), (-1e-3, 1e-3), (-1e-9, 1e-9), (1.0, 1e17)], 2.0, libm::log1p);
    close::<Cos>("cos", &[(-10.0, 10.0), (-1e6, 1e6), (1e6, 1e9), (1.5, 1.6)], 2.0, libm::cos);
}

#[test]
fn powers_are_within_two_units_of_libm() {
    let bases = arguments(0.001, 50.0);
    for exponent in [-300.5, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0, 3.0, 10.1, 100.0, 170.0] {
        let got = powers(Operand::Values(&bases), Operand::Scalar(exponent), bases.len());
        for (&x, &got) in bases.iter().zip(&got) {
            assert_eq!(got.to_bits(), pow(x, exponent).to_bits());
            let expected = libm::pow(x, exponent);
            assert!(ulps(got, expected) <= 2.0, "{x:e} to the power {exponent} is {got:e}, not {expected:e}");
        }
    }
    let edges =
        [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 1e300, 1e-300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for x in edges {
        for y in edges {
            assert!(ulps(pow(x, y), libm::pow(x, y)) <= 1.0, "{x:e} to the power {y:e}");
        }
    }
}
