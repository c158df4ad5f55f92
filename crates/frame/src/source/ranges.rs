//! A table over ranges of files that DataFusion reads.

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use std::fmt;
use std::sync::Arc;

/// Ranges of files, one a partition, in order.
pub struct FileTable {
    pub schema: SchemaRef,
    pub source: Arc<dyn FileSource>,
    pub store: ObjectStoreUrl,
    pub partitions: Vec<PartitionedFile>,
}

impl fmt::Debug for FileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files in {} partitions", self.source.file_type(), self.partitions.len())
    }
}

impl FileTable {
    /// The columns of folders' names.
    fn folder_columns(&self) -> SchemaRef {
        Arc::new(Schema::new(self.source.table_schema().table_partition_cols().clone()))
    }

    /// The partitions whose folders' names do not rule out that `filters` hold.
    fn kept(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let columns = self.folder_columns();
        let known = |filter: &&Expr| filter.column_refs().iter().all(|column| columns.index_of(&column.name).is_ok());
        let filters: Vec<&Expr> = filters.iter().filter(known).collect();
        if columns.fields().is_empty() || filters.is_empty() || self.partitions.is_empty() {
            return Ok(self.partitions.clone());
        }
        let values = (0..columns.fields().len())
            .map(|index| {
                ScalarValue::iter_to_array(self.partitions.iter().map(|file| file.partition_values[index].clone()))
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let folders = RecordBatch::try_new(Arc::clone(&columns), values)?;
        let schema = DFSchema::try_from(columns)?;
        let mut kept = vec![true; self.partitions.len()];
        for filter in filters {
            // Names of the table's columns, without the table.
            let plain = unnormalize_col((*filter).clone());
            let held = session.create_physical_expr(plain, &schema)?.evaluate(&folders)?;
            let held = held.into_array(folders.num_rows())?;
            for (kept, held) in kept.iter_mut().zip(held.as_boolean()) {
                *kept &= held == Some(true);
            }
        }
        Ok(self.partitions.iter().zip(kept).filter(|(_, kept)| *kept).map(|(file, _)| file.clone()).collect())
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let kept = self.kept(session, filters)?;
        if kept.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let groups = kept.into_iter().map(|range| FileGroup::new(vec![range])).collect();
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::clone(&self.source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_preserve_order(true)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
