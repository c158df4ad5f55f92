//! How persisted data is made again: the plan that made it, and recipes for what that plan read.
//!
//! A recipe does not hold data. `y = f(x).persist()` frees `x` when its user lets go of it; should `y` be lost then, `x`
//! is made again first, for as long as `y` needs it.

use crate::persisted::Inner;
use crate::{Location, Persisted, Plan};
use std::sync::{Arc, Weak};

/// The plan that made persisted data.
#[derive(Debug)]
pub struct Lineage {
    plan: Plan,
    inputs: Vec<Recipe>,
}

impl Lineage {
    pub(crate) fn new(plan: Plan) -> Self {
        let (plan, inputs) = plan.without_inputs();
        Self { plan, inputs: inputs.into_iter().map(Recipe::of).collect() }
    }
    /// What the plan reads.
    pub fn inputs(&self) -> &[Recipe] {
        &self.inputs
    }
    /// The plan, reading `held`: its inputs, each of which is there again.
    pub fn plan(&self, held: Vec<Persisted>) -> Plan {
        self.plan.clone().reading(held)
    }
}

/// Persisted data that somebody keeps an eye on without holding it.
#[derive(Clone, Debug)]
pub struct Watched(Weak<Inner>);

impl Watched {
    pub(crate) fn of(data: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(data))
    }
    /// The data, if anybody holds it.
    pub fn held(&self) -> Option<Persisted> {
        Persisted::of_held(&self.0.upgrade()?)
    }
    /// Can nobody hold it ever again?
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// Persisted data that may have been freed since, and can be made again.
#[derive(Debug)]
pub struct Recipe {
    data: Arc<Inner>,
    /// Data that nobody can make again is held instead.
    scattered: Option<Persisted>,
}

impl Recipe {
    fn of(data: Persisted) -> Self {
        Self { data: Arc::clone(data.inner()), scattered: data.lineage().is_none().then_some(data) }
    }
    /// The name under which the engine keeps the data.
    pub fn handle(&self) -> &str {
        &self.data.handle
    }
    /// The data, if anybody holds it.
    pub fn held(&self) -> Option<Persisted> {
        self.scattered.clone().or_else(|| Persisted::of_held(&self.data))
    }
    /// How the data is made; scattered data, which is always held, has no lineage.
    pub fn lineage(&self) -> Option<&Lineage> {
        self.data.lineage.as_ref()
    }
    /// Waits for whoever is making it again, as [`Persisted::rebuilding`] does.
    pub async fn rebuilding(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.data.rebuilding.lock().await
    }
    /// The data, which has been made again and is in `locations`.
    pub fn revived(&self, locations: Vec<Location>) -> Persisted {
        Persisted::revived(&self.data, locations)
    }
}
