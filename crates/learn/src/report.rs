//! What fits tell of their iterations while they run: to whoever looks at the cluster, as steps of a run, and to programs
//! that [watch] their own fits.

use phalanx_engine::{Engine, Steps};
use std::sync::{Arc, PoisonError, RwLock};

/// An iteration of a fit has ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration<'a> {
    /// Which model is fitted: `LogisticRegression`, `KMeans`, …
    pub estimator: &'a str,
    /// Its number, counted from 1.
    pub iteration: u64,
    /// What is known of the model now, by name: `loss`, `gradient`, `inertia`, …
    pub metrics: &'a [(&'a str, f64)],
}

type Listener = Arc<dyn Fn(&Iteration<'_>) + Send + Sync>;

/// Who watches, by number.
static LISTENERS: RwLock<(u64, Vec<(u64, Listener)>)> = RwLock::new((0, vec![]));

/// Calls `listener` after each iteration of every fit of this process, on the thread that has computed it, until what
/// is given back is dropped. It should be quick: the fit waits for it.
///
/// ```
/// # use phalanx_engine::{LocalEngine, Settings};
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_learn::{PoissonRegressor, datasets, report};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// let last = Arc::new(AtomicU64::new(0));
/// let seen = Arc::clone(&last);
/// let _watch = report::watch(move |iteration| seen.store(iteration.iteration, Ordering::Relaxed));
/// let engine = LocalEngine::new(Settings::default())?;
/// let data = datasets::make_classification(1_000, 3).build()?.persist(&engine)?;
/// let model = PoissonRegressor::new(0.1).fit(&engine, &data)?;
/// assert!(last.load(Ordering::Relaxed) >= 1 && model.convergence().is_some());
/// # Ok(())
/// # }
/// ```
pub fn watch(listener: impl Fn(&Iteration<'_>) + Send + Sync + 'static) -> Watch {
    let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
    listeners.0 += 1;
    let number = listeners.0;
    listeners.1.push((number, Arc::new(listener)));
    Watch(number)
}

/// A listener that is told of iterations until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the watch"]
pub struct Watch(u64);

impl Drop for Watch {
    fn drop(&mut self) {
        let mut listeners = LISTENERS.write().unwrap_or_else(PoisonError::into_inner);
        listeners.1.retain(|(number, _)| *number != self.0);
    }
}

/// A fit that tells of its iterations; it has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Fit<'a> {
    estimator: &'a str,
    steps: Steps<'a>,
}

impl<'a> Fit<'a> {
    /// A fit of this model, by what `how` names.
    pub fn of(engine: &'a dyn Engine, estimator: &'a str, how: Option<&str>, iterations_max: u64) -> Self {
        let name = how.map_or_else(|| estimator.to_owned(), |how| format!("{estimator}, {how}"));
        Self { estimator, steps: Steps::of(engine, name, Some(iterations_max)) }
    }

    /// An iteration has ended, with these numbers by name.
    pub fn iterated(&self, iteration: u64, metrics: &[(&str, f64)]) {
        self.steps.tell(iteration, metrics);
        let listeners = LISTENERS.read().unwrap_or_else(PoisonError::into_inner).1.clone();
        for (_, listener) in listeners {
            listener(&Iteration { estimator: self.estimator, iteration, metrics });
        }
    }
}
