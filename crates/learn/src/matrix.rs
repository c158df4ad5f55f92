//! The matrix: rows of features, lazy or persisted.

use crate::rows::Layout;
use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{Engine, Error, Persisted, Plan, Result};
use std::sync::Arc;

/// Rows of named features, with a target and weights if they have them, that are computed when they are asked for:
/// a plan. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Matrix {
    plan: Plan,
    layout: Layout,
    names: Arc<[String]>,
}

impl Matrix {
    /// The matrix whose rows `plan` makes, with the columns that [`Layout::schema`] describes.
    ///
    /// # Errors
    /// `Input`: the plan makes other columns, or there are not as many names as features.
    pub fn from_plan(names: impl IntoIterator<Item = String>, plan: Plan) -> Result<Self> {
        let layout = Layout::from_schema(&plan.schema())?;
        let names: Arc<[String]> = names.into_iter().collect();
        if names.len() != layout.width {
            return Err(Error::input(format!("{} names for {} features", names.len(), layout.width)));
        }
        Ok(Self { plan, layout, names })
    }
    /// The same plan with `root` above it.
    pub(crate) fn under(&self, label: &str, root: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let plan = Plan::new(label, root).reading(self.plan.inputs().iter().cloned());
        Self::from_plan(self.names.iter().cloned(), plan.projecting(self.plan.task_bytes()))
    }
    /// The plan of the rows.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Which columns the rows have.
    pub fn layout(&self) -> Layout {
        self.layout
    }
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// Computes the rows and leaves them where they are computed: what an iterative fit needs.
    ///
    /// # Errors
    /// The job's own.
    pub fn persist(&self, engine: &dyn Engine) -> Result<Data> {
        let persisted = engine.persist(self.plan.clone()).wait()?;
        Data::new(self.names.iter().cloned(), persisted)
    }
    /// As [`Matrix::persist`], for async code.
    ///
    /// # Errors
    /// The job's own.
    pub async fn persist_async(&self, engine: &dyn Engine) -> Result<Data> {
        let persisted = engine.persist(self.plan.clone()).collect().await?;
        Data::new(self.names.iter().cloned(), persisted)
    }
    /// Refuses a matrix without a target.
    pub(crate) fn need_target(&self, what: &str) -> Result<()> {
        match self.layout.target {
            true => Ok(()),
            false => Err(Error::input(format!("{what} needs rows with a target, and these have none"))
                .with_hint("name a target with Encoder::target")),
        }
    }
    /// Refuses a matrix with other features than these.
    pub(crate) fn need_features(&self, what: &str, names: &[String]) -> Result<()> {
        if *self.names == *names {
            return Ok(());
        }
        let other = names.iter().zip(self.names.iter()).find(|(expected, found)| expected != found);
        Err(Error::input(match other {
            Some((expected, found)) => format!("{what} has seen the feature {expected:?} where {found:?} is now"),
            None => format!("{what} has seen {} features, not {}", names.len(), self.names.len()),
        })
        .with_hint("transform all rows with the same Encoder"))
    }
}

impl AsRef<Matrix> for Matrix {
    fn as_ref(&self) -> &Matrix {
        self
    }
}

/// A persisted matrix. The last clone, or matrix that reads it, that is dropped frees the rows.
#[derive(Clone, Debug)]
pub struct Data {
    matrix: Matrix,
    persisted: Persisted,
}

impl Data {
    /// The matrix of persisted rows, with the columns that [`Layout::schema`] describes.
    ///
    /// # Errors
    /// As [`Matrix::from_plan`].
    pub fn new(names: impl IntoIterator<Item = String>, persisted: Persisted) -> Result<Self> {
        Ok(Self { matrix: Matrix::from_plan(names, persisted.plan()?)?, persisted })
    }
    /// The rows as a matrix: a plan that reads them.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.persisted.rows()
    }
    /// How many bytes the engine holds for them.
    pub fn bytes(&self) -> u64 {
        self.persisted.bytes()
    }
    /// Rows of each partition, in order.
    pub fn partition_rows(&self) -> Vec<u64> {
        self.persisted.locations().iter().map(|location| location.rows).collect()
    }
    /// The names of the features, in order.
    pub fn names(&self) -> &[String] {
        self.matrix.names()
    }
}

impl AsRef<Matrix> for Data {
    fn as_ref(&self) -> &Matrix {
        &self.matrix
    }
}
