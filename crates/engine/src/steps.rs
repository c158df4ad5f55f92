//! A run of steps, told to whoever looks at the cluster while it runs.

use crate::Engine;
use crate::observe::RunEvent;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs of this process, so that each has a name of its own; a session belongs to one process.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// A run whose steps are told as they end, and whose end is told when this is dropped. A run without a step is told
/// nothing of.
///
/// ```
/// # fn main() -> phalanx_engine::Result<()> {
/// use phalanx_engine::{LocalEngine, Settings, Steps};
/// let engine = LocalEngine::new(Settings::default())?; // nobody looks at it; a cluster keeps what it is told
/// let steps = Steps::of(&engine, "halving", Some(3));
/// let mut loss = 1.0;
/// for step in 1..=3 {
///     loss /= 2.0;
///     steps.tell(step, &[("loss", loss)]);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Steps<'a> {
    engine: &'a dyn Engine,
    run: String,
    name: String,
    steps_max: Option<u64>,
    latest: AtomicU64,
}

impl<'a> Steps<'a> {
    /// A run of at most so many steps; `name` says what it is, for people.
    pub fn of(engine: &'a dyn Engine, name: impl Into<String>, steps_max: Option<u64>) -> Self {
        let run = format!("steps-{}", RUNS.fetch_add(1, Ordering::Relaxed));
        Self { engine, run, name: name.into(), steps_max, latest: AtomicU64::new(0) }
    }

    /// A step has ended, counted from 1, with these numbers by name. Does not wait.
    pub fn tell(&self, step: u64, metrics: &[(&str, f64)]) {
        self.latest.store(step, Ordering::Relaxed);
        self.report(step, metrics, false);
    }

    fn report(&self, iteration: u64, metrics: &[(&str, f64)], has_ended: bool) {
        self.engine.report(RunEvent {
            run: self.run.clone(),
            name: self.name.clone(),
            iteration,
            iterations_max: self.steps_max,
            metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), Some(*value))).collect(),
            has_ended,
        });
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        let latest = self.latest.load(Ordering::Relaxed);
        if latest > 0 {
            self.report(latest, &[], true);
        }
    }
}
