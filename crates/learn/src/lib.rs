//! Data sets, preprocessing, estimators and metrics, over rows that stay where they are.
//!
//! The core is one trait: a [`Statistic`] is a sum over rows that merges. Computing one runs a job that sends only its
//! states; an estimator is a statistic and a small loop on the client over persisted rows. Bits depend on the rows and
//! the borders of their partitions alone: a statistic sees fixed blocks of rows, and states merge in order.
//!
//! What this crate never does: touch the insides of an engine, or gather rows to fit a model.
//!
//! | module | what it holds |
//! |---|---|
//! | [`statistic`] | the trait, its operator and how it runs |
//! | [`rows`] | blocks of rows, and their form on the wire |
//! | [`matrix`] | rows of named features: lazy ([`Matrix`]) and persisted ([`Data`]) |
//! | [`encode`] | from a frame's columns to features: numbers and categories |
//! | [`scale`] | standardised features |
//! | `split`, [`stratify`], [`strata`] | parts of the rows: [`Data::split`], [`stratified_split`], [`strata::stratified_parts`] |
//! | [`reorder`] | rows of arrays, drawn and in another order: [`reorder::split_within_chunks`], [`reorder::take_rows`] |
//! | [`labels`] | different values of arrays, and their numbers |
//! | `intake` | rows from arrays and frames: [`Matrix::from_array`], [`Matrix::from_frame`] |
//! | [`columns`], [`gram`], [`glm`], [`clusters`] | the passes that estimators are loops around |
//! | [`glm_fit`], [`minimise`] | loops around them, and the solvers that these take |
//! | [`logistic`] | logistic regression of two classes or more |
//! | [`linear_model`] | least squares, plain and penalised, and counts |
//! | [`kmeans`], [`components`], [`naive_bayes`] | clusters, principal components and singular vectors, naive Bayes |
//! | `min_max` | features between bounds: [`MinMaxScaler`] |
//! | [`mod@file`] | models as files, which Python reads too |
//! | [`report`] | what fits tell while they run |
//! | [`metrics`], [`curves`] | how good a model is, at one threshold and at all |
//! | [`datasets`], [`transactions`] | generated data |
//! | `linear`, `centered`, `strips`, `solve`, [`dense`], `rule`, `features`, `pick`, [`mod@draws`] | what is under these |

mod centered;
pub mod clusters;
pub mod columns;
pub mod components;
pub mod curves;
pub mod datasets;
pub mod dense;
pub mod draws;
pub mod encode;
mod features;
pub mod file;
pub mod glm;
pub mod glm_fit;
pub mod gram;
mod intake;
pub mod kmeans;
pub mod labels;
mod linear;
pub mod linear_model;
pub mod logistic;
pub mod matrix;
pub mod metrics;
mod min_max;
pub mod minimise;
pub mod naive_bayes;
mod pick;
pub mod reorder;
pub mod report;
pub mod rows;
mod rule;
pub mod scale;
mod solve;
mod split;
pub mod statistic;
pub mod strata;
pub mod stratify;
mod strips;
pub mod transactions;

pub use components::{ComponentsModel, Pca, TruncatedSvd};
pub use encode::{Encoder, Encoding};
pub use kmeans::{KMeans, KMeansModel};
pub use linear_model::{ElasticNet, Lasso, LinearModel, LinearRegression, PoissonRegressor, Ridge};
pub use logistic::model::{Convergence, LogisticModel};
pub use logistic::{ClassWeight, LogisticRegression, Penalty};
pub use matrix::{Data, Matrix};
pub use metrics::Evaluation;
pub use min_max::MinMaxScaler;
pub use naive_bayes::{GaussianNb, GaussianNbModel};
pub use rows::Rows;
pub use scale::{Moments, Scaler, Scaler as StandardScaler};
pub use statistic::Statistic;
pub use stratify::stratified_split;
