//! Boosted trees, trained by ranks on the cluster's workers.

use super::data::Parts;
use super::digest_of;
use crate::demo::report::Done;
use phalanx::boost::model::CATEGORIES;
use phalanx::boost::train::train;
use phalanx::boost::{Dataset, EarlyStopping, Parameters, Training};
use phalanx_engine::{Engine, Error, Result};

/// Rounds at most, and so many without an improvement end the training.
const ROUNDS: u32 = 100;
const PATIENCE: u32 = 15;

/// A model, and how it came about.
#[derive(Clone)]
pub struct Model {
    /// XGBoost's parameters.
    pub parameters: Vec<(String, String)>,
    /// In XGBoost's own format.
    pub bytes: Vec<u8>,
    /// For each round the metrics, each as `data-metric` and its value.
    pub history: Vec<Vec<(String, f64)>>,
    /// Its best round, counted from 1.
    pub round: u32,
    /// XGBoost's area under precision over recall after it, on the rows to choose by.
    pub precision: f64,
    /// How often the training was started again after a loss.
    pub restarts: u32,
}

/// The two data sets of a training, loaded once.
pub struct Sets {
    train: Dataset,
    choose: Dataset,
    /// What goes with each model: which text each code of a category stands for.
    attributes: Vec<(String, String)>,
}

impl Sets {
    /// Loads them.
    ///
    /// # Errors
    /// The engine's.
    pub fn load(engine: &dyn Engine, parts: &Parts) -> Result<Self> {
        let categories = serde_json::to_string(&parts.categories)
            .map_err(|error| Error::internal("categories can't be written").caused_by(&error))?;
        Ok(Self {
            train: parts.train.dataset(engine, parts)?,
            choose: parts.choose.dataset(engine, parts)?,
            attributes: vec![(CATEGORIES.to_owned(), categories)],
        })
    }

    /// Trains with these parameters beside the usual ones.
    ///
    /// # Errors
    /// XGBoost's and the engine's.
    pub async fn fit(
        &self,
        engine: &dyn Engine,
        parameters: Vec<(String, String)>,
        rounds: u32,
        stopping: Option<EarlyStopping>,
    ) -> Result<Model> {
        let mut training = Training::new(Parameters::new(parameters.clone())?, self.train.clone(), rounds);
        training.sets.push(self.choose.clone());
        training.evals = vec![(0, String::from("train")), (1, String::from("choose"))];
        training.stopping = stopping;
        training.attributes.clone_from(&self.attributes);
        let trained = train(engine, &training, |_round, _scores| Ok(())).await?;
        let last = trained.history.len().checked_sub(1).ok_or_else(|| Error::internal("a training of no rounds"))?;
        let best = trained.best.map_or(last, |(round, _)| round as usize);
        let scores = trained.history.get(best).into_iter().flatten();
        let precision = scores.filter(|(name, _)| name == "choose-aucpr").map(|(_, score)| *score).next_back();
        Ok(Model {
            parameters,
            bytes: trained.model,
            history: trained.history,
            round: best as u32 + 1,
            precision: precision.ok_or_else(|| Error::internal("a training tells no precision"))?,
            restarts: trained.restarts,
        })
    }
}

/// What every training here is told.
pub fn usual(seed: u64) -> Vec<(String, String)> {
    let pairs = [
        ("objective", "binary:logistic"),
        ("eval_metric", "logloss"),
        ("eval_metric", "aucpr"),
        ("tree_method", "hist"),
    ];
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.chain([(String::from("seed"), seed.to_string())]).collect()
}

/// Loads the data sets, and trains with XGBoost's defaults until the rows to choose by are not predicted better any more.
pub fn run(engine: &dyn Engine, parts: &Parts, seed: u64) -> Result<((Sets, Model), Done)> {
    let sets = Sets::load(engine, parts)?;
    let stopping = EarlyStopping { rounds: PATIENCE, data: None, metric: None, maximize: Some(true), min_delta: 0.0 };
    let model = futures::executor::block_on(sets.fit(engine, usual(seed), ROUNDS, Some(stopping)))?;
    let rounds = model.history.len();
    let digest = digest_of(model.history.iter().flatten().map(|(_, score)| *score).chain([f64::from(model.round)]));
    let done = Done::new(&digest)
        .fact("average_precision", model.precision)
        .fact("rounds", rounds)
        .fact("best_round", model.round)
        .fact("restarts", model.restarts)
        .say(format!(
            "boosted trees: average precision {:.4} after round {} of {rounds}{}",
            model.precision,
            model.round,
            restarts(model.restarts)
        ));
    Ok(((sets, model), done))
}

/// How often a training began again, if it did.
pub fn restarts(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => String::from("; it went on once after a loss"),
        count => format!("; it went on {count} times after losses"),
    }
}
