//! What a client can run: arrays and frames alike.

use phalanx_array::Array;
use phalanx_chunk::Chunk;
use phalanx_engine::{Engine, Result, Settings};
use phalanx_frame::{Frame, Table};
use std::future::Future;

/// A lazy array or frame.
pub trait Lazy: Sized {
    /// What it is once it is computed: a [`Chunk`] for an array, a [`Table`] for a frame.
    type Value: Send;

    /// Its value.
    ///
    /// # Errors
    /// An error in the expression, or the engine's.
    fn compute(&self, engine: &dyn Engine) -> impl Future<Output = Result<Self::Value>> + Send;

    /// The same, computed and kept where it was computed until the last copy of what is returned is dropped.
    ///
    /// # Errors
    /// As [`Lazy::compute`].
    fn persist(&self, engine: &dyn Engine) -> impl Future<Output = Result<Self>> + Send;

    /// What would run: the expression, its stages, the physical plan.
    ///
    /// # Errors
    /// An error in the expression.
    fn explain(&self, settings: &Settings) -> Result<String>;
}

impl Lazy for Array {
    type Value = Chunk;

    async fn compute(&self, engine: &dyn Engine) -> Result<Chunk> {
        self.compute_async(engine).await
    }
    async fn persist(&self, engine: &dyn Engine) -> Result<Self> {
        self.persist_async(engine).await
    }
    fn explain(&self, settings: &Settings) -> Result<String> {
        Self::explain(self, settings)
    }
}

impl Lazy for Frame {
    type Value = Table;

    async fn compute(&self, engine: &dyn Engine) -> Result<Table> {
        self.compute_async(engine).await
    }
    async fn persist(&self, engine: &dyn Engine) -> Result<Self> {
        self.persist_async(engine).await
    }
    fn explain(&self, settings: &Settings) -> Result<String> {
        Self::explain(self, settings)
    }
}
