//! Principal components and singular vectors: from sums of products, one pass over the rows.

use crate::columns::need_finite_features;
use crate::dense::{Symmetric, dot};
use crate::features::Change;
use crate::file::{self, ModelFile};
use crate::gram::Gram;
use crate::matrix::Matrix;
use crate::statistic;
use phalanx_engine::{Engine, Error, Result};
use serde_json::{Value, json};
use std::path::Path;

/// How many components are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Components {
    /// All: as many as there are features, or rows if these are fewer.
    All,
    /// So many.
    Count(usize),
    /// As many as explain more than this share of the variance.
    Share(f64),
}

/// Means of features, and sums of their products about the means or about 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Rows.
    pub rows: u64,
    /// Of each feature the mean.
    pub mean: Vec<f64>,
    /// Of each feature the sum of squared deviations from the mean.
    pub deviation: Vec<f64>,
    /// The sums of products.
    pub products: Symmetric,
}

impl Spread {
    /// Of all rows; one pass.
    ///
    /// # Errors
    /// `Input`: rows have weights. `Data`: no rows; NaN or infinite values; values whose products overflow.
    pub async fn of(engine: &dyn Engine, data: &Matrix, centered: bool) -> Result<Self> {
        if data.layout().weight {
            return Err(Error::input("components of weighted rows").with_hint("leave the weights out"));
        }
        let state = statistic::compute_async(engine, &Gram { with_target: false }, data).await?;
        if !state.is_finite() {
            need_finite_features(engine, data).await?;
            return Err(Error::data("features are so large that their products overflow")
                .with_hint("standardise them first (StandardScaler)"));
        }
        let (width, count, mean) = (data.layout().width, state.rows as f64, state.mean);
        let about_means = Symmetric::from_packed(&state.products, width);
        let deviation = about_means.diagonal();
        let products = match centered {
            true => about_means,
            false => Symmetric::of(width, |i, j| about_means.at(i, j) + count * mean[i] * mean[j]),
        };
        Ok(Self { rows: state.rows, mean, deviation, products })
    }
}

/// Principal components, from the covariance of the features (scikit-learn's `covariance_eigh`). Components whose variance
/// is below 1e-15 of the largest are rounding.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{Pca, components::Components, datasets};
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(5_000, 4).build()?.persist(&engine)?;
/// let model = Pca::new(Components::Count(2)).fit(&engine, &data)?;
/// assert_eq!(model.transform(&data)?.names(), ["pca0", "pca1"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Pca {
    components: Components,
    whiten: bool,
}

impl Pca {
    /// So many components, not whitened.
    pub fn new(components: Components) -> Self {
        Self { components, whiten: false }
    }
    /// With rows that have variance 1 along each component.
    pub fn whiten(mut self) -> Self {
        self.whiten = true;
        self
    }
    /// Finds the components. Blocks until it is done.
    ///
    /// # Errors
    /// `Input`: there are not so many components. `Data`: fewer than two rows; otherwise as [`Spread::of`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<ComponentsModel> {
        let matrix = data.as_ref();
        let Spread { rows, mean, products, .. } = futures::executor::block_on(Spread::of(engine, matrix, true))?;
        if rows < 2 {
            return Err(Error::data(format!("principal components of {rows} rows")).with_hint("two is the minimum"));
        }
        let eigen = products.eigen()?;
        let width = mean.len();
        let most = width.min(usize::try_from(rows).unwrap_or(usize::MAX));
        let variances: Vec<f64> = eigen.values.iter().map(|value| value.max(0.0) / (rows - 1) as f64).collect();
        let total: f64 = variances[..most].iter().sum();
        let kept = self.kept(&variances[..most], total)?;
        let explained = variances[..kept].to_vec();
        let noise = if kept < most { variances[kept..most].iter().sum::<f64>() / (most - kept) as f64 } else { 0.0 };
        let singular: Vec<f64> = explained.iter().map(|variance| (variance * (rows - 1) as f64).sqrt()).collect();
        let file = ModelFile::new("PCA")
            .parameter("n_components", json!(kept))
            .parameter("copy", json!(true))
            .parameter("whiten", json!(self.whiten))
            .parameter("svd_solver", json!("auto"))
            .parameter("tol", file::number(0.0))
            .parameter("iterated_power", json!("auto"))
            .parameter("n_oversamples", json!(10))
            .parameter("power_iteration_normalizer", json!("auto"))
            .parameter("random_state", Value::Null)
            .state("mean_", file::vector(&mean))
            .state("n_samples_", json!(rows))
            .state("n_components_", json!(kept))
            .state("noise_variance_", file::number(noise));
        Ok(ComponentsModel::new(file, matrix.names(), &eigen.lines[..kept * width], explained, &singular, total))
    }

    fn kept(&self, variances: &[f64], total: f64) -> Result<usize> {
        match self.components {
            Components::All => Ok(variances.len()),
            Components::Count(count) if (1..=variances.len()).contains(&count) => Ok(count),
            Components::Share(share) if share > 0.0 && share < 1.0 => {
                let mut sum = 0.0;
                let reached = variances.iter().position(|variance| {
                    sum += variance / total;
                    sum > share
                });
                Ok(reached.map_or(variances.len(), |at| at + 1))
            }
            other => Err(Error::input(format!("{other:?} of {} components", variances.len()))
                .with_hint("a count between 1 and that, or a share between 0 and 1")),
        }
    }
}

/// The first singular vectors, without centering; exact. One pass over the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct TruncatedSvd {
    components: usize,
}

impl TruncatedSvd {
    /// So many vectors.
    pub fn new(components: usize) -> Self {
        Self { components }
    }
    /// Finds the vectors. Blocks until it is done.
    ///
    /// # Errors
    /// `Input`: more vectors than features, or none. Otherwise as [`Spread::of`].
    pub fn fit(&self, engine: &dyn Engine, data: impl AsRef<Matrix>) -> Result<ComponentsModel> {
        let matrix = data.as_ref();
        let width = matrix.layout().width;
        if !(1..=width).contains(&self.components) {
            return Err(Error::input(format!("{} singular vectors of {width} features", self.components))
                .with_hint("take at least one, and at most as many as there are features"));
        }
        let Spread { rows, mean, deviation, products } =
            futures::executor::block_on(Spread::of(engine, matrix, false))?;
        let eigen = products.eigen()?;
        let lines = &eigen.lines[..self.components * width];
        let squares: Vec<f64> = eigen.values[..self.components].iter().map(|value| value.max(0.0)).collect();
        // The variance along a direction: the mean square less the squared mean.
        let along = squares.iter().zip(lines.chunks_exact(width));
        let explained =
            along.map(|(square, line)| (square / rows as f64 - dot(line, &mean).powi(2)).max(0.0)).collect();
        let singular: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
        let total = deviation.iter().sum::<f64>() / rows as f64;
        let file = ModelFile::new("TruncatedSVD")
            .parameter("n_components", json!(self.components))
            .parameter("algorithm", json!("tsqr"))
            .parameter("n_iter", json!(5))
            .parameter("random_state", Value::Null)
            .parameter("tol", file::number(0.0))
            .parameter("compute", json!(true))
            .parameter("n_oversamples", json!(10))
            .parameter("power_iteration_normalizer", json!("auto"));
        Ok(ComponentsModel::new(file, matrix.names(), lines, explained, &singular, total))
    }
}

/// Directions in the space of the features.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentsModel {
    file: ModelFile,
    names: Vec<String>,
    components: Vec<f64>,
    variances: Vec<f64>,
    singular_values: Vec<f64>,
    mean: Option<Vec<f64>>,
    whiten: bool,
}

impl ComponentsModel {
    fn new(
        file: ModelFile,
        names: &[String],
        components: &[f64],
        variances: Vec<f64>,
        singular_values: &[f64],
        total: f64,
    ) -> Self {
        let shares: Vec<f64> = variances.iter().map(|variance| variance / total).collect();
        let file = file
            .features(names)
            .state("components_", file::array(&[variances.len(), names.len()], components))
            .state("explained_variance_", file::vector(&variances))
            .state("explained_variance_ratio_", file::vector(&shares))
            .state("singular_values_", file::vector(singular_values));
        let mean = file.has("mean_").then(|| file.floats("mean_").unwrap_or_default());
        let whiten = file.flag("whiten").unwrap_or(false);
        let (components, singular_values) = (components.to_vec(), singular_values.to_vec());
        Self { file, names: names.to_vec(), components, variances, singular_values, mean, whiten }
    }
    /// The directions, one after the other, of length 1; the largest entry of each is positive.
    pub fn components(&self) -> &[f64] {
        &self.components
    }
    /// The variance along each.
    pub fn explained_variance(&self) -> &[f64] {
        &self.variances
    }
    /// The singular value of each.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }
    /// What rows are shifted by; `None` for singular vectors.
    pub fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
    }
    /// The rows along the directions, as features `pca0`, `pca1`, … or `truncatedsvd0`, …; lazy.
    ///
    /// # Errors
    /// `Input`: the features are not those that the model was fitted to.
    pub fn transform(&self, data: impl AsRef<Matrix>) -> Result<Matrix> {
        let (matrix, width) = (data.as_ref(), self.names.len());
        matrix.need_features("the model", &self.names)?;
        let scale = |line: usize| match self.whiten {
            true => self.variances[line].sqrt().max(f64::EPSILON),
            false => 1.0,
        };
        let lines = self.components.iter().enumerate().map(|(place, entry)| entry / scale(place / width)).collect();
        let prefix = self.file.class().to_lowercase();
        let names = (0..self.variances.len()).map(|line| format!("{prefix}{line}")).collect();
        let center = self.mean.clone().unwrap_or_else(|| vec![0.0; width]);
        Change::Project { center, lines }.of("components", matrix, names)
    }
    /// The model as the JSON that `phalanx.ml.persistence` reads: see [`ModelFile`].
    pub fn to_json(&self) -> String {
        self.file.to_json()
    }
    /// Writes the file of [`to_json`](ComponentsModel::to_json), whole or not at all.
    ///
    /// # Errors
    /// `Resources`: it can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file.save(path.as_ref())
    }
    /// Reads a file of [`save`](ComponentsModel::save), or of Python.
    ///
    /// # Errors
    /// `Data`: it can't be read, or is no such model. `Unsupported`: it is of another version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = ModelFile::load(path.as_ref(), &["PCA", "TruncatedSVD"])?;
        let names = file.names()?;
        let variances = file.floats("explained_variance_")?;
        let components = file.floats_of("components_", variances.len() * names.len())?;
        let singular_values = file.floats_of("singular_values_", variances.len())?;
        let is_centered = file.class() == "PCA";
        let mean = if is_centered { Some(file.floats_of("mean_", names.len())?) } else { None };
        let whiten = is_centered && file.flag("whiten")?;
        Ok(Self { file, names, components, variances, singular_values, mean, whiten })
    }
}
