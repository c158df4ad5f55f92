//! The best model on rows that nobody has seen, at thresholds that were chosen before.

use super::data::{Part, Parts};
use super::training::Model;
use super::{digest_of, write};
use crate::demo::report::Done;
use phalanx::boost::Model as Booster;
use phalanx::boost::native::Asked;
use phalanx::learn::curves::{Confusion, PrecisionRecall};
use phalanx::learn::metrics::roc_auc;
use phalanx_engine::{Engine, Error, Result};
use phalanx_serve::Profile;
use std::path::Path;

/// Beside the threshold of the best F1, those that find such a share on the rows to choose by.
const RECALLS: [f64; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

/// How good the model is.
pub struct Verdict {
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
    /// On the rows to judge by.
    pub curve: PrecisionRecall,
    /// Its area.
    pub precision: f64,
    /// The area under the ROC curve.
    pub auc: f64,
    /// Thresholds that were chosen on other rows, and what they make of these.
    pub thresholds: Vec<(String, Confusion)>,
}

/// Judges the model, and writes it with a profile of the rows that it was trained on.
pub fn run(engine: &dyn Engine, parts: &Parts, best: &Model, file: &Path) -> Result<(Verdict, Done)> {
    let bytes = described(engine, parts, &best.bytes)?;
    let model = Booster::of_bytes(bytes.clone())?;
    let (scores, targets) = answers(engine, &model, best.round, parts, &parts.choose)?;
    let chosen = PrecisionRecall::of(&scores, &targets)?;
    let (scores, targets) = answers(engine, &model, best.round, parts, &parts.judge)?;
    let curve = PrecisionRecall::of(&scores, &targets)?;
    let numbers: Vec<f64> = targets.iter().map(|target| f64::from(u8::from(*target))).collect();
    let auc = roc_auc(&scores, &numbers, None)?;
    let mut thresholds = vec![];
    if let Some(point) = chosen.best() {
        thresholds.push((String::from("best F1"), curve.at(point.threshold)));
    }
    for recall in RECALLS {
        if let Some(point) = chosen.points().iter().rev().find(|point| point.recall() >= recall) {
            thresholds.push((format!("recall of {recall}"), curve.at(point.threshold)));
        }
    }
    write(file, &bytes)?;
    let precision = curve.average_precision();
    let digest = digest_of(
        thresholds.iter().flat_map(|(_, at)| [at.threshold, at.precision(), at.recall()]).chain([precision, auc]),
    );
    let at = thresholds.first().map(|(_, at)| *at).ok_or_else(|| Error::internal("no threshold"))?;
    let done = Done::new(&digest)
        .fact("average_precision", precision)
        .fact("auc", auc)
        .fact("threshold", at.threshold)
        .fact("precision", at.precision())
        .fact("recall", at.recall())
        .fact("model", file.display().to_string())
        .say(format!(
            "on {} rows that nobody has seen: average precision {precision:.4}, AUC {auc:.4}",
            crate::text::count(curve.rows())
        ))
        .say(format!(
            "at {:.3} it finds {} of {} and is right in {:.1} % of what it says",
            at.threshold,
            at.true_positives,
            curve.positives(),
            at.precision() * 100.0
        ));
    Ok((Verdict { parameters: best.parameters.clone(), curve, precision, auc, thresholds }, done))
}

/// The model with a profile of its training, so that whoever serves it can tell how rows have changed since.
fn described(engine: &dyn Engine, parts: &Parts, bytes: &[u8]) -> Result<Vec<u8>> {
    let table = parts.train.frame.select(parts.features.clone())?.compute(engine)?;
    let mut columns = vec![];
    for name in &parts.features {
        let values: Vec<f32> = match parts.categories.get(name) {
            None => table.floats(name)?.into_iter().map(|value| value as f32).collect(),
            Some(texts) => {
                let code = |text: Option<String>| text.and_then(|text| texts.binary_search(&text).ok());
                table.strings(name)?.into_iter().map(|text| code(text).map_or(f32::NAN, |code| code as f32)).collect()
            }
        };
        columns.push((name.as_str(), values));
    }
    let profile = Profile::of(columns.iter().map(|(name, values)| (*name, values.as_slice())));
    let booster = phalanx::boost::native::Booster::of_bytes(bytes)?;
    booster.set_attribute(Profile::ATTRIBUTE, &profile.text()?)?;
    booster.save()
}

/// The model's answers to a part's rows, and what is right.
fn answers(
    engine: &dyn Engine,
    model: &Booster,
    round: u32,
    parts: &Parts,
    part: &Part,
) -> Result<(Vec<f64>, Vec<bool>)> {
    let asked = Asked { rounds: (0, round), ..Asked::default() };
    let answer = model.of_frame(&part.frame, &parts.features, &[], &asked)?;
    let answer = answer.into_iter().next().ok_or_else(|| Error::internal("a model that answers nothing"))?;
    const SCORE: &str = "phalanx_score";
    let table = part.frame.with_column(SCORE, answer)?.select([SCORE, parts.target.as_str()])?.compute(engine)?;
    Ok((table.floats(SCORE)?, table.floats(&parts.target)?.into_iter().map(|target| target == 1.0).collect()))
}
