use num_complex::Complex64;
use proptest::prelude::*;

use super::*;
use crate::random::{Distribution, generate};
use crate::span::whole;

fn gaussian(shape: &[usize], seed: u64) -> Chunk {
    generate(Distribution::Normal { mean: 0.0, std: 1.0 }, seed, 0, shape, &whole(shape)).unwrap()
}

/// By the definition.
fn slow(values: &[Complex64], n: usize, sign: f64) -> Vec<Complex64> {
    let term = |k: usize, (j, value): (usize, &Complex64)| {
        value * Complex64::from_polar(1.0, sign * std::f64::consts::TAU * (j * k % n) as f64 / n as f64)
    };
    (0..n).map(|k| values.iter().take(n).enumerate().map(|value| term(k, value)).sum()).collect()
}

fn close(a: &[Complex64], b: &[Complex64]) -> bool {
    let scale = b.iter().map(|v| v.norm()).fold(1.0, f64::max);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).norm() < 1e-12 * scale)
}

proptest! {
    #[test]
    fn transforms_are_their_definition(length in 1usize..40, n in 1usize..60, seed in any::<u64>()) {
        let (re, im) = (gaussian(&[length], seed), gaussian(&[length], seed ^ 1));
        let values: Vec<Complex64> = re.values::<f64>().unwrap().iter().zip(im.values::<f64>().unwrap())
            .map(|(&re, &im)| Complex64::new(re, im)).collect();
        let x = Chunk::vector(values.clone());
        let got = |t, x: &Chunk, norm| transform(t, x, 0, n, norm).unwrap().cast(DType::Complex128);
        let forward = got(Transform::Fft, &x, Norm::Backward);
        prop_assert!(close(forward.values().unwrap(), &slow(&values, n, -1.0)));
        let inverse = got(Transform::Ifft, &x, Norm::Forward);
        prop_assert!(close(inverse.values().unwrap(), &slow(&values, n, 1.0)));

        let reals: Vec<Complex64> = re.values::<f64>().unwrap().iter().map(|&re| re.into()).collect();
        let half = got(Transform::Rfft, &re, Norm::Backward);
        prop_assert!(close(half.values().unwrap(), &slow(&reals, n, -1.0)[..n / 2 + 1]));
        // There and back again.
        let back = transform(Transform::Irfft, &half, 0, n, Norm::Backward).unwrap();
        let mut filled = reals.clone();
        filled.resize(n, 0.0.into());
        prop_assert!(close(back.cast(DType::Complex128).values().unwrap(), &filled));
        let hermitian = transform(Transform::Ihfft, &re, 0, n, Norm::Ortho).unwrap();
        let back = transform(Transform::Hfft, &hermitian, 0, n, Norm::Ortho).unwrap();
        prop_assert!(close(back.cast(DType::Complex128).values().unwrap(), &filled));
    }
}

#[test]
fn any_axis_is_transformed_alone() {
    let x = gaussian(&[3, 4, 5], 1);
    for axis in 0..3 {
        let all = transform(Transform::Fft, &x, axis, 6, Norm::Backward).unwrap();
        assert_eq!(all.shape()[axis], 6);
        let mut region = whole(x.shape());
        for (at, span) in region.iter_mut().enumerate() {
            if at != axis {
                *span = crate::Span::range(1, 1);
            }
        }
        let line = x.region(&region).unwrap().reshape(&[x.shape()[axis]]).unwrap();
        let one = transform(Transform::Fft, &line, 0, 6, Norm::Backward).unwrap();
        region[axis] = crate::Span::all(6);
        assert!(all.region(&region).unwrap().reshape(&[6]).unwrap().same_bits(&one));
    }
}

#[test]
fn what_has_no_transform_is_refused() {
    let x = gaussian(&[4], 1);
    assert!(matches!(transform(Transform::Fft, &x, 0, 0, Norm::Backward), Err(Error::Value { .. })));
    assert!(matches!(transform(Transform::Fft, &x, 1, 4, Norm::Backward), Err(Error::Axis { .. })));
    assert!(matches!(
        transform(Transform::Rfft, &x.cast(DType::Complex64), 0, 4, Norm::Ortho),
        Err(Error::DType { .. })
    ));
    assert_eq!(
        transform(Transform::Fft, &x.cast(DType::Float32), 0, 4, Norm::Ortho).unwrap().dtype(),
        DType::Complex64
    );
    assert_eq!(Transform::Irfft.dtype(DType::Int32), Ok(DType::Float64));
    assert!(
        transform(Transform::Fft, &Chunk::zeros(DType::Float64, &[0, 3]).unwrap(), 1, 4, Norm::Ortho)
            .unwrap()
            .is_empty()
    );
}
