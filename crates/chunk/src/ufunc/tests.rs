use proptest::prelude::*;

use super::*;
use crate::oracle::{cases, check, chunk, difference, dtype, indices, list, text};
use crate::{Chunk, DType, Error};

/// Functions whose answers are exact, so that every bit must be NumPy's.
fn is_exact(name: &str) -> bool {
    let inexact = [
        "exp",
        "log",
        "log2",
        "log10",
        "log1p",
        "expm1",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "arctan2",
        "hypot",
        "power",
        "cbrt",
        "exp2",
        "arcsinh",
        "arccosh",
        "arctanh",
        "sinc",
        "i0",
        "angle",
        "float_power",
        "logaddexp",
        "logaddexp2",
    ];
    !inexact.contains(&name)
}

#[test]
fn dtypes_are_those_of_numpy() {
    let file = cases("ufunc");
    for case in list(&file["promotions"]) {
        let [a, b, common] = [0, 1, 2].map(|i| dtype(text(&case[i])));
        assert_eq!(DType::promote(a, b), common, "{case}");
    }
    let mut wrong = vec![];
    for case in list(&file["dtypes"]) {
        let inputs: Vec<DType> = list(&case[1]).iter().map(|d| dtype(text(d))).collect();
        let got = match inputs[..] {
            [x] => text(&case[0]).parse::<Unary>().unwrap().dtype(x),
            [a, b] => text(&case[0]).parse::<Binary>().unwrap().dtype(a, b),
            _ => unreachable!(),
        };
        let right = match text(&case[2]) {
            "error" => matches!(got, Err(Error::DType { .. })),
            // NumPy's float16 is our float32.
            "float16" => got == Ok(DType::Float32),
            expected => got == Ok(dtype(expected)),
        };
        if !right {
            wrong.push(format!("{case}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} dtypes are not NumPy's:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn values_are_those_of_numpy() {
    let file = cases("ufunc");
    let (mut seen, mut wrong) = (std::collections::HashSet::new(), vec![]);
    for case in list(&file["values"]) {
        let name = text(&case["name"]);
        seen.insert(name.to_string());
        let inputs: Vec<Chunk> = list(&case["inputs"]).iter().map(chunk).collect();
        let got = match &inputs[..] {
            [x] => name.parse::<Unary>().unwrap().apply(x).unwrap(),
            [a, b] => name.parse::<Binary>().unwrap().apply(a, b).unwrap(),
            _ => unreachable!(),
        };
        let expected = chunk(&case["result"]);
        let tolerance = match got.dtype() {
            // NumPy's products are fused where the processor can; ours are not. The C library has its own formulas.
            // Its powers are exp(y · log(x)), of which the logarithm is rounded to 24 bits before it is multiplied.
            DType::Complex64 if name == "power" => 1e-4,
            DType::Complex64 => 1e-6,
            DType::Complex128 => 2e-15,
            _ if is_exact(name) && !inputs[0].dtype().is_complex() => 0.0,
            DType::Float32 => 4e-7,
            _ if name == "i0" => 4e-15,
            _ => 1e-15,
        };
        if let Some(difference) = difference(&got, &expected, tolerance, 0.0) {
            wrong.push(format!("{name} {}: {difference}", inputs[0].dtype()));
        }
    }
    assert!(wrong.is_empty(), "{} answers are not NumPy's:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen.len(), Unary::ALL.len() + Binary::ALL.len());
}

#[test]
fn casts_are_those_of_numpy() {
    for case in list(&cases("cast")) {
        let (x, y) = (chunk(&case["x"]), chunk(&case["y"]));
        check(&format!("{:?} to {}", x, y.dtype()), &x.cast(y.dtype()), &y, 0.0, 0.0);
    }
    assert!(indices(&serde_json::json!([])).is_empty());
}

#[test]
fn names_are_unique_and_parse_back() {
    for f in Unary::ALL {
        assert_eq!(f.name().parse(), Ok(*f));
    }
    for f in Binary::ALL {
        assert_eq!(f.to_string().parse(), Ok(*f));
    }
    assert!("sine".parse::<Unary>().is_err());
}

#[test]
fn integers_refuse_negative_powers() {
    let (a, b) = (Chunk::vector(vec![2i32, 2]), Chunk::vector(vec![1i32, -1]));
    assert!(matches!(Binary::Power.apply(&a, &b), Err(Error::Value { .. })));
    assert!(Binary::Power.apply(&a.cast(DType::Float32), &b).is_ok());
}

#[test]
fn one_element_is_for_all_and_other_shapes_are_refused() {
    let a = Chunk::new(&[2, 2], vec![1i64, 2, 3, 4]).unwrap();
    let one = Chunk::new(&[1], vec![10i64]).unwrap();
    assert_eq!(Binary::Subtract.apply(&a, &one).unwrap().values::<i64>().unwrap(), &[-9, -8, -7, -6]);
    assert_eq!(Binary::Subtract.apply(&one, &a).unwrap().values::<i64>().unwrap(), &[9, 8, 7, 6]);
    let deep = Chunk::new(&[1, 1, 1], vec![1i64]).unwrap();
    assert_eq!(Binary::Add.apply(&a, &deep).unwrap().shape(), &[1, 2, 2]);
    assert_eq!(Binary::Add.apply(&one, &deep).unwrap().shape(), &[1, 1, 1]);
    let empty = Chunk::zeros(DType::Int64, &[0, 3]).unwrap();
    assert_eq!(Binary::Add.apply(&empty, &one).unwrap().shape(), &[0, 3]);
    let row = Chunk::vector(vec![1i64, 2]);
    assert!(matches!(Binary::Add.apply(&a, &row), Err(Error::Shape { .. })));
    assert!(matches!(Binary::Add.apply(&a, &Chunk::vector(vec![1i64; 3])), Err(Error::Shape { .. })));
}

#[test]
fn where_chooses_for_every_combination_of_sides() {
    let condition = Chunk::vector(vec![1i32, 0, 5]);
    let (a, b) = (Chunk::vector(vec![1i64, 2, 3]), Chunk::vector(vec![-1i64, -2, -3]));
    let one = Chunk::scalar(9i64);
    let got = |c: &Chunk, a: &Chunk, b: &Chunk| where_(c, a, b).unwrap().values::<i64>().unwrap().to_vec();
    assert_eq!(got(&condition, &a, &b), [1, -2, 3]);
    assert_eq!(got(&condition, &one, &b), [9, -2, 9]);
    assert_eq!(got(&condition, &a, &one), [1, 9, 3]);
    assert_eq!(got(&condition, &one, &Chunk::scalar(0i64)), [9, 0, 9]);
    assert_eq!(got(&Chunk::scalar(false), &a, &b), [-1, -2, -3]);
    assert_eq!(got(&Chunk::scalar(f64::NAN), &a, &one), [1, 2, 3]);
    assert_eq!(where_(&condition, &a, &Chunk::scalar(0.5f32)).unwrap().dtype(), DType::Float64);
    assert!(where_(&condition, &a, &Chunk::vector(vec![1i64, 2])).is_err());
}

#[test]
fn a_slice_has_the_bits_of_the_whole() {
    // No element may depend on its position among the lanes or on being in the tail.
    let x = Chunk::vector((0..1000).map(|i| (i as f64 - 500.0) * 0.37).collect::<Vec<_>>());
    let slice = |c: &Chunk| c.region(&[crate::Span::range(123, 77)]).unwrap();
    let backwards = |c: &Chunk| c.region(&[crate::Span::new(999, 1000, -1)]).unwrap();
    for x in [x.clone(), x.cast(DType::Float32)] {
        for f in Unary::ALL.iter().filter(|f| f.dtype(x.dtype()).is_ok()) {
            let whole = f.apply(&x).unwrap();
            assert!(f.apply(&slice(&x)).unwrap().same_bits(&slice(&whole)), "{f}");
            assert!(f.apply(&backwards(&x)).unwrap().same_bits(&backwards(&whole)), "{f}");
        }
        for f in Binary::ALL.iter().filter(|f| f.dtype(x.dtype(), x.dtype()).is_ok()) {
            let y = backwards(&x);
            let whole = f.apply(&x, &y).unwrap();
            assert!(f.apply(&slice(&x), &slice(&y)).unwrap().same_bits(&slice(&whole)), "{f}");
        }
    }
}

proptest! {
    #[test]
    fn a_scalar_is_as_good_as_its_copies(x in prop::collection::vec(-1e3f64..1e3, 1..600), scalar in -9f64..9.0) {
        let (a, one) = (Chunk::vector(x.clone()), Chunk::scalar(scalar));
        let copies = Chunk::vector(vec![scalar; x.len()]);
        for f in Binary::ALL.iter().filter(|f| f.dtype(DType::Float64, DType::Float64).is_ok()) {
            prop_assert!(f.apply(&a, &one).unwrap().same_bits(&f.apply(&a, &copies).unwrap()), "{}", f);
            prop_assert!(f.apply(&one, &a).unwrap().same_bits(&f.apply(&copies, &a).unwrap()), "{}", f);
        }
    }

    #[test]
    fn floor_division_and_remainder_belong_together(a in any::<i64>(), b in any::<i64>()) {
        prop_assume!(b != 0 && !(a == i64::MIN && b == -1));
        let (x, y) = (Chunk::scalar(a), Chunk::scalar(b));
        let quotient = Binary::FloorDivide.apply(&x, &y).unwrap().item::<i64>().unwrap();
        let rest = Binary::Remainder.apply(&x, &y).unwrap().item::<i64>().unwrap();
        prop_assert_eq!(i128::from(quotient) * i128::from(b) + i128::from(rest), i128::from(a));
        prop_assert!(rest == 0 || (rest < 0) == (b < 0));
    }
}

#[test]
fn integers_of_64_bits_are_compared_with_all_their_digits() {
    let (signed, unsigned) = (Chunk::scalar(i64::MAX), Chunk::scalar(i64::MAX as u64 + 1));
    assert_eq!(Binary::Less.apply(&signed, &unsigned).unwrap().item(), Ok(true));
    assert_eq!(Binary::Equal.apply(&unsigned, &signed).unwrap().item(), Ok(false));
    assert_eq!(Binary::Greater.apply(&Chunk::scalar(0u64), &Chunk::scalar(-1i64)).unwrap().item(), Ok(true));
    assert_eq!(Binary::Add.apply(&signed, &unsigned).unwrap().dtype(), DType::Float64);
}
