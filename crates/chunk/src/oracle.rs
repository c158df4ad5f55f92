//! Reads what NumPy and SciPy answered (`tests/oracle`, beside the script that made it). Tests only.

use serde_json::Value;

use crate::{Chunk, DType};

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

/// The stored dtype that stands for NumPy's.
pub fn dtype(numpy: &str) -> DType {
    match numpy {
        "int8" | "int16" => DType::Int32,
        "uint64" => DType::Int64,
        "float16" => DType::Float32,
        name => name.parse().unwrap(),
    }
}

/// An array, in the stored dtype that stands for its own.
pub fn chunk(value: &Value) -> Chunk {
    let shape = indices(&value["shape"]);
    let words = || list(&value["values"]).iter().map(text);
    match dtype(text(&value["dtype"])) {
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
    assert_eq!(got.dtype(), expected.dtype(), "{what}");
    assert_eq!(got.shape(), expected.shape(), "{what}");
    if !got.dtype().is_float() {
        assert!(got.same_bits(expected), "{what}: {got:?} is not {expected:?}");
        return;
    }
    let (got, expected) = (got.cast(DType::Float64), expected.cast(DType::Float64));
    let pairs = got.values::<f64>().unwrap().iter().zip(expected.values::<f64>().unwrap());
    for (i, (&a, &b)) in pairs.enumerate() {
        let close = (a.is_nan() && b.is_nan())
            || (a == b && (tolerance > 0.0 || a.is_sign_negative() == b.is_sign_negative()))
            || (a - b).abs() <= tolerance * b.abs().max(scale) && b.is_finite();
        assert!(close, "{what}: value {i} is {a:e}, not {b:e}");
    }
}
