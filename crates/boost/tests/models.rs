//! Models and their answers.

use crate::data::{Sample, alone, column, parameters, train};
use datafusion::arrow::array::{ArrayRef, DictionaryArray, Float32Array, Float64Array, RecordBatch};
use datafusion::arrow::datatypes::Int32Type;
use futures::executor::block_on;
use phalanx_boost::rows::Categories;
use phalanx_boost::{Asked, Dataset, Kind, Model, Rows, Training};
use phalanx_engine::Engine;
use phalanx_frame::{Frame, source};
use std::sync::Arc;

fn with_names(sample: &Sample, engine: &dyn Engine) -> Model {
    let (frame, names, none) = (sample.frame(engine, 100), sample.names(), Categories::default());
    let dataset = Dataset::from_frame(engine, &frame, &names, Some("y"), &none);
    let dataset = block_on(dataset).unwrap();
    let trained = train(engine, &Training::new(parameters(&[]), dataset, 4)).unwrap();
    Model::of_bytes(trained.model).unwrap()
}

fn computed(engine: &dyn Engine, array: &phalanx_array::Array) -> (Vec<usize>, Vec<f32>) {
    let chunk = array.compute(engine).unwrap();
    (chunk.shape().to_vec(), chunk.values::<f32>().unwrap().to_vec())
}

pub fn answers_are_those_of_the_model_at_hand(engine: &dyn Engine) {
    let sample = Sample::new(300, 4);
    let model = with_names(&sample, engine);
    assert_eq!((model.names(), model.features()), (sample.names().as_slice(), 4));
    let frame = sample.frame(engine, 110);
    for kind in [Kind::Value, Kind::Margin, Kind::Contributions, Kind::Leaf, Kind::Interactions] {
        let asked = Asked { kind, ..Asked::default() };
        let expected = model.predict(&sample.floats(), &asked).unwrap();
        for chunk_rows in [300, 70] {
            let lazy = model.of_array(engine, &sample.array(engine, chunk_rows), None, &asked).unwrap();
            assert_eq!(computed(engine, &lazy), (expected.shape.clone(), expected.values.clone()), "{kind:?}");
        }
        let columns = model.of_frame(&frame, &sample.names(), &[], &asked);
        if kind == Kind::Interactions {
            assert!(columns.unwrap_err().hint().is_some());
            continue;
        }
        let columns = columns.unwrap();
        let width = columns.len();
        for (place, column) in columns.iter().enumerate() {
            let table = column.rename("answer").unwrap().compute(engine).unwrap();
            let found = table.floats("answer").unwrap();
            let expected: Vec<f64> =
                expected.values.iter().skip(place).step_by(width).map(|value| f64::from(*value)).collect();
            assert_eq!(found, expected, "{kind:?} {place}");
        }
    }
    // Where predictions begin.
    let margins = column(engine, &vec![1.5; 300]);
    let margin = block_on(margins.to_array(engine)).unwrap();
    let asked = Asked { kind: Kind::Margin, ..Asked::default() };
    let (_, moved) =
        computed(engine, &model.of_array(engine, &sample.array(engine, 70), Some(&margin), &asked).unwrap());
    let plain = model.predict(&sample.floats(), &asked).unwrap().values;
    let steps: Vec<f32> = moved.iter().zip(&plain).map(|(moved, plain)| moved - plain).collect();
    assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-5) && steps[0].abs() > 0.1, "{:?}", &steps[..3]);
    // Rows of a batch, found by name.
    assert_eq!(block_on(Rows::from_array(engine, &sample.array(engine, 50))).unwrap().count(), 300);
    let columns = ["x3", "x1", "x0", "x2", "other"].map(|name| {
        let place: usize = name[1..].parse().unwrap_or(0);
        let values = sample.floats().into_iter().skip(place).step_by(4);
        (name, Arc::new(Float32Array::from_iter_values(values)) as ArrayRef)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let found = model.predict_batch(&batch, &Asked::default()).unwrap();
    assert_eq!(found, model.predict(&sample.floats(), &Asked::default()).unwrap());
    let error = model.predict_batch(&batch.project(&[0, 1]).unwrap(), &Asked::default()).unwrap_err();
    assert!(error.message().contains("x0"), "{error}");
}

pub fn a_large_model_answers_lazily(engine: &dyn Engine) {
    let sample = Sample::new(200, 4);
    let deep = parameters(&[
        ("max_depth", "0"),
        ("grow_policy", "lossguide"),
        ("max_leaves", "150"),
        ("lambda", "0"),
        ("min_child_weight", "0"),
    ]);
    let model = Model::of_bytes(alone(&sample, &deep, 1800)).unwrap();
    assert!(model.bytes().len() > 1 << 20, "{} bytes", model.bytes().len());
    let expected = model.predict(&sample.floats(), &Asked::default()).unwrap();
    let lazy = model.of_array(engine, &sample.array(engine, 60), None, &Asked::default()).unwrap();
    assert_eq!(computed(engine, &lazy), (expected.shape, expected.values.clone()));
    let columns = model.of_frame(&sample.frame(engine, 90), &sample.names(), &[], &Asked::default()).unwrap();
    let table = columns[0].rename("answer").unwrap().compute(engine).unwrap();
    let expected: Vec<f64> = expected.values.into_iter().map(f64::from).collect();
    assert_eq!(table.floats("answer").unwrap(), expected);
}

/// Colours as dictionaries that differ between partitions.
fn colours(engine: &dyn Engine, partitions: &[&[&str]]) -> Frame {
    let batches: Vec<Vec<RecordBatch>> = partitions
        .iter()
        .map(|colours| {
            let dictionary: DictionaryArray<Int32Type> = colours.iter().copied().collect();
            let value = |colour: &&str| match *colour {
                "red" => 3.0,
                "green" => -1.0,
                _ => 0.5,
            };
            let label = Float64Array::from_iter_values(colours.iter().map(value));
            let columns: [(&str, ArrayRef); 2] = [("colour", Arc::new(dictionary)), ("y", Arc::new(label))];
            vec![RecordBatch::try_from_iter(columns).unwrap()]
        })
        .collect();
    source::scatter(engine, batches[0][0].schema(), batches).unwrap()
}

pub fn categories_have_the_codes_of_the_training(engine: &dyn Engine) {
    let known = ["blue", "green", "red"].map(String::from).to_vec();
    let categories: Categories = [("colour".to_owned(), known)].into();
    let frame = colours(engine, &[&["red", "green", "red"], &["green", "blue", "red"], &["blue", "blue", "green"]]);
    let features = ["colour".to_owned()];
    let dataset = block_on(Dataset::from_frame(engine, &frame, &features, Some("y"), &categories)).unwrap();
    assert_eq!(dataset.about.types, ["c"]);
    let exact = [
        ("objective", "reg:squarederror"),
        ("eval_metric", "rmse"),
        ("learning_rate", "1"),
        ("lambda", "0"),
        ("min_child_weight", "0"),
    ];
    let mut training = Training::new(parameters(&exact), dataset, 4);
    training.evals = vec![(0, "train".into())];
    training.attributes =
        vec![(phalanx_boost::model::CATEGORIES.into(), r#"{"colour": ["blue", "green", "red"]}"#.into())];
    let trained = train(engine, &training).unwrap();
    assert!(trained.history[3][0].1 < 1e-3, "a wrong code is a wrong answer: {:?}", trained.history);
    let model = Model::of_bytes(trained.model).unwrap();
    assert_eq!(*model.categories(), categories);
    let others = colours(engine, &[&["blue"], &["red", "blue", "green"]]);
    let answer = &model.of_frame(&others, &features, &[], &Asked::default()).unwrap()[0];
    let found = answer.rename("a").unwrap().compute(engine).unwrap().floats("a").unwrap();
    let rounded: Vec<f64> = found.iter().map(|value| (value * 100.0).round() / 100.0).collect();
    assert_eq!(rounded, [0.5, 3.0, 0.5, -1.0]);
    let strange = colours(engine, &[&["blue", "violet"]]);
    let answer = &model.of_frame(&strange, &features, &[], &Asked::default()).unwrap()[0];
    let error = answer.rename("a").unwrap().compute(engine).unwrap_err();
    assert!(error.message().contains("violet"), "{error}");
}

pub fn a_model_is_a_file_of_xgboost(engine: &dyn Engine) {
    let sample = Sample::new(100, 3);
    let model = with_names(&sample, engine);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ubj");
    model.save(&path).unwrap();
    let read = Model::open(&path).unwrap();
    assert_eq!((read.names(), read.rounds()), (model.names(), 4));
    let asked = Asked::default();
    assert_eq!(read.predict(&sample.floats(), &asked).unwrap(), model.predict(&sample.floats(), &asked).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
