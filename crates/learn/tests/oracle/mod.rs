//! The same data in scikit-learn: `make.py` wrote both files.

use crate::suite::{bits, columns, model_bits};
use phalanx_engine::Engine;
use phalanx_frame::expr::col;
use phalanx_frame::{Table, read_csv};
use phalanx_learn::metrics::roc_auc;
use phalanx_learn::{Encoder, LogisticRegression, Penalty, Scaler, metrics};
use serde_json::Value;
use std::sync::Arc;

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// serde_json's own reading may be off by one bit, which no tolerance here sees.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
    }
}

pub fn models_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle");
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/expected.json")).unwrap()).unwrap();
    let frame = read_csv(&format!("{folder}/data.csv")).unwrap();
    let encoder =
        Encoder::new().numeric("a").numeric("b").numeric("c").numeric("hour").categorical("kind").target("y", col("y"));
    let weighted = encoder.clone().weight("weight");
    let mut bytes = vec![];

    let data = encoder.fit(engine, &frame).unwrap().transform(&frame, engine.settings()).unwrap();
    let scaler = Scaler::fit(engine, &data).unwrap();
    near("mean", scaler.mean(), &numbers(&expected["mean"]), 1e-12);
    near("scale", scaler.scale(), &numbers(&expected["scale"]), 1e-12);
    let heavy = weighted.fit(engine, &frame).unwrap().transform(&frame, engine.settings()).unwrap();
    let heavy_scaler = Scaler::fit(engine, &heavy).unwrap();
    near("weighted mean", heavy_scaler.mean(), &numbers(&expected["weighted_mean"]), 1e-12);
    near("weighted scale", heavy_scaler.scale(), &numbers(&expected["weighted_scale"]), 1e-12);
    bytes.extend(bits(heavy_scaler.mean().iter().chain(heavy_scaler.scale())));

    let train = scaler.transform(&data).unwrap().persist(engine).unwrap();
    let heavy = scaler.transform(&heavy).unwrap().persist(engine).unwrap();
    let fit = LogisticRegression::new().tol(1e-13);
    for model in expected["models"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        let (parameters, data) = match name {
            "l2_1" => (fit.clone().penalty(Penalty::L2 { c: 1.0 }), &train),
            "l2_0.01" => (fit.clone().penalty(Penalty::L2 { c: 0.01 }), &train),
            "none" => (fit.clone().penalty(Penalty::None), &train),
            "no_intercept" => (fit.clone().penalty(Penalty::L2 { c: 1.0 }).without_intercept(), &train),
            _ => (fit.clone().penalty(Penalty::L2 { c: 0.5 }), &heavy),
        };
        let fitted = parameters.fit(engine, data).unwrap();
        assert!(fitted.convergence().converged, "{name}: {:?}", fitted.convergence());
        near(name, fitted.coefficients(), &numbers(&model["coefficients"]), 1e-9);
        near(name, fitted.intercepts(), &[number(&model["intercept"])], 1e-9);
        if name == "weighted" {
            near(name, &[fitted.score(engine, data).unwrap()], &[number(&model["accuracy"])], 1e-12);
            near(name, &[fitted.convergence().loss], &[number(&model["log_loss"])], 1e-9);
            let weights = columns(engine, data.matrix().plan()).swap_remove(2);
            let decisions = columns(engine, &fitted.decision_function(data).unwrap());
            let auc = roc_auc(&decisions[0], &decisions[1], Some(&weights)).unwrap();
            near(name, &[auc], &[number(&model["auc"])], 1e-12);
            continue;
        }
        let evaluation = metrics::evaluate(engine, &fitted, data).unwrap();
        near(name, &[evaluation.log_loss], &[number(&model["log_loss"])], 1e-9);
        near(name, &[evaluation.accuracy], &[number(&model["accuracy"])], 1e-12);
        near(name, &[evaluation.auc], &[number(&model["auc"])], 1e-12);
        near(name, &[evaluation.base_rate], &[number(&expected["base_rate"])], 1e-12);
        bytes.extend(model_bits(&fitted, &evaluation));
    }

    let job = engine.submit(frame.plan(engine.settings()).unwrap());
    let schema = Arc::clone(job.schema());
    let table = Table::new(schema, job.wait().unwrap().into_iter().flatten().collect());
    let ties: Vec<f64> = table.floats("a").unwrap().iter().map(|value| value.round_ties_even()).collect();
    let (targets, weights) = (table.floats("y").unwrap(), table.floats("weight").unwrap());
    let aucs = [roc_auc(&ties, &targets, None).unwrap(), roc_auc(&ties, &targets, Some(&weights)).unwrap()];
    near("ties", &aucs, &[number(&expected["tied_auc"]), number(&expected["weighted_tied_auc"])], 1e-12);
    bytes
}
