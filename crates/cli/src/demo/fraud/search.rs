//! A random search: twenty trainings with other parameters, as many at a time as there are cores for their ranks.

use super::digest_of;
use super::training::{Model, Sets, restarts, usual};
use crate::demo::report::Done;
use futures::{StreamExt, TryStreamExt, stream};
use phalanx::chunk::random::Distribution;
use phalanx::learn::draws::draws;
use phalanx_engine::{Engine, Result};

const TRIALS: usize = 20;
const ROUNDS: u32 = 20;
/// Ranks of a training, each of one thread.
const RANKS: usize = 2;
/// The stream of random numbers that settings are drawn from.
const STREAM: u64 = 0x7365_6172_6368; // "search"

/// What is searched: a parameter, and how a number of [0, 1) becomes its value.
type Searched = (&'static str, fn(f64) -> String);

const SEARCHED: [Searched; 8] = [
    ("max_depth", |u| (2 + (u * 8.0) as u32).to_string()),
    ("eta", |u| rounded(0.03 + 0.37 * u)),
    ("min_child_weight", |u| rounded(1.0 + 9.0 * u * u)),
    ("gamma", |u| rounded(4.0 * u * u)),
    ("lambda", |u| rounded(0.1 + 9.9 * u * u)),
    ("max_bin", |u| (64 << (u * 3.0) as u32).to_string()),
    ("scale_pos_weight", |u| rounded(1.0 + 19.0 * u * u)),
    ("max_delta_step", |u| ((u * 4.0) as u32).to_string()),
];

fn rounded(value: f64) -> String {
    format!("{value:.3}")
}

/// The trials, in the order in which they were drawn.
pub struct Search {
    trials: Vec<Model>,
    best: usize,
}

impl Search {
    /// All of them.
    pub fn trials(&self) -> &[Model] {
        &self.trials
    }
    /// The one that predicts the rows to choose by best; the first of equals.
    pub fn best(&self) -> &Model {
        &self.trials[self.best]
    }
    /// Which one that is.
    pub fn best_number(&self) -> usize {
        self.best
    }
    /// The names of what was searched.
    pub fn searched() -> impl Iterator<Item = &'static str> {
        SEARCHED.iter().map(|(name, _)| *name)
    }
}

/// The settings of all trials.
fn drawn(seed: u64) -> Result<Vec<Vec<(String, String)>>> {
    let draws = draws(Distribution::Random, seed, STREAM, 0, TRIALS * SEARCHED.len())?;
    let settings = |row: &[f64]| {
        let drawn = SEARCHED.iter().zip(row).map(|((name, value), u)| ((*name).to_owned(), value(*u)));
        usual(seed).into_iter().chain(drawn).collect()
    };
    Ok(draws.chunks(SEARCHED.len()).map(settings).collect())
}

/// Trains all trials.
pub fn run(engine: &dyn Engine, sets: &Sets, seed: u64) -> Result<(Search, Done)> {
    let cores: usize = engine.describe()?.workers.iter().map(|worker| worker.cores).sum();
    let side_by_side = (cores / RANKS).max(1);
    let trainings = drawn(seed)?.into_iter().map(|settings| sets.fit(engine, settings, ROUNDS, None));
    let trained = stream::iter(trainings).buffered(side_by_side).try_collect::<Vec<Model>>();
    let trials = futures::executor::block_on(trained)?;
    let precisions: Vec<f64> = trials.iter().map(|trial| trial.precision).collect();
    let better = |best: usize, trial: usize| if precisions[trial] > precisions[best] { trial } else { best };
    let search = Search { best: (0..trials.len()).fold(0, better), trials };
    let worst = precisions.iter().copied().fold(f64::INFINITY, f64::min);
    let again = search.trials.iter().map(|trial| trial.restarts).sum();
    let done = Done::new(&digest_of(precisions))
        .fact("trials", TRIALS)
        .fact("side_by_side", side_by_side)
        .fact("average_precision", search.best().precision)
        .fact("restarts", again)
        .say(format!(
            "{TRIALS} trainings over {} parameters, {side_by_side} at a time: average precision {worst:.4} to {:.4}{}",
            SEARCHED.len(),
            search.best().precision,
            restarts(again)
        ));
    Ok((search, done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_depend_on_the_seed_alone_and_fit_xgboost() {
        let settings = drawn(1).unwrap();
        assert_eq!(
            (settings.len(), settings == drawn(1).unwrap(), settings == drawn(2).unwrap()),
            (TRIALS, true, false)
        );
        for (name, value) in settings.iter().flatten().filter(|(name, _)| Search::searched().any(|known| known == name))
        {
            let value: f64 = value.parse().unwrap();
            let (low, high) = match name.as_str() {
                "max_depth" => (2.0, 9.0),
                "eta" => (0.03, 0.4),
                "max_bin" => (64.0, 256.0),
                _ => (0.0, 20.0),
            };
            assert!((low..=high).contains(&value), "{name} = {value}");
        }
    }
}
