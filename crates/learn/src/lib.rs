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
//! | `split` | train and test rows: [`Data::split`] |
//! | `intake` | rows from arrays and frames: [`Matrix::from_array`], [`Matrix::from_frame`] |
//! | [`columns`], [`gram`], [`glm`], [`clusters`] | the passes that estimators are loops around |
//! | [`logistic`] | logistic regression |
//! | [`metrics`] | how good a model is |
//! | [`datasets`] | generated data |
//! | `linear`, `solve` | the kernels under these |

pub mod clusters;
pub mod columns;
pub mod datasets;
pub mod encode;
pub mod glm;
pub mod gram;
mod intake;
mod linear;
pub mod logistic;
pub mod matrix;
pub mod metrics;
pub mod rows;
pub mod scale;
mod solve;
mod split;
pub mod statistic;

pub use encode::{Encoder, Encoding};
pub use logistic::model::{Convergence, LogisticModel};
pub use logistic::{LogisticRegression, Penalty};
pub use matrix::{Data, Matrix};
pub use metrics::Evaluation;
pub use rows::Rows;
pub use scale::{Moments, Scaler};
pub use statistic::Statistic;
