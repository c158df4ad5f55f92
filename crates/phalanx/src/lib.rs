//! Arrays, dataframes and learning for data and models too large for one machine.
//!
//! A [`Client`] runs lazy arrays and frames: in this process, where nothing needs to be started, or on a cluster of
//! one scheduler and workers. A result is the same on either, bit for bit.
//!
//! ```
//! use phalanx::prelude::*;
//!
//! # fn main() -> phalanx::Result<()> {
//! let client = Client::local()?;
//! let x = array::random::Generator::new(0).random((1_000, 1_000), 250);
//! let mean = (&x + &x.t()).mean(0);
//! assert_eq!(client.compute(&mean)?.shape(), [1_000]);
//!
//! let frame = datasets::timeseries().dates("2000-01-01", "2000-01-02")?.build()?;
//! let names = client.compute(&frame.unique("name")?)?;
//! assert_eq!(names.num_rows(), 26);
//! # Ok(())
//! # }
//! ```
//!
//! This crate holds no logic: [`array`] and [`frame`] build expressions, [`engine`] runs them, [`cluster`] is the
//! engine of many machines, [`learn`] fits models, [`boost`] trains with XGBoost.

mod client;
mod lazy;

pub use client::Client;
pub use lazy::Lazy;
pub use phalanx_array as array;
pub use phalanx_boost as boost;
pub use phalanx_chunk as chunk;
pub use phalanx_cluster as cluster;
pub use phalanx_engine as engine;
pub use phalanx_engine::{Error, ErrorKind, Result, Settings};
pub use phalanx_frame as frame;
pub use phalanx_learn as learn;

/// What most programs begin with.
pub mod prelude {
    pub use crate::array::{self, Array, s};
    pub use crate::client::Client;
    pub use crate::frame::expr::{col, lit};
    pub use crate::frame::{self, Frame, datasets};
    pub use crate::lazy::Lazy;
}
