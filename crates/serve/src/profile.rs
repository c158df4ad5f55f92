//! How features were distributed in training, and how they are now.
//!
//! The drift of a feature is its *population stability index* against the training: over the bins of the training's
//! deciles and one for missing values, the sum of (now − then) · ln(now / then) of the bins' shares. By the custom of
//! credit scoring, below 0.1 nothing has changed, above 0.25 the model should be trained again.

use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Bins of a feature, besides the one of missing values; fewer, where values repeat.
const BINS: usize = 10;
/// Rows that are looked back on.
const WINDOW_ROWS: usize = 10_000;
/// With fewer rows, shares are chance.
const WINDOW_ROWS_MIN: usize = 500;
/// A bin that nothing fell into counts as this share: the index stays finite.
const SHARE_MIN: f64 = 1e-4;
const VERSION: u32 = 1;

/// How features were distributed in a training. It travels inside the model's file, as an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    version: u32,
    rows: u64,
    features: Vec<Distribution>,
}

/// How one feature was distributed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Distribution {
    name: String,
    /// Where a bin ends and the next begins; ascending.
    edges: Vec<f32>,
    /// For each bin, and then for missing values, its share of the rows.
    shares: Vec<f64>,
}

impl Distribution {
    fn of(name: &str, values: &[f32]) -> Self {
        let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut edges: Vec<f32> = (1..BINS).filter_map(|bin| sorted.get(bin * sorted.len() / BINS).copied()).collect();
        edges.dedup();
        let mut found = Self { name: name.to_owned(), shares: vec![0.0; edges.len() + 2], edges };
        let share = 1.0 / values.len().max(1) as f64;
        for value in values {
            let bin = found.bin(*value);
            if let Some(bin) = found.shares.get_mut(bin) {
                *bin += share;
            }
        }
        found
    }

    fn bin(&self, value: f32) -> usize {
        match value.is_nan() {
            true => self.edges.len() + 1,
            false => self.edges.partition_point(|edge| *edge <= value),
        }
    }

    fn stability(&self, counts: &[u32], rows: usize) -> f64 {
        let index = |(then, now): (&f64, &u32)| {
            let (then, now) = (then.max(SHARE_MIN), (f64::from(*now) / rows as f64).max(SHARE_MIN));
            (now - then) * (now / then).ln()
        };
        self.shares.iter().zip(counts).map(index).sum()
    }
}

impl Profile {
    /// The attribute of a model that holds its profile.
    pub const ATTRIBUTE: &str = "phalanx_profile";

    /// The profile of these columns, each a feature's name and its values, missing ones NaN. Cost: a sort of each.
    pub fn of<'a>(columns: impl IntoIterator<Item = (&'a str, &'a [f32])>) -> Self {
        let mut rows = 0;
        let features = columns.into_iter().map(|(name, values)| {
            rows = rows.max(values.len() as u64);
            Distribution::of(name, values)
        });
        let features = features.collect();
        Self { version: VERSION, rows, features }
    }

    /// As the text of an attribute.
    ///
    /// # Errors
    /// `Internal`: it can't be written.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal("a profile can't be written").caused_by(&error))
    }

    /// What [`Profile::text`] has written.
    ///
    /// # Errors
    /// `Data`: it is damaged, or of another version.
    pub fn parse(text: &str) -> Result<Self> {
        let damaged =
            || Error::data("the model's profile of its training is damaged").with_hint("save the model once more");
        let profile: Self = serde_json::from_str(text).map_err(|error| damaged().caused_by(&error))?;
        if profile.version != VERSION {
            let version = profile.version;
            return Err(Error::data(format!(
                "the model's profile is of version {version}, and {VERSION} is read here"
            )));
        }
        match profile.features.iter().all(|feature| feature.shares.len() == feature.edges.len() + 2) {
            true => Ok(profile),
            false => Err(damaged()),
        }
    }

    /// The features' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }
    /// Rows of the training.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// The last rows that were asked about, as bins of a [`Profile`].
#[derive(Debug)]
pub struct Window {
    profile: Profile,
    /// A row after the other, each as the bins of its features.
    bins: VecDeque<u8>,
    /// For each feature how many rows are in each of its bins.
    counts: Vec<Vec<u32>>,
}

impl Window {
    /// Nothing was asked yet.
    pub fn new(profile: Profile) -> Self {
        let counts = profile.features.iter().map(|feature| vec![0; feature.shares.len()]).collect();
        Self { profile, bins: VecDeque::new(), counts }
    }

    /// Notes rows, whose numbers lie one after the other; the oldest ones are forgotten.
    pub fn note(&mut self, numbers: &[f32]) {
        let width = self.profile.features.len().max(1);
        for row in numbers.chunks_exact(width) {
            if self.rows() == WINDOW_ROWS {
                let oldest: Vec<u8> = self.bins.drain(..width).collect();
                self.count(&oldest, u32::wrapping_sub);
            }
            let bins: Vec<u8> =
                self.profile.features.iter().zip(row).map(|(feature, value)| feature.bin(*value) as u8).collect();
            self.count(&bins, u32::wrapping_add);
            self.bins.extend(bins);
        }
    }

    fn count(&mut self, bins: &[u8], change: fn(u32, u32) -> u32) {
        for (counts, bin) in self.counts.iter_mut().zip(bins) {
            if let Some(count) = counts.get_mut(usize::from(*bin)) {
                *count = change(*count, 1);
            }
        }
    }

    /// Rows in it.
    pub fn rows(&self) -> usize {
        self.bins.len() / self.profile.features.len().max(1)
    }

    /// For each feature how far it has drifted; none before there are enough rows to tell.
    pub fn drift(&self) -> Vec<(&str, f64)> {
        let rows = self.rows();
        if rows < WINDOW_ROWS_MIN {
            return vec![];
        }
        let features = self.profile.features.iter().zip(&self.counts);
        features.map(|(feature, counts)| (feature.name.as_str(), feature.stability(counts, rows))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let values: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let flags: Vec<f32> =
            (0..1000).map(|value| if value % 4 == 0 { f32::NAN } else { (value % 2) as f32 }).collect();
        Profile::of([("value", values.as_slice()), ("flag", flags.as_slice())])
    }

    #[test]
    fn a_profile_survives_its_text() {
        let profile = profile();
        assert_eq!(Profile::parse(&profile.text().unwrap()).unwrap(), profile);
        assert_eq!(profile.features[0].edges.len(), 9);
        assert!(profile.features[0].shares[..10].iter().all(|share| (share - 0.1).abs() < 1e-9));
        assert_eq!((profile.features[1].edges.len(), profile.rows()), (2, 1000));
        assert!((profile.features[1].shares.last().unwrap() - 0.25).abs() < 1e-9);
        for text in ["{", "{}", r#"{"version":2,"rows":0,"features":[]}"#] {
            assert!(Profile::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_distributed_as_in_training_has_not_drifted() {
        let mut window = Window::new(profile());
        let row = |value: usize, shift: f32| {
            [value as f32 + shift, if value.is_multiple_of(4) { f32::NAN } else { (value % 2) as f32 }]
        };
        window.note(&row(1, 0.0));
        assert!(window.drift().is_empty());
        (0..WINDOW_ROWS).for_each(|value| window.note(&row(value % 1000, 0.0)));
        assert_eq!(window.rows(), WINDOW_ROWS);
        assert!(window.drift().iter().all(|(_, index)| *index < 0.01), "{:?}", window.drift());
        // Old rows are forgotten: what counts is what comes now.
        (0..WINDOW_ROWS).for_each(|value| window.note(&row(value % 1000, 400.0)));
        let drift = window.drift();
        assert!(drift[0].1 > 0.25 && drift[1].1 < 0.01, "{drift:?}");
    }

    #[test]
    fn the_index_is_that_of_its_definition() {
        let distribution = Distribution { name: "x".into(), edges: vec![0.0], shares: vec![0.5, 0.4, 0.1] };
        let expected = 0.2_f64.mul_add((0.7_f64 / 0.5).ln(), -0.1 * (0.3_f64 / 0.4).ln())
            + (SHARE_MIN - 0.1) * (SHARE_MIN / 0.1).ln();
        assert!((distribution.stability(&[700, 300, 0], 1000) - expected).abs() < 1e-12);
    }
}
