//! What a linear model makes of it: what boosting has to beat.

use super::data::Parts;
use super::digest_of;
use crate::demo::report::Done;
use phalanx::frame::expr::col;
use phalanx::learn::curves::PrecisionRecall;
use phalanx::learn::metrics::roc_auc;
use phalanx::learn::{Encoder, LogisticRegression, Penalty, Scaler};
use phalanx_engine::datafusion::arrow::array::AsArray;
use phalanx_engine::datafusion::arrow::datatypes::Float64Type;
use phalanx_engine::{Engine, Result};

/// How good the linear model is, on the rows to choose by.
pub struct Baseline {
    /// The area under precision over recall.
    pub precision: f64,
    /// The area under the ROC curve.
    pub auc: f64,
    /// The average precision of a model that knows nothing.
    pub chance: f64,
}

/// Encodes, standardises, fits, evaluates.
pub fn run(engine: &dyn Engine, parts: &Parts) -> Result<(Baseline, Done)> {
    let mut encoder = Encoder::new().target(&parts.target, col(&parts.target)).drop_missing();
    for feature in &parts.features {
        encoder = match parts.categories.contains_key(feature) {
            true => encoder.categorical(feature),
            false => encoder.numeric(feature),
        };
    }
    let encoding = encoder.fit(engine, &parts.train.frame)?;
    let train = encoding.transform(&parts.train.frame, engine.settings())?.persist(engine)?;
    let choose = encoding.transform(&parts.choose.frame, engine.settings())?.persist(engine)?;
    let scaler = Scaler::fit(engine, &train)?;
    let train = scaler.transform(&train)?.persist(engine)?;
    let model = LogisticRegression::new().penalty(Penalty::L2 { c: 1.0 }).fit(engine, &train)?;
    let answers = engine.submit(model.predict_proba(scaler.transform(&choose)?)?).wait()?;
    let column = |index: usize| -> Vec<f64> {
        let batches = answers.iter().flatten();
        batches.flat_map(|batch| batch.column(index).as_primitive::<Float64Type>().values().to_vec()).collect()
    };
    let (scores, targets) = (column(0), column(1));
    let is_positive: Vec<bool> = targets.iter().map(|target| *target == 1.0).collect();
    let precision = PrecisionRecall::of(&scores, &is_positive)?.average_precision();
    let auc = roc_auc(&scores, &targets, None)?;
    let chance = parts.choose.positives as f64 / parts.choose.rows as f64;
    let done = Done::new(&digest_of([precision, auc, chance]))
        .fact("average_precision", precision)
        .fact("auc", auc)
        .say(format!("logistic regression: average precision {precision:.4}, AUC {auc:.4} (by chance {chance:.4})"));
    Ok((Baseline { precision, auc, chance }, done))
}
