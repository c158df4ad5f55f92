//! Small expressions against what NumPy answered (`oracle/make.py`).

use super::computed;
use phalanx_array::{AllAxes, Array, Index, KeepDimensions, concatenate, s, stack};
use phalanx_chunk::reduce::Reduction;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::Engine;
use std::collections::BTreeMap;

#[derive(serde::Deserialize)]
struct Expected {
    shape: Vec<usize>,
    dtype: String,
    values: Vec<f64>,
}

/// As in `make.py`.
fn sample(shape: &[usize], chunks: usize) -> Array {
    let count: usize = shape.iter().product();
    let values = (0..count as i64).map(|i| ((i * 7919 + 13) % 97 - 48) as f64 / 8.0).collect();
    Array::from_vec(shape, values).rechunk(chunks)
}

fn cases(chunks: usize) -> Vec<(&'static str, Array)> {
    let x = sample(&[7, 5], chunks);
    let y = sample(&[3, 4, 5], chunks);
    let v = sample(&[5], chunks);
    let i = (&x * 8.0).astype(DType::Int64);
    let tall = sample(&[40, 3], chunks) + Array::eye_of(40, 3, 0, chunks) * 10.0;
    vec![
        ("slice_steps", x.slice(s![1..6;2, ..;-1])),
        ("slice_negative", x.slice([Index::Slice { start: Some(-1), stop: Some(-6), step: -2 }, Index::At(-2)])),
        ("newaxis", x.slice(s![.., Index::NewAxis, 2])),
        ("rest", y.slice(s![Index::Rest, 1])),
        ("transpose", y.transpose(&[2, 0, 1])),
        ("reshape", y.reshape((6, 10)).t().reshape((4, 15))),
        ("broadcast", &x + &v * 2.0),
        ("outer", v.expand_dims(1) - &v),
        ("where", x.greater(0.0).choose(&x, -1.5)),
        ("floor_divide", i.floor_divide(7)),
        ("remainder", &x % 1.5),
        ("minimum", x.minimum(&v)),
        ("exp", x.exp()),
        ("sqrt_abs", x.abs().sqrt()),
        ("astype", x.astype(DType::Int64)),
        ("compare", x.less_equal(&v)),
        ("sum", x.sum(AllAxes)),
        ("sum_axis", y.sum([0, 2])),
        ("mean_axis", y.mean(1)),
        ("var", x.var(0)),
        ("std_ddof", x.reduce(Reduction::Std { ddof: 1.0 }, 1, KeepDimensions::No)),
        ("min", y.min([0, 1])),
        ("max", x.max(AllAxes)),
        ("argmin", x.argmin(0)),
        ("argmax", y.argmax(AllAxes)),
        ("prod", (x.slice(s![..2]) / 2.0).prod(1)),
        ("any", x.greater(5.5).any(0)),
        ("all", x.less(5.0).all(1)),
        ("count", (&i % 3).count(0)),
        ("keepdims", x.reduce(Reduction::Mean, 0, KeepDimensions::Yes)),
        ("int_sum", i.sum(1)),
        ("matmul", x.matmul(&x.t())),
        ("vector_matmul", x.matmul(&v)),
        ("tensordot", y.tensordot(&y, &[0, 1], &[0, 1])),
        ("concatenate", concatenate(&[&x, &i.slice(s![..2]), &x.slice(s![..;-1])], 0)),
        ("stack", stack(&[&x, &(&x + 1)], 1)),
        ("take", y.take(&[2, 0, 0, 1], 1)),
        ("arange", Array::arange(10, -3, -4, chunks)),
        ("linspace", Array::linspace(-1.0, 2.0, 7, chunks)),
        ("eye", Array::eye_of(3, 4, 1, chunks)),
        ("norm", x.norm()),
        ("singular_values", tall.svd().1),
        ("qr_r_abs", tall.qr().1.abs()),
    ]
}

pub fn every_case_is_what_numpy_answers(engine: &dyn Engine) -> Vec<u8> {
    let expected: BTreeMap<String, Expected> =
        serde_json::from_str(include_str!("../oracle/values.json")).expect("values.json is what make.py wrote");
    let mut digests = vec![];
    for chunks in [100, 3, 2] {
        let cases = cases(chunks);
        assert_eq!(cases.len(), expected.len());
        for (name, array) in cases {
            let expected = &expected[name];
            let got = computed(engine, &array);
            assert_eq!(got.shape(), expected.shape, "{name}, chunks {chunks}");
            assert_eq!(got.dtype().name(), expected.dtype, "{name}, chunks {chunks}");
            let close = |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= 1e-13 * b.abs().max(1.0);
            let values: Chunk = got.cast(DType::Float64);
            let values = values.values::<f64>().expect("it was cast");
            assert!(
                values.iter().zip(&expected.values).all(close),
                "{name}, chunks {chunks}: {values:?} is not {:?}",
                expected.values
            );
            digests.extend(got.digest_bytes());
        }
    }
    digests
}
