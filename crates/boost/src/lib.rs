//! Gradient boosting on many machines with XGBoost, the library itself: its models, its numbers, its file format.
//!
//! The library is not part of this build: it is [found](library) when it is first needed, in the Python package
//! `xgboost` or `xgboost-cpu` (2.1 or newer) or where a variable says.
//!
//! A training is a [gang](phalanx_engine::gang) of *ranks*: processes that hold a share of the rows each and work in
//! step, joined by XGBoost's own tracker and collective. **How many ranks there are, and threads of each, is part of the
//! training and not of the cluster**: equal ranks give the same model, bit for bit, in this process and on any number of
//! workers, also when some of these are lost meanwhile.
//!
//! | module | what it is |
//! |---|---|
//! | [`library`], [`symbols`], [`native`] | XGBoost: where it is, its functions, and those as safe types |
//! | `listening` | where ranks listen for each other |
//! | [`rows`] | arrays and frames as the rows that ranks are fed |
//! | [`recent`] | rows that were made lately, for who asks for the same again |
//! | [`dataset`] | features with labels, weights and the rest, and who gets which rows |
//! | [`parameters`] | what was asked for, checked before anything runs |
//! | [`train`] | the caller's side: attempts, checkpoints, the model |
//! | [`rank`] | the ranks' side |
//! | [`memory`] | what a rank keeps from one training to the next |
//! | [`stopping`] | when enough is enough |
//! | `format` | whether bytes can be a model |
//! | [`model`] | a trained model, and its answers to rows at hand |
//! | [`predict`] | its answers to arrays and frames, where the rows are |
//!
//! It deliberately knows nothing of where ranks run: that is the engine's matter.

pub mod dataset;
mod format;
pub mod library;
mod listening;
pub mod memory;
pub mod model;
pub mod native;
pub mod parameters;
pub mod predict;
pub mod rank;
pub mod recent;
pub mod rows;
pub mod stopping;
pub mod symbols;
pub mod train;

pub use dataset::Dataset;
pub use library::Library;
pub use model::{Answers, Model};
pub use native::{Asked, Kind};
pub use parameters::Parameters;
pub use recent::Recent;
pub use rows::Rows;
pub use stopping::EarlyStopping;
pub use train::{Trained, Training};
