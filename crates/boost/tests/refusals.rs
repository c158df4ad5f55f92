//! What is wrong is refused by name, with what to do.

use crate::data::{Sample, alone, column, parameters, train};
use phalanx_boost::{Asked, EarlyStopping, Model, Training};
use phalanx_engine::{Engine, ErrorKind};

pub fn bad_data_is_refused_by_name(engine: &dyn Engine) {
    let sample = Sample::new(60, 3);
    let training = || Training::new(parameters(&[]), sample.dataset(engine), 2);
    let refused = |training: &Training, part: &str| {
        let error = train(engine, training).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{error}");
        let said = format!("{error} {:?}", error.hint());
        assert!(said.contains(part), "{said} has no {part:?}");
    };
    let mut without = training();
    without.sets[0].label = None;
    refused(&without, "no labels");
    let mut short = training();
    short.sets[0].label = Some(column(engine, &[0.0; 59]));
    refused(&short, "59 values of label for 60 rows");
    let mut missing = training();
    let mut labels = sample.label.clone();
    labels[50] = f64::NAN;
    missing.sets[0].label = Some(column(engine, &labels));
    refused(&missing, "NaN");
    let mut wrong = training();
    wrong.sets[0].label = Some(column(engine, &[7.0; 60]));
    refused(&wrong, "logistic");
    let mut other = training();
    other.sets.push(Sample::new(60, 4).dataset(engine));
    other.evals = vec![(1, "test".into())];
    refused(&other, "4 features");
    let mut names = training();
    names.sets.push(sample.dataset(engine));
    names.sets[0].about.names = ["a", "b", "c"].map(String::from).to_vec();
    names.sets[1].about.names = ["a", "c", "b"].map(String::from).to_vec();
    refused(&names, "same columns in the same order");
    let mut unknown = training();
    unknown.evals = vec![(0, "train".into())];
    unknown.stopping =
        Some(EarlyStopping { rounds: 1, data: Some("test".into()), metric: None, maximize: None, min_delta: 0.0 });
    refused(&unknown, "train-logloss");
    let none = Training::new(parameters(&[]), Sample::new(0, 3).dataset(engine), 2);
    refused(&none, "no rows");
    let odd = Training { parameters: parameters(&[("max_depth", "deep")]), ..training() };
    refused(&odd, "max_depth");
}

pub fn damaged_models_are_refused(_engine: &dyn Engine) {
    let sample = Sample::new(60, 3);
    let whole = alone(&sample, &parameters(&[]), 3);
    assert_eq!(Model::of_bytes(whole.clone()).unwrap().rounds(), 3);
    for bytes in [&whole[..whole.len() / 2], &b"not a model"[..], &b""[..], &b"{}"[..]] {
        let error = Model::of_bytes(bytes.to_vec()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{error}");
        assert!(error.hint().is_some());
    }
    let error = Model::open("/nowhere/model.ubj").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    let error = Model::of_bytes(whole).unwrap().predict(&[1.0; 4], &Asked::default()).unwrap_err();
    assert!(error.message().contains("3 features"), "{error}");
}
