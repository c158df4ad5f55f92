//! Reads what NumPy and SciPy answered (`tests/oracle`, beside the script that made it). Tests only.

use serde_json::Value;

use crate::ufunc::Unary;
use crate::{Chunk, Complex64, DType};

/// The cases of one file.
pub fn cases(name: &str) -> Value {
    let path = format!("{}/tests/oracle/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].take()
}

pub fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub fn indices(value: &Value) -> Vec<usize> {
    list(value).iter().map(|v| v.as_u64().unwrap() as usize).collect()
}

pub fn dtype(numpy: &str) -> DType {
    numpy.parse().unwrap()
}

/// An array.
pub fn chunk(value: &Value) -> Chunk {
    let shape = indices(&value["shape"]);
    let words = || list(&value["values"]).iter().map(text);
    match dtype(text(&value["dtype"])) {
        complex @ (DType::Complex64 | DType::Complex128) => {
            let parts = |w: &str| {
                let (re, im) = w.split_once(' ').unwrap();
                Complex64::new(re.parse().unwrap(), im.parse().unwrap())
            };
            Chunk::new(&shape, words().map(parts).collect()).unwrap().cast(complex)
        }
        DType::Float32 => Chunk::new(&shape, words().map(|w| w.parse::<f64>().unwrap() as f32).collect()).unwrap(),
        DType::Float64 => Chunk::new(&shape, words().map(|w| w.parse::<f64>().unwrap()).collect()).unwrap(),
        dtype => {
            let wrapped: Vec<i64> = words().map(|w| w.parse::<i128>().unwrap() as i64).collect();
            Chunk::new(&shape, wrapped).unwrap().cast(dtype)
        }
    }
}

/// Checks dtype, shape and values: exact for integers; floats within `tolerance`, relative to the larger of the
/// value and `scale`, with the same NaN, infinities and (if the tolerance is zero) signs of zero.
pub fn check(what: &str, got: &Chunk, expected: &Chunk, tolerance: f64, scale: f64) {
    if let Some(difference) = difference(got, expected, tolerance, scale) {
        panic!("{what}: {difference}");
    }
}

/// What [`check`] complains of.
pub fn difference(got: &Chunk, expected: &Chunk, tolerance: f64, scale: f64) -> Option<String> {
    if (got.dtype(), got.shape()) != (expected.dtype(), expected.shape()) {
        return Some(format!("{got:?} is not {expected:?}"));
    }
    if got.dtype().is_complex() {
        // The error is relative to the modulus.
        let parts = |chunk: &Chunk| [Unary::Real, Unary::Imag].map(|part| part.apply(chunk).unwrap());
        let moduli = Unary::Absolute.apply(expected).unwrap().cast(DType::Float64);
        let nan = |chunk: &Chunk| Unary::Isnan.apply(chunk).unwrap();
        let (nan_got, nan_expected) = (nan(got), nan(expected));
        if !nan_got.same_bits(&nan_expected) {
            return Some(format!("{got:?} is not {expected:?}"));
        }
        for (got, expected) in parts(got).iter().zip(&parts(expected)) {
            // Which part of a NaN is NaN, and what the other one is, says nothing.
            for i in (0..got.len()).filter(|&i| !nan_got.values::<bool>().unwrap()[i]) {
                let at = |c: &Chunk| c.reshape(&[c.len()]).unwrap().region(&[crate::Span::range(i, 1)]).unwrap();
                let modulus = moduli.values::<f64>().unwrap()[i];
                let scale = if modulus.is_finite() { modulus.max(scale) } else { scale };
                if let Some(found) = difference(&at(got), &at(expected), tolerance, scale) {
                    return Some(format!("{found} (a part of complex number {i}, {modulus:e} in size)"));
                }
            }
        }
        return None;
    }
    if !got.dtype().is_float() {
        return (!got.same_bits(expected)).then(|| format!("{got:?} is not {expected:?}"));
    }
    let (got, expected) = (got.cast(DType::Float64), expected.cast(DType::Float64));
    let pairs = got.values::<f64>().unwrap().iter().zip(expected.values::<f64>().unwrap());
    for (i, (&a, &b)) in pairs.enumerate() {
        let close = (a.is_nan() && b.is_nan())
            || (a == b && (tolerance > 0.0 || a.is_sign_negative() == b.is_sign_negative()))
            || (a - b).abs() <= tolerance * b.abs().max(scale) && b.is_finite();
        if !close {
            return Some(format!("value {i} is {a:e}, not {b:e}"));
        }
    }
    None
}
