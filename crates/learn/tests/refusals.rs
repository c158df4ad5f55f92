//! Data and parameters that are refused: which kind, which name, which numbers.

use crate::suite::flights;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, FixedSizeListArray, Float64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::compute::concat_batches;
use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Engine, Error, ErrorKind};
use phalanx_frame::expr::{col, lit};
use phalanx_frame::source;
use phalanx_learn::{ClassWeight, Data, Encoder, LogisticRegression, Matrix, Penalty, Scaler, datasets, metrics};
use std::sync::Arc;

/// A matrix of these columns; `y` is the target, `w` the weight.
fn matrix(engine: &dyn Engine, columns: &[(&str, Vec<f64>)]) -> Data {
    let arrays = columns.iter().map(|(name, values)| (*name, Arc::new(Float64Array::from(values.clone())) as ArrayRef));
    let rows = RecordBatch::try_from_iter(arrays).unwrap();
    let mut encoder = Encoder::new();
    for (name, _) in columns {
        encoder = match *name {
            "y" => encoder.target("y", col("y")),
            "w" => encoder.weight("w"),
            feature => encoder.numeric(feature),
        };
    }
    let frame = source::from_batches(rows.schema(), vec![vec![rows]]).unwrap();
    let encoding = encoder.fit(engine, &frame).unwrap();
    encoding.transform(&frame, engine.settings()).unwrap().persist(engine).unwrap()
}

fn fit(engine: &dyn Engine, penalty: Penalty, columns: &[(&str, Vec<f64>)]) -> Error {
    LogisticRegression::new().penalty(penalty).fit(engine, &matrix(engine, columns)).unwrap_err()
}

fn refused(error: &Error, kind: ErrorKind, message: &str) {
    assert_eq!((error.kind(), error.message()), (kind, message));
    assert!(error.hint().is_some(), "{error}");
}

pub fn bad_data_is_refused_by_name(engine: &dyn Engine) -> Vec<u8> {
    const L2: Penalty = Penalty::L2 { c: 1.0 };
    let x = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let y = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0];

    // Targets and weights.
    let error = fit(engine, L2, &[("x", x.clone()), ("y", vec![1.0; 6])]);
    refused(&error, ErrorKind::Data, "all 6 rows are of class 1");
    let error = fit(engine, L2, &[("x", x.clone()), ("y", vec![0.0; 6])]);
    refused(&error, ErrorKind::Data, "all 6 rows are of class 0");
    let error = fit(engine, L2, &[("x", x.clone()), ("y", x.clone())]);
    refused(&error, ErrorKind::Data, "the target is neither 0 nor 1 in 5 of 6 rows");
    let error = fit(engine, L2, &[("x", x.clone())]);
    refused(&error, ErrorKind::Input, "logistic regression needs rows with a target, and these have none");
    let weights = vec![1.0, 0.0, -1.0, 1.0, 1.0, 1.0];
    let error = fit(engine, L2, &[("x", x.clone()), ("y", y.clone()), ("w", weights)]);
    refused(&error, ErrorKind::Data, "the weight is no positive number in 2 of 6 rows");

    // Without a penalty: constant, collinear, too many, separated.
    let error = fit(engine, Penalty::None, &[("x", x.clone()), ("same", vec![7.0; 6]), ("y", y.clone())]);
    assert_eq!(error.kind(), ErrorKind::Data);
    let what = "feature \"same\" is constant, or a combination of the features before it";
    assert!(error.message().starts_with(what), "{error}");
    let twice: Vec<f64> = x.iter().map(|x| 2.0 * x - 1.0).collect();
    let error = fit(engine, Penalty::None, &[("x", x.clone()), ("twice", twice.clone()), ("y", y.clone())]);
    assert!(error.message().starts_with("feature \"twice\" is constant, or"), "{error}");
    let few: Vec<(&str, Vec<f64>)> =
        vec![("a", vec![1.0, 2.0, 4.0]), ("b", vec![3.0, 1.0, 1.0]), ("y", vec![0.0, 1.0, 0.0])];
    let error = fit(engine, Penalty::None, &few);
    refused(&error, ErrorKind::Input, "3 rows do not determine 3 parameters without a penalty");
    let error = fit(engine, Penalty::None, &[("x", x.clone()), ("y", vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0])]);
    assert!(error.message().starts_with("the features separate the classes"), "{error}");
    // With one, all of these have a fit.
    for columns in [
        vec![("x", x.clone()), ("same", vec![7.0; 6]), ("y", y.clone())],
        vec![("x", x.clone()), ("twice", twice), ("y", y.clone())],
        vec![("x", x.clone()), ("y", vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0])],
        few,
    ] {
        let model = LogisticRegression::new().fit(engine, &matrix(engine, &columns)).unwrap();
        assert!(model.convergence().converged, "{:?}", model.convergence());
    }
    // A constant feature is scaled to 0.
    let data = matrix(engine, &[("same", vec![0.1; 6]), ("x", x.clone())]);
    let scaler = Scaler::fit(engine, &data).unwrap();
    assert_eq!(scaler.scale()[0], 1.0);

    // Values that are not finite: refused by the encoder, and by those who see them first otherwise.
    let infinite =
        RecordBatch::try_from_iter([("x", Arc::new(Float64Array::from(vec![1.0, f64::INFINITY])) as ArrayRef)]);
    let frame = source::from_batches(infinite.as_ref().unwrap().schema(), vec![vec![infinite.unwrap()]]).unwrap();
    let error = Encoder::new().numeric("x").fit(engine, &frame).unwrap_err();
    refused(&error, ErrorKind::Data, "column \"x\" is infinite in 1 rows");
    let overflowing = Scaler::fit(engine, matrix(engine, &[("x", vec![1e-320, 0.0, 0.0, 0.0, 0.0, 1e-320])])).unwrap();
    assert!(overflowing.scale()[0] > 0.0);
    let bad = not_finite(engine);
    let error = LogisticRegression::new().fit(engine, &bad).unwrap_err();
    refused(&error, ErrorKind::Data, "feature \"b\" is NaN or infinite in 2 rows");
    refused(&Scaler::fit(engine, &bad).unwrap_err(), ErrorKind::Data, "feature \"b\" is NaN or infinite in 2 rows");
    let error = fit(engine, L2, &[("x", vec![1e200, 2e200, -1e200, 1e200]), ("y", vec![0.0, 1.0, 0.0, 1.0])]);
    refused(&error, ErrorKind::Data, "features are so large that their products overflow");

    // Rows and columns.
    let none = flights().filter(col("month").gt(lit(12))).unwrap();
    refused(&Encoder::new().numeric("month").fit(engine, &none).unwrap_err(), ErrorKind::Data, "there are no rows");
    let encoding = Encoder::new().numeric("month").target("late", col("late")).fit(engine, &flights()).unwrap();
    let empty = encoding.transform(&none, engine.settings()).unwrap().persist(engine).unwrap();
    refused(&LogisticRegression::new().fit(engine, &empty).unwrap_err(), ErrorKind::Data, "there are no rows");
    refused(&Scaler::fit(engine, &empty).unwrap_err(), ErrorKind::Data, "there are no rows");
    let refuse = |encoder: Encoder| encoder.fit(engine, &flights()).unwrap_err();
    refused(&refuse(Encoder::new()), ErrorKind::Input, "a matrix without features");
    refused(&refuse(Encoder::new().numeric("mont")), ErrorKind::Input, "there is no column \"mont\"");
    let error = refuse(Encoder::new().numeric("month").categorical("month"));
    refused(&error, ErrorKind::Input, "column \"month\" is a feature twice");
    let error = refuse(Encoder::new().numeric("carrier"));
    refused(&error, ErrorKind::Input, "column \"carrier\" is of type Utf8, which gives no numbers");
    let error = refuse(Encoder::new().categorical("late"));
    refused(&error, ErrorKind::Input, "column \"late\" is of type Boolean, which gives no categories");

    // Shares and features.
    let data = datasets::make_classification(100, 2).build().unwrap().persist(engine).unwrap();
    for share in [0.0, 1.0, -0.5, f64::NAN] {
        assert_eq!(data.split(share, 0).unwrap_err().kind(), ErrorKind::Input);
    }
    let model = LogisticRegression::new().fit(engine, &data).unwrap();
    let error = metrics::evaluate(engine, &model, &bad).unwrap_err();
    refused(&error, ErrorKind::Input, "the model has seen the feature \"x0\" where \"a\" is now");

    // Parameters.
    for nonsense in [
        LogisticRegression::new().tol(0.0),
        LogisticRegression::new().tol(f64::NAN),
        LogisticRegression::new().tol(-1.0),
        LogisticRegression::new().max_iter(0),
        LogisticRegression::new().penalty(Penalty::L2 { c: 0.0 }),
        LogisticRegression::new().penalty(Penalty::L2 { c: f64::INFINITY }),
        LogisticRegression::new().penalty(Penalty::L2 { c: f64::NAN }),
        LogisticRegression::new().penalty(Penalty::L1 { c: -1.0 }),
        LogisticRegression::new().penalty(Penalty::ElasticNet { c: 1.0, l1_ratio: 1.5 }),
        LogisticRegression::new().classes(1),
        LogisticRegression::new().class_weight(ClassWeight::Each(vec![1.0])),
        LogisticRegression::new().class_weight(ClassWeight::Each(vec![1.0, 0.0])),
    ] {
        let error = nonsense.check().unwrap_err();
        assert!(error.kind() == ErrorKind::Input && error.hint().is_some(), "{nonsense:?}");
    }
    // Too few iterations are no error: they are in the model.
    let short = LogisticRegression::new().max_iter(1).fit(engine, &data).unwrap();
    assert!(!short.convergence().converged && short.convergence().iterations == 1);
    // Nor is a tolerance that rounding can't reach.
    let exact = LogisticRegression::new().tol(1e-300).fit(engine, &data).unwrap();
    assert!(exact.convergence().iterations < 20 && exact.convergence().gradient < 1e-12, "{:?}", exact.convergence());
    let mut bytes = vec![];
    exact.digest(|part| bytes.extend_from_slice(part));
    bytes
}

/// Rows that no encoder has seen: a plan of the user's own.
fn not_finite(engine: &dyn Engine) -> Data {
    let data = matrix(engine, &[("a", vec![1.0; 4]), ("b", vec![1.0; 4]), ("y", vec![0.0, 1.0, 0.0, 1.0])]);
    let partitions = engine.submit(data.matrix().plan().clone()).wait().unwrap();
    let schema = data.matrix().plan().schema();
    let rows = concat_batches(&schema, partitions.iter().flatten()).unwrap();
    let DataType::FixedSizeList(item, size) = schema.field(0).data_type() else {
        panic!("features are a list");
    };
    let values = Float64Array::from(vec![1.0, f64::NAN, 2.0, 1.0, 3.0, f64::NEG_INFINITY, 4.0, 1.0]);
    let list = FixedSizeListArray::new(Arc::clone(item), *size, Arc::new(values), None);
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(list), Arc::clone(rows.column(1))]).unwrap();
    let persisted = engine.scatter("rows", schema, vec![vec![rows]]).wait().unwrap();
    let names = || ["a", "b"].map(String::from);
    assert!(Matrix::from_plan(["a"].map(String::from), persisted.plan().unwrap()).is_err());
    Data::new(names(), persisted).unwrap()
}
