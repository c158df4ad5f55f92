//! Behaviours as functions over an engine. Each gives the bits of what it computed.

use phalanx_engine::datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray,
};
use phalanx_engine::datafusion::arrow::datatypes::Float64Type;
use phalanx_engine::{Engine, ErrorKind, Plan};
use phalanx_frame::expr::{col, lit};
use phalanx_frame::{Frame, source};
use phalanx_learn::{
    Encoder, Evaluation, LogisticModel, LogisticRegression, Matrix, Moments, Penalty, Scaler, datasets, metrics,
    statistic,
};
use std::sync::Arc;

/// All values of a plan's columns of floats, column by column, in the order of the rows.
pub fn columns(engine: &dyn Engine, plan: &Plan) -> Vec<Vec<f64>> {
    let partitions = engine.submit(plan.clone()).wait().unwrap();
    let mut columns = vec![vec![]; plan.schema().fields().len()];
    for batch in partitions.iter().flatten() {
        for (column, values) in columns.iter_mut().zip(batch.columns()) {
            let values = values.as_fixed_size_list_opt().map_or(values, |list| list.values());
            column.extend_from_slice(values.as_primitive::<Float64Type>().values());
        }
    }
    columns
}

pub fn bits<'a>(values: impl IntoIterator<Item = &'a f64>) -> Vec<u8> {
    values.into_iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub fn model_bits(model: &LogisticModel, evaluation: &Evaluation) -> Vec<u8> {
    let mut bytes = vec![];
    model.digest(|part| bytes.extend_from_slice(part));
    let Evaluation { log_loss, accuracy, base_rate, auc, .. } = evaluation;
    let convergence = model.convergence();
    bytes.extend(bits([log_loss, accuracy, base_rate, auc, &convergence.gradient, &convergence.loss]));
    bytes.extend([convergence.iterations as u8, convergence.passes as u8]);
    bytes
}

pub fn a_model_is_fitted_and_evaluated(engine: &dyn Engine) -> Vec<u8> {
    let generated = datasets::make_classification(40_000, 7).seed(11).partition_rows(9_000);
    let data = generated.build().unwrap().persist(engine).unwrap();
    assert_eq!(data.partition_rows(), [9_000, 9_000, 9_000, 9_000, 4_000]);
    let (train, test) = data.split(0.2, 5).unwrap();
    let scaler = Scaler::fit(engine, &train).unwrap();
    let train = scaler.transform(&train).unwrap().persist(engine).unwrap();
    let test = scaler.transform(&test).unwrap().persist(engine).unwrap();
    drop(data);
    assert_eq!(train.rows() + test.rows(), 40_000);
    assert!((7_500..8_500).contains(&test.rows()), "{}", test.rows());
    let model = LogisticRegression::new().penalty(Penalty::None).fit(engine, &train).unwrap();
    let convergence = model.convergence();
    assert!(convergence.converged && convergence.iterations < 10, "{convergence:?}");
    assert_eq!(convergence.passes, convergence.iterations + 1);
    // The model that drew the labels is found again; four standard errors are 0.07 here.
    let names: Vec<&str> = model.named_coefficients().map(|(name, _)| name).collect();
    assert_eq!(names, ["x0", "x1", "x2", "x3", "x4", "x5", "x6"]);
    for (coefficient, weight) in model.coefficients().iter().zip(generated.weights().unwrap()) {
        assert!((coefficient - weight).abs() < 0.07, "{coefficient} {weight}");
    }
    let evaluation = metrics::evaluate(engine, &model, &test).unwrap();
    assert_eq!(evaluation.rows, test.rows());
    assert!(evaluation.auc > 0.85 && evaluation.auc < 0.95, "{evaluation:?}");
    assert!(evaluation.accuracy > 0.75 && evaluation.base_rate < 0.53, "{evaluation:?}");
    assert!(evaluation.log_loss < 0.5, "{evaluation:?}");
    assert_eq!(model.score(engine, &test).unwrap(), evaluation.accuracy);
    let on_train = metrics::evaluate(engine, &model, &train).unwrap();
    assert!((on_train.log_loss - convergence.loss).abs() < 1e-13);
    model_bits(&model, &evaluation)
}

pub fn values_do_not_depend_on_partitions(engine: &dyn Engine) -> Vec<u8> {
    let rows = |partition_rows: usize| {
        let matrix = datasets::make_classification(10_000, 3).seed(2).partition_rows(partition_rows).build().unwrap();
        columns(engine, matrix.plan())
    };
    let whole = rows(10_000);
    assert_eq!((whole[0].len(), whole[1].len()), (30_000, 10_000));
    assert_eq!(rows(777), whole);
    let positives = whole[1].iter().sum::<f64>();
    assert!((4_700.0..5_300.0).contains(&positives), "{positives}");
    bits(whole.iter().flatten())
}

pub fn a_split_does_not_depend_on_partitions(engine: &dyn Engine) -> Vec<u8> {
    let split = |partition_rows: usize, seed: u64| {
        let matrix = datasets::make_classification(9_001, 2).partition_rows(partition_rows).build().unwrap();
        let (train, test) = matrix.persist(engine).unwrap().split(0.25, seed).unwrap();
        (columns(engine, train.plan()), columns(engine, test.plan()), columns(engine, matrix.plan()))
    };
    let (train, test, all) = split(9_001, 1);
    assert_eq!(train[1].len() + test[1].len(), 9_001);
    assert_eq!(split(500, 1), (train.clone(), test.clone(), all.clone()));
    assert_ne!(split(9_001, 2).1, test);
    // Both parts keep the order of the rows, and each row is in one of them.
    let (mut from_train, mut from_test) = (train[0].chunks(2).peekable(), test[0].chunks(2).peekable());
    for row in all[0].chunks(2) {
        let part = if from_train.peek() == Some(&row) { &mut from_train } else { &mut from_test };
        assert_eq!(part.next(), Some(row));
    }
    bits(train.iter().chain(&test).flatten())
}

pub fn moments_do_not_depend_on_batches(engine: &dyn Engine) -> Vec<u8> {
    let matrix = datasets::make_classification(30_000, 5).seed(3).partition_rows(13_000).build().unwrap();
    let moments = statistic::compute(engine, &Moments, &matrix).unwrap();
    assert_eq!((moments.rows, moments.weight), (30_000, 30_000.0));
    let values = columns(engine, matrix.plan()).swap_remove(0);
    for feature in 0..5 {
        let column: Vec<f64> = values.iter().skip(feature).step_by(5).copied().collect();
        let mean = column.iter().sum::<f64>() / 30_000.0;
        let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 30_000.0;
        assert!((moments.mean[feature] - mean).abs() < 1e-12);
        assert!((moments.deviation[feature] / 30_000.0 / variance - 1.0).abs() < 1e-12);
    }
    bits(moments.mean.iter().chain(&moments.deviation))
}

/// Two partitions of six and four rows; row 2 lacks `distance`, row 5 has NaN for it, row 7 lacks `carrier`.
pub fn flights() -> Frame {
    let distance = [Some(1.0), Some(2.0), None, Some(4.0), Some(5.0), Some(f64::NAN), Some(7.0), Some(8.0), Some(9.0)];
    let carrier =
        ["UA", "AA", "ZZ", "UA", "B6", "AA", "AA", "", "B6", "UA"].map(|text| (!text.is_empty()).then_some(text));
    let month = [10, 2, 3, 2, 10, 1, 2, 10, 2, 10];
    let late = [true, false, true, true, false, true, false, true, false, true];
    let distance = distance.into_iter().chain([Some(10.0)]).collect::<Vec<_>>();
    let columns: [(&str, ArrayRef); 4] = [
        ("distance", Arc::new(Float64Array::from(distance))),
        ("carrier", Arc::new(StringArray::from(carrier.to_vec()))),
        ("month", Arc::new(Int32Array::from(month.to_vec()))),
        ("late", Arc::new(BooleanArray::from(late.to_vec()))),
    ];
    let nullable = columns.into_iter().map(|(name, values)| (name, values, true));
    let rows = RecordBatch::try_from_iter_with_nullable(nullable).unwrap();
    source::from_batches(rows.schema(), vec![vec![rows.slice(0, 6)], vec![rows.slice(6, 4)]]).unwrap()
}

pub fn frames_become_features(engine: &dyn Engine) -> Vec<u8> {
    let frame = flights().with_column("double", col("month") * lit(2)).unwrap();
    let encoder = Encoder::new()
        .numeric("late")
        .categorical("month")
        .numeric("double")
        .categorical("carrier")
        .target("far", col("month").gt(lit(2)))
        .weight("month")
        .drop_missing();
    let encoding = encoder.fit(engine, &frame).unwrap();
    // Integers sort as numbers; ZZ is there, though in one row only.
    assert_eq!(encoding.categories("month").unwrap(), ["1", "2", "3", "10"]);
    assert_eq!(encoding.categories("carrier").unwrap(), ["AA", "B6", "UA", "ZZ"]);
    assert_eq!(encoding.categories("double"), None);
    let names = ["late", "month_2", "month_3", "month_10", "double", "carrier_B6", "carrier_UA", "carrier_ZZ"];
    assert_eq!(encoding.names(), names);
    assert_eq!((encoding.rows(), encoding.rows_dropped()), (10, 1));
    let matrix = encoding.transform(&frame, engine.settings()).unwrap();
    let columns = columns(engine, matrix.plan());
    let rows: Vec<&[f64]> = columns[0].chunks(8).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!(rows[0], [1.0, 0.0, 0.0, 1.0, 20.0, 0.0, 1.0, 0.0]);
    assert_eq!(rows[2], [1.0, 0.0, 1.0, 0.0, 6.0, 0.0, 0.0, 1.0]);
    assert_eq!(rows[5], [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    assert_eq!(rows[8], [1.0, 0.0, 0.0, 1.0, 20.0, 0.0, 1.0, 0.0]);
    assert_eq!(columns[1], [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(columns[2], [10.0, 2.0, 3.0, 2.0, 10.0, 1.0, 2.0, 2.0, 10.0]);
    // Other rows, the same features: those of one carrier.
    let few = encoding.transform(&frame.filter(col("carrier").eq(lit("B6"))).unwrap(), engine.settings()).unwrap();
    assert_eq!(few.names(), encoding.names());
    bits(columns.iter().flatten())
}

pub fn missing_values_are_refused_or_dropped(engine: &dyn Engine) -> Vec<u8> {
    let encoder = Encoder::new().numeric("distance").categorical("carrier");
    let error = encoder.fit(engine, &flights()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(error.message(), "column \"distance\" is missing in 2 of 10 rows");
    assert!(error.hint().unwrap().contains("drop_missing"));
    let error = Encoder::new().categorical("carrier").fit(engine, &flights()).unwrap_err();
    assert_eq!(error.message(), "column \"carrier\" is missing in 1 of 10 rows");
    let error = Encoder::new().numeric("month").target("far", col("distance").gt(lit(2.0)));
    let error = error.fit(engine, &flights()).unwrap_err();
    assert_eq!(error.message(), "target \"far\" is missing in 1 of 10 rows"); // NaN is greater, in SQL
    let dropping = encoder.drop_missing();
    let encoding = dropping.fit(engine, &flights()).unwrap();
    assert_eq!((encoding.rows(), encoding.rows_dropped()), (10, 3));
    // ZZ is in no row that stays, so it is no category.
    assert_eq!(encoding.names(), ["distance", "carrier_B6", "carrier_UA"]);
    let matrix = encoding.transform(&flights(), engine.settings()).unwrap();
    let rows = columns(engine, matrix.plan()).swap_remove(0);
    assert_eq!(rows.iter().step_by(3).copied().collect::<Vec<_>>(), [1.0, 2.0, 4.0, 5.0, 7.0, 9.0, 10.0]);
    // Rows that were whole when the encoder was fitted, and are not now.
    let whole = flights().filter(col("carrier").eq(lit("UA"))).unwrap();
    let encoding = Encoder::new().numeric("distance").fit(engine, &whole).unwrap();
    let error = encoding.transform(&flights(), engine.settings()).unwrap().persist(engine).unwrap_err();
    assert!(error.message().starts_with("column \"distance\" is missing in "), "{error}");
    bits(&rows)
}

pub fn predictions_come_in_the_order_of_the_rows(engine: &dyn Engine) -> Vec<u8> {
    let matrix: Matrix = datasets::make_classification(12_000, 9).partition_rows(5_000).build().unwrap();
    let data = matrix.persist(engine).unwrap();
    let model = LogisticRegression::new().fit(engine, &data).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    model.save(&path).unwrap();
    let loaded = LogisticModel::load(&path).unwrap();
    assert_eq!(loaded, model);
    let rows = columns(engine, matrix.plan());
    let predicted = columns(engine, &loaded.predict_proba(&matrix).unwrap());
    let decided = columns(engine, &loaded.decision_function(&data).unwrap());
    assert_eq!(predicted[1], rows[1]);
    for (row, features) in rows[0].chunks(9).enumerate() {
        let products = features.iter().zip(model.coefficients()).map(|(value, weight)| value * weight);
        let decision = products.sum::<f64>() + model.intercepts()[0];
        assert!((decided[0][row] - decision).abs() < 1e-11);
        assert!((predicted[0][row] - 1.0 / (1.0 + (-decision).exp())).abs() < 1e-11);
    }
    let other = datasets::make_classification(10, 8).build().unwrap();
    let error = model.predict_proba(&other).unwrap_err();
    assert_eq!(error.message(), "the model has seen 9 features, not 8");
    bits(predicted.iter().flatten())
}
