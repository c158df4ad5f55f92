//! A model's file, and the features that it names.

use crate::profile::Profile;
use phalanx_boost::Model;
use phalanx_boost::native::{Asked, Booster};
use phalanx_engine::{Error, Result};
use std::path::Path;

/// A trained model of XGBoost, and what a server must know of it.
#[derive(Clone, Debug)]
pub struct ServedModel {
    name: String,
    model: Model,
    features: Vec<Feature>,
    asked: Asked,
    outputs: usize,
    profile: Option<Profile>,
}

/// A feature of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name; of a model without names `f0`, `f1` and so on, as XGBoost itself calls them.
    pub name: String,
    /// XGBoost's type: `float`, `int`, `q`, `i` or `c`.
    pub kind: String,
    /// The texts of its categories, if it has any: what a row says, where others say a number.
    pub categories: Option<Vec<String>>,
}

impl ServedModel {
    /// The model in a file that XGBoost or Phalanx has written, in either of XGBoost's formats (`.ubj`, `.json`).
    ///
    /// # Errors
    /// `Data`: the file can't be read, or holds no model. `Unsupported`: XGBoost is not installed.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self::new(&name, Model::open(path)?)
    }

    /// This model; `name` is for people. Of a model that stopped early its best round answers, as it does in XGBoost's
    /// estimators.
    ///
    /// # Errors
    /// `Data`: what it says of its training does not fit its features.
    pub fn new(name: &str, model: Model) -> Result<Self> {
        let feature = |place: usize| {
            let name = model.names().get(place).cloned().unwrap_or_else(|| format!("f{place}"));
            let categories = model.categories().get(&name).cloned();
            let kind = model.types().get(place).cloned().unwrap_or_else(|| String::from("float"));
            Feature { name, kind, categories }
        };
        let features: Vec<Feature> = (0..model.features()).map(feature).collect();
        let profile = Booster::of_bytes(model.bytes())?.attribute(Profile::ATTRIBUTE)?;
        let profile = profile.map(|text| Profile::parse(&text)).transpose()?;
        if let Some(profile) = &profile
            && !profile.names().eq(features.iter().map(|feature| feature.name.as_str()))
        {
            return Err(Error::data(format!("{name} describes the training of other features than it has"))
                .with_hint("train and save it once more"));
        }
        let rounds = (0, model.best_round().map_or(0, |best| best + 1));
        let asked = Asked { rounds, ..Asked::default() };
        let outputs = model.shape(&asked)?.iter().product();
        Ok(Self { name: name.to_owned(), model, features, asked, outputs, profile })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The features of a row, in order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }
    /// Numbers of a prediction: 1, or one for each class or target.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
    /// Rounds of its training.
    pub fn rounds(&self) -> u32 {
        self.model.rounds()
    }
    /// How features were distributed in its training, if that was kept.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The predictions of rows, whose numbers lie one after the other.
    ///
    /// # Errors
    /// XGBoost's.
    pub(crate) fn predict(&self, numbers: &[f32]) -> Result<Vec<f32>> {
        Ok(self.model.predict(numbers, &self.asked)?.values)
    }
}
