//! Rows that are there already: the caller's own, and persisted ones.

use super::scan;
use crate::{Frame, Table};
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{Engine, Error, Persisted, Result, memory, plan};
use std::sync::Arc;

/// The caller's own rows may travel inside the plan up to this size; beyond it they are scattered first.
pub const PLAN_BYTES_MAX: u64 = 1 << 20;

/// A frame of the caller's own rows, one inner vector a partition. They travel inside the plan.
///
/// # Errors
/// `Input`: a batch has another schema, or it is 1 MiB or more: see [`scatter`].
pub fn from_batches(schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> Result<Frame> {
    check(&schema, &partitions)?;
    let bytes = bytes(&partitions);
    if bytes >= PLAN_BYTES_MAX {
        return Err(Error::input(format!("{bytes} bytes can't travel inside a plan: {PLAN_BYTES_MAX} are too many"))
            .with_hint("give them to the engine with scatter"));
    }
    let rows = plan::table(Arc::clone(&schema), &partitions)?;
    scan("rows", Arc::new(FixedTable { schema, rows }), vec![])
}

/// A frame of a computed table, in one partition.
///
/// # Errors
/// As [`from_batches`].
pub fn from_table(table: &Table) -> Result<Frame> {
    from_batches(Arc::clone(table.schema()), vec![table.batches().to_vec()])
}

/// Gives the caller's own rows to the engine, one inner vector a partition, and a frame that reads them there.
///
/// # Errors
/// `Input`: a batch has another schema. Otherwise the engine's own.
pub fn scatter(engine: &dyn Engine, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> Result<Frame> {
    check(&schema, &partitions)?;
    if bytes(&partitions) < PLAN_BYTES_MAX {
        return from_batches(schema, partitions);
    }
    from_persisted(&engine.scatter("scatter", schema, partitions).wait()?)
}

/// A frame that reads persisted rows. It keeps them.
///
/// # Errors
/// `Input`: a name is there twice.
pub fn from_persisted(persisted: &Persisted) -> Result<Frame> {
    let rows = persisted.scan()?;
    let table = FixedTable { schema: rows.schema(), rows };
    scan("persisted", Arc::new(table), vec![persisted.clone()])
}

fn check(schema: &SchemaRef, partitions: &[Vec<RecordBatch>]) -> Result<()> {
    for (partition, batch) in partitions.iter().enumerate().flat_map(|(i, batches)| batches.iter().map(move |b| (i, b)))
    {
        if batch.schema() != *schema {
            return Err(Error::input(format!(
                "a batch of partition {partition} has the schema {}, not {schema}",
                batch.schema()
            )));
        }
    }
    match partitions.is_empty() {
        true => Err(Error::input("a frame of no partitions").with_hint("give one partition without rows")),
        false => Ok(()),
    }
}

fn bytes(partitions: &[Vec<RecordBatch>]) -> u64 {
    memory::bytes_of(partitions.iter().flatten())
}

/// Rows that a plan already reads.
#[derive(Debug)]
pub(super) struct FixedTable {
    pub(super) schema: SchemaRef,
    pub(super) rows: Arc<dyn ExecutionPlan>,
}

#[async_trait]
impl TableProvider for FixedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        match projection {
            None => Ok(Arc::clone(&self.rows)),
            Some(columns) => crate::lower::project(Arc::clone(&self.rows), columns),
        }
    }
}
