//! Text that is only grouped by, read from Parquet as views: short ones lie in the view itself, which is compared as an
//! integer, and those of a dictionary are not written out row by row.

use super::canonical::Canonicalise;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use phalanx_engine::{OperatorExec, plan};
use std::sync::Arc;

/// `input` with views in this column; `None` if it is not read from Parquet right below.
pub fn text_views(input: &Arc<dyn ExecutionPlan>, column: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(scan) = input.downcast_ref::<DataSourceExec>() {
        return viewed(scan, column);
    }
    let children = input.children();
    let [child] = children.as_slice() else { return Ok(None) };
    if let Some(projection) = input.downcast_ref::<ProjectionExec>() {
        let read = projection.expr()[column].expr.downcast_ref::<Column>().map(Column::index);
        let Some(read) = read else { return Ok(None) };
        let readers = projection
            .expr()
            .iter()
            .filter(|projected| collect_columns(&projected.expr).iter().any(|column| column.index() == read));
        if readers.count() > 1 {
            return Ok(None);
        }
        let Some(child) = text_views(child, read)? else { return Ok(None) };
        return Ok(Some(Arc::new(ProjectionExec::try_new(projection.expr().to_vec(), child)?)));
    }
    let ours = input.downcast_ref::<OperatorExec>().and_then(OperatorExec::downcast::<Canonicalise>);
    let Some(canonicalise) = ours else { return Ok(None) };
    let Some(child) = text_views(child, column)? else { return Ok(None) };
    let operator = canonicalise.with_schema(with_view(&input.schema(), column));
    plan::operator(operator, vec![child]).map(Some)
}

fn viewed(scan: &DataSourceExec, column: usize) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>() else { return Ok(None) };
    let Some(source) = config.file_source.downcast_ref::<ParquetSource>() else { return Ok(None) };
    let table = source.table_schema();
    let file = table.file_schema();
    // Columns of the file, each as it is.
    let plain = |expression: &Arc<dyn PhysicalExpr>| {
        expression.downcast_ref::<Column>().map(Column::index).filter(|index| *index < file.fields().len())
    };
    let Some(projection) = source.projection() else { return Ok(None) };
    let read: Option<Vec<usize>> = projection.iter().map(|projected| plain(&projected.expr)).collect();
    let Some(read) = read else { return Ok(None) };
    let at = read[column];
    if source.filter().is_some() || config.limit.is_some() || *file.field(at).data_type() != DataType::Utf8 {
        return Ok(None);
    }
    let table = TableSchema::builder(with_view(file, at))
        .with_table_partition_cols(table.table_partition_cols().iter().cloned().collect::<Vec<_>>())
        .build();
    let source = ParquetSource::new(table).with_table_parquet_options(source.table_parquet_options().clone());
    let config = FileScanConfigBuilder::from(config.clone())
        .with_source(Arc::new(source))
        .with_projection_indices(Some(read))?
        .build();
    Ok(Some(DataSourceExec::from_data_source(config)))
}

fn with_view(schema: &SchemaRef, column: usize) -> SchemaRef {
    let field = |(at, field): (usize, &Arc<Field>)| match at == column {
        true => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().enumerate().map(field).collect::<Fields>()))
}
