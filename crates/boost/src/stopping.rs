//! When a training has gone on for long enough: a metric has not become better for some rounds.

use serde::{Deserialize, Serialize};

/// Metrics of which more is better, by how their names begin.
const MAXIMIZED: [&str; 6] = ["auc", "aucpr", "pre", "map", "ndcg", "interval-regression-accuracy"];

/// Ends a training after so many rounds without an improvement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// So many rounds.
    pub rounds: u32,
    /// The rows whose metric counts; the last ones by default.
    pub data: Option<String>,
    /// The metric that counts; the last one by default.
    pub metric: Option<String>,
    /// Whether more is better; by the metric's name by default.
    pub maximize: Option<bool>,
    /// An improvement by no more than this is none.
    pub min_delta: f64,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The best round so far, and its score.
    pub best: Option<(u32, f64)>,
    /// Rounds since then.
    since: u32,
}

impl EarlyStopping {
    /// Notes the scores after a round, each as `data-metric` and its value. True: stop. `None`: the score that counts is
    /// not among them.
    pub fn note(&self, progress: &mut Progress, round: u32, scores: &[(String, f64)]) -> Option<bool> {
        let counts = |(name, _): &&(String, f64)| {
            let (data, metric) = name.split_once('-').unwrap_or((name, ""));
            self.data.as_deref().is_none_or(|wanted| wanted == data)
                && self.metric.as_deref().is_none_or(|wanted| wanted == metric)
        };
        let (name, score) = scores.iter().rev().find(counts)?;
        let metric = name.split_once('-').map_or("", |(_, metric)| metric);
        let is_more_better = self
            .maximize
            .unwrap_or_else(|| metric != "mape" && MAXIMIZED.iter().any(|start| metric.starts_with(start)));
        let is_better = progress.best.is_none_or(|(_, best)| match is_more_better {
            true => score - self.min_delta > best,
            false => best - self.min_delta > *score,
        });
        if is_better {
            *progress = Progress { best: Some((round, *score)), since: 0 };
        } else {
            progress.since += 1;
        }
        Some(progress.since >= self.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops_at(stopping: &EarlyStopping, name: &str, values: &[f64]) -> (Option<usize>, Option<(u32, f64)>) {
        let mut progress = Progress::default();
        let at = values.iter().enumerate().position(|(round, value)| {
            let scores = [("train-other".to_owned(), 0.0), (name.to_owned(), *value)];
            stopping.note(&mut progress, round as u32, &scores).unwrap()
        });
        (at, progress.best)
    }

    #[test]
    fn it_stops_after_rounds_without_an_improvement() {
        let stopping = EarlyStopping { rounds: 2, data: None, metric: None, maximize: None, min_delta: 0.0 };
        assert_eq!(stops_at(&stopping, "test-rmse", &[3.0, 2.0, 2.5, 2.0, 1.0]), (Some(3), Some((1, 2.0))));
        assert_eq!(stops_at(&stopping, "test-auc", &[0.5, 0.6, 0.7, 0.7, 0.7]), (Some(4), Some((2, 0.7))));
        assert_eq!(stops_at(&stopping, "test-mape", &[0.5, 0.4, 0.3]).0, None);
        let strict = EarlyStopping { min_delta: 0.2, ..stopping.clone() };
        assert_eq!(stops_at(&strict, "test-rmse", &[1.0, 0.9, 0.8]).0, Some(2));
        let other = EarlyStopping { data: Some("eval".into()), ..stopping };
        assert_eq!(other.note(&mut Progress::default(), 0, &[("test-rmse".into(), 1.0)]), None);
    }
}
