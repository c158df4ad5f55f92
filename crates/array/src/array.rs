//! The lazy array, and the ways to compute it.

use crate::chunks::Chunks;
use crate::compute;
use crate::deferred::Deferred;
use crate::expr::Expr;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result};
use std::fmt;
use std::sync::Arc;

/// A lazy n-dimensional array, cut into chunks. Cheap to clone; nothing runs until [`Array::compute`] or
/// [`Array::persist`].
///
/// Methods and operators return arrays, also where the arguments do not fit: the array then holds the error, hands it
/// on to whatever is made from it, and [`Array::check`], [`Array::shape`], [`Array::compute`] return it. So programs
/// read like NumPy, and nothing panics.
///
/// ```
/// use phalanx_array::{random::Generator, s};
/// use phalanx_engine::{LocalEngine, Settings};
/// let engine = LocalEngine::new(Settings::default())?;
/// let x = Generator::new(0).random((10_000, 10, 10_000), 1000);
/// let y = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1000]);
/// let (u, s, vt) = y.svd();
/// assert_eq!(s.compute(&engine)?.shape(), [10]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Array(State);

/// What an array holds.
#[derive(Clone)]
enum State {
    Known(Arc<Expr>),
    /// Its expression, and mostly its shape, are known only after something was computed.
    Later(Arc<Deferred>),
    Failed(Box<Error>),
}

impl Array {
    pub(crate) fn from_expr(expr: Arc<Expr>) -> Self {
        Self(State::Known(expr))
    }

    /// An array that is an error.
    pub(crate) fn failed(error: Error) -> Self {
        Self(State::Failed(Box::new(error)))
    }

    /// An array from what may fail.
    pub(crate) fn from_result(result: Result<Arc<Expr>>) -> Self {
        result.map_or_else(Self::failed, Self::from_expr)
    }

    /// An array whose expression is made when it is computed.
    pub(crate) fn later(deferred: Arc<Deferred>) -> Self {
        Self(State::Later(deferred))
    }

    pub(crate) fn deferred(&self) -> Option<&Arc<Deferred>> {
        match &self.0 {
            State::Later(deferred) => Some(deferred),
            _ => None,
        }
    }

    pub(crate) fn into_deferred(self) -> Option<Arc<Deferred>> {
        match self.0 {
            State::Later(deferred) => Some(deferred),
            _ => None,
        }
    }

    pub(crate) fn expr(&self) -> Result<&Arc<Expr>> {
        match &self.0 {
            State::Known(expr) => Ok(expr),
            State::Later(deferred) => Err(deferred.unknown()),
            State::Failed(error) => Err(Error::clone(error)),
        }
    }

    /// What `make` makes of the expression, or this array's error.
    pub(crate) fn then(&self, make: impl FnOnce(&Arc<Expr>) -> Result<Arc<Expr>>) -> Self {
        Self::from_result(self.expr().and_then(make))
    }

    /// The error that was made on the way to this array, if any.
    ///
    /// # Errors
    /// That error: mostly `Input`, with a hint.
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            State::Failed(error) => Err(Error::clone(error)),
            _ => Ok(()),
        }
    }

    /// The length of each axis; [`Array::known_shape`] also has an answer where lengths depend on the data.
    ///
    /// # Errors
    /// As [`Array::check`]; `Input`, if a length is known only after [`Array::compute_chunk_sizes`].
    pub fn shape(&self) -> Result<&[usize]> {
        Ok(self.expr()?.shape())
    }

    /// The number of axes.
    ///
    /// # Errors
    /// As [`Array::check`].
    pub fn ndim(&self) -> Result<usize> {
        match self.deferred() {
            Some(deferred) => Ok(deferred.shape.len()),
            None => Ok(self.expr()?.shape().len()),
        }
    }

    /// The type of the elements.
    ///
    /// # Errors
    /// As [`Array::check`].
    pub fn dtype(&self) -> Result<DType> {
        match self.deferred() {
            Some(deferred) => Ok(deferred.dtype),
            None => Ok(self.expr()?.dtype()),
        }
    }

    /// How the array is cut.
    ///
    /// # Errors
    /// As [`Array::check`].
    pub fn chunks(&self) -> Result<&Chunks> {
        Ok(&self.expr()?.chunks)
    }

    /// The values, brought to the client as one chunk.
    ///
    /// # Errors
    /// As [`Array::check`], or the engine's.
    pub fn compute(&self, engine: &dyn Engine) -> Result<Chunk> {
        futures::executor::block_on(self.compute_async(engine))
    }

    /// As [`Array::compute`], for async code.
    ///
    /// # Errors
    /// As [`Array::compute`].
    pub async fn compute_async(&self, engine: &dyn Engine) -> Result<Chunk> {
        let mut evaluation = compute::evaluate_async(engine, &[self]).await?;
        evaluation.chunks.pop().ok_or_else(|| Error::internal("one array was computed, and none came back"))
    }

    /// Whether its chunks are persisted in this process: reading any of them costs nothing.
    pub fn is_held_here(&self) -> bool {
        let stored = self.expr().ok().and_then(|expr| expr.stored.as_ref());
        stored.is_some_and(|stored| stored.persisted.is_in_process())
    }

    /// Computes the chunks and leaves them where they are computed. What comes back reads them; they are freed when
    /// the last array that reads them is dropped.
    ///
    /// # Errors
    /// As [`Array::check`], or the engine's.
    pub fn persist(&self, engine: &dyn Engine) -> Result<Self> {
        futures::executor::block_on(self.persist_async(engine))
    }

    /// As [`Array::persist`], for async code.
    ///
    /// # Errors
    /// As [`Array::persist`].
    pub async fn persist_async(&self, engine: &dyn Engine) -> Result<Self> {
        compute::persist(engine, self).await
    }

    /// A name of the elements, if they are persisted data, or are shown of it at other places: of arrays of one engine,
    /// those with equal names have equal elements.
    pub fn stored_name(&self) -> Option<String> {
        let State::Known(root) = &self.0 else { return None };
        let (order, place) = crate::expr::sorted(std::slice::from_ref(root));
        let parts = order.iter().map(|expr| match &expr.stored {
            Some(stored) => Some(format!("{} {:?}", stored.persisted.handle(), expr.chunks)),
            None if expr.node.is_view() => {
                let inputs: Vec<usize> = expr.inputs.iter().map(|input| place[&Arc::as_ptr(input)]).collect();
                Some(format!("{:?} of {inputs:?}", expr.node))
            }
            None => None,
        });
        Some(parts.collect::<Option<Vec<String>>>()?.join("; "))
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Array {
    /// One line: the last operation, shape, dtype, chunks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expr() {
            Ok(expr) => {
                write!(
                    f,
                    "Array({}, shape {:?}, {}, chunks {})",
                    expr.node.name(),
                    expr.shape(),
                    expr.dtype(),
                    expr.chunks
                )
            }
            Err(error) => match self.deferred() {
                Some(deferred) => write!(f, "Array({deferred:?})"),
                None => write!(f, "Array(failed: {})", error.message()),
            },
        }
    }
}
