//! Arrays whose expression depends on data: what a mask selects, the different elements of an array.
//!
//! Such an array knows its dtype, the number of its axes and some of their lengths. Elementwise functions and
//! reductions of it are deferred as well; everything else answers that sizes are unknown, until
//! [`Array::compute_chunk_sizes`] has computed them. When an array is computed, what is deferred below it is resolved
//! first, each once, with jobs of its own.

use crate::array::Array;
use crate::expr::Expr;
use futures::future::BoxFuture;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Stands in for an unknown length while a deferred function is tried out for its dtype and shape.
const STAND_IN: usize = 1_000_003;

type Make = Box<dyn Fn(&[Array]) -> Array + Send + Sync>;
type Program = Box<dyn for<'a> Fn(&'a dyn Engine, Vec<Array>) -> BoxFuture<'a, Result<Array>> + Send + Sync>;

enum Step {
    /// A function of the inputs, once they are known.
    Make(Make),
    /// Jobs, after which the array is known.
    Program(Program),
}

/// An array that is known later.
pub(crate) struct Deferred {
    pub name: &'static str,
    pub dtype: DType,
    /// The lengths of the axes, where known.
    pub shape: Vec<Option<usize>>,
    inputs: Vec<Array>,
    step: Step,
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> =
            self.shape.iter().map(|length| length.map_or_else(|| String::from("?"), |n| n.to_string())).collect();
        write!(f, "{}, shape [{}], {}", self.name, lengths.join(", "), self.dtype)
    }
}

impl Drop for Deferred {
    /// Iterative: a long chain of functions would overflow the stack.
    fn drop(&mut self) {
        let mut orphans = std::mem::take(&mut self.inputs);
        while let Some(orphan) = orphans.pop() {
            if let Some(mut last) = orphan.into_deferred().and_then(Arc::into_inner) {
                orphans.append(&mut last.inputs);
            }
        }
    }
}

impl Deferred {
    /// What to say when something needs the sizes.
    pub(crate) fn unknown(&self) -> Error {
        Error::input(format!("the chunk sizes of the result of {} are unknown: they depend on the data", self.name))
            .with_hint("call compute_chunk_sizes() on it first; elementwise functions and reductions work without")
    }
}

impl Array {
    /// An array that `program` makes from `inputs` when it is computed.
    pub(crate) fn program<F>(
        name: &'static str,
        dtype: DType,
        shape: Vec<Option<usize>>,
        inputs: Vec<Array>,
        program: F,
    ) -> Self
    where
        F: for<'a> Fn(&'a dyn Engine, Vec<Array>) -> BoxFuture<'a, Result<Array>> + Send + Sync + 'static,
    {
        if let Some(error) = inputs.iter().find_map(|input| input.check().err()) {
            return Self::failed(error);
        }
        Self::later(Arc::new(Deferred { name, dtype, shape, inputs, step: Step::Program(Box::new(program)) }))
    }

    /// `make` of the inputs if one of them is deferred: then so is the result. `None` if all are known.
    pub(crate) fn after(
        name: &'static str,
        inputs: &[&Array],
        make: impl Fn(&[Array]) -> Array + Send + Sync + 'static,
    ) -> Option<Self> {
        if !inputs.iter().any(|input| input.deferred().is_some()) {
            return None;
        }
        let stand_ins: Vec<Array> = inputs.iter().map(|input| input.stand_in()).collect();
        let probe = make(&stand_ins);
        let described = probe.known_shape().and_then(|shape| Ok((shape, probe.dtype()?)));
        let (shape, dtype) = match described {
            Ok(described) => described,
            Err(error) => {
                let message = error.message().replace(&STAND_IN.to_string(), "?");
                let error = Error::new(error.kind(), message)
                    .with_hint("if it is the unknown size that does not fit, call compute_chunk_sizes() first");
                return Some(Self::failed(error));
            }
        };
        let shape = shape.into_iter().map(|length| length.filter(|&length| length != STAND_IN)).collect();
        let inputs = inputs.iter().map(|&input| input.clone()).collect();
        Some(Self::later(Arc::new(Deferred { name, dtype, shape, inputs, step: Step::Make(Box::new(make)) })))
    }

    /// A known array of the same dtype and number of axes.
    fn stand_in(&self) -> Self {
        let Some(deferred) = self.deferred() else { return self.clone() };
        let shape: Vec<usize> = deferred.shape.iter().map(|length| length.unwrap_or(STAND_IN)).collect();
        match Chunk::zeros(deferred.dtype, &[]) {
            Ok(zero) => Self::from_chunk(zero).broadcast_to(shape),
            Err(error) => Self::failed(crate::error::lift(error)),
        }
    }

    /// The length of each axis, `None` where it depends on the data.
    ///
    /// # Errors
    /// As [`Array::check`].
    pub fn known_shape(&self) -> Result<Vec<Option<usize>>> {
        match self.deferred() {
            Some(deferred) => Ok(deferred.shape.clone()),
            None => Ok(self.shape()?.iter().copied().map(Some).collect()),
        }
    }

    /// The same array with known sizes: computes as much as that takes, for a mask how many elements it selects of
    /// each chunk. An array whose sizes are known is returned as it is.
    ///
    /// ```
    /// use phalanx_array::{AllAxes, Array, Key};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(0, 100, 1, 10);
    /// let even = x.get([Key::Array((&x % 2).equal(0))]);
    /// assert_eq!(even.known_shape()?, [None]);
    /// assert_eq!(even.sum(AllAxes).compute(&engine)?.item::<i64>(), Ok(2450));
    /// assert_eq!(even.compute_chunk_sizes(&engine)?.shape()?, [50]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Array::check`], or the engine's.
    pub fn compute_chunk_sizes(&self, engine: &dyn Engine) -> Result<Self> {
        futures::executor::block_on(self.compute_chunk_sizes_async(engine))
    }

    /// As [`Array::compute_chunk_sizes`], for async code.
    ///
    /// # Errors
    /// As [`Array::compute_chunk_sizes`].
    pub async fn compute_chunk_sizes_async(&self, engine: &dyn Engine) -> Result<Self> {
        let mut known = resolve(engine, &[self]).await?;
        known.pop().map(Self::from_expr).ok_or_else(|| Error::internal("one array was resolved, and none came back"))
    }
}

/// The expressions of arrays, after what is deferred below them was resolved, each once.
pub(crate) async fn resolve(engine: &dyn Engine, arrays: &[&Array]) -> Result<Vec<Arc<Expr>>> {
    // What each deferred array has become; that may be deferred in its turn.
    let mut became: HashMap<usize, Array> = HashMap::new();
    // Addresses stand for arrays as long as they are alive.
    let mut alive: Vec<Arc<Deferred>> = vec![];
    let mut stack: Vec<Arc<Deferred>> = vec![];
    let known = |became: &HashMap<usize, Array>, array: &Array| {
        let mut array = array.clone();
        while let Some(deferred) = array.deferred() {
            match became.get(&address(deferred)) {
                Some(next) => array = next.clone(),
                None => return Err(Arc::clone(deferred)),
            }
        }
        Ok(array)
    };
    for array in arrays {
        loop {
            match known(&became, array) {
                Ok(_) => break,
                Err(missing) => stack.push(missing),
            }
            while let Some(deferred) = stack.pop() {
                if became.contains_key(&address(&deferred)) {
                    continue;
                }
                let inputs: std::result::Result<Vec<Array>, Arc<Deferred>> =
                    deferred.inputs.iter().map(|input| known(&became, input)).collect();
                match inputs {
                    Err(missing) => {
                        stack.push(deferred);
                        stack.push(missing);
                    }
                    Ok(inputs) => {
                        let made = match &deferred.step {
                            Step::Make(make) => make(&inputs),
                            Step::Program(program) => program(engine, inputs).await?,
                        };
                        made.check()?;
                        became.insert(address(&deferred), made);
                        alive.push(deferred);
                    }
                }
            }
        }
    }
    let expr = |array: &&Array| match known(&became, array) {
        Ok(array) => array.expr().cloned(),
        Err(deferred) => Err(deferred.unknown()),
    };
    arrays.iter().map(expr).collect()
}

/// What stands for a deferred array as long as it is alive.
fn address(deferred: &Arc<Deferred>) -> usize {
    Arc::as_ptr(deferred).addr()
}
