//! Rows that were asked for by their labels: every label must be there.

use super::ordinal::number_rows;
use super::{gather, project, sort_partitions};
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::StreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many labels an error names.
const NAMED_MAX: usize = 10;

/// The rows of the input, which are those of some labels, in one partition: in the order of the labels, if a column says
/// which of them a row has, else in the frame's.
#[derive(Debug)]
pub(crate) struct Found {
    /// The labels, as people write them.
    pub labels: Vec<String>,
    /// The column of their places in the list; without it there is one label.
    pub place: Option<String>,
}

impl Relation for Found {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }

    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed = outputs.to_vec();
        needed.extend(self.place.iter().filter_map(|place| inputs[0].index_of(place).ok()));
        // Without any column there would be no rows to count.
        if needed.is_empty() {
            needed.push(0);
        }
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("rows of labels have one input"))?;
        let place = self.place.as_ref().map(|place| input.schema().index_of(place)).transpose()?;
        let numbered = number_rows(input)?;
        let ordinal = numbered.schema().fields().len() - 1;
        let gathered = gather(numbered)?;
        let schema = SerializedSchema(gathered.schema());
        // Below the sort, which reads all rows: whoever takes only the first learns of what is missing, too.
        let found = plan::operator(NeedLabels { labels: self.labels.clone(), place, schema }, vec![gathered])?;
        let keys: Vec<(usize, bool)> = place.into_iter().chain([ordinal]).map(|column| (column, false)).collect();
        project(sort_partitions(found, &keys, None)?, &(0..ordinal).collect::<Vec<_>>())
    }
}

/// The rows as they are, and behind the last an error if a label was not among them.
#[derive(Debug, Serialize, Deserialize)]
struct NeedLabels {
    labels: Vec<String>,
    place: Option<usize>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for NeedLabels {
    fn name(&self) -> &'static str {
        "need_labels"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let mut seen = vec![false; self.labels.len()];
        let (labels, place, schema) = (self.labels.clone(), self.place, self.schema());
        let rows = input.swap_remove(0).map(Some).chain(futures::stream::iter([None]));
        let checked = rows.map(move |item| match item {
            Some(batch) => {
                let batch = batch?;
                note(&batch, place, &mut seen);
                Ok(batch)
            }
            None => match missing(&labels, &seen) {
                None => Ok(RecordBatch::new_empty(Arc::clone(&schema))),
                Some(error) => Err(DataFusionError::from(error)),
            },
        });
        Ok(stream::with_schema(self.schema(), checked))
    }
}

/// Marks the labels of these rows.
fn note(batch: &RecordBatch, place: Option<usize>, seen: &mut [bool]) {
    let Some(place) = place else {
        if let Some(only) = seen.first_mut().filter(|_| batch.num_rows() > 0) {
            *only = true;
        }
        return;
    };
    let places = batch.column(place).as_primitive::<Int64Type>();
    for row in (0..places.len()).filter(|row| places.is_valid(*row)) {
        if let Some(label) = usize::try_from(places.value(row)).ok().and_then(|place| seen.get_mut(place)) {
            *label = true;
        }
    }
}

fn missing(labels: &[String], seen: &[bool]) -> Option<Error> {
    let gone: Vec<&str> =
        labels.iter().zip(seen).filter(|(_, seen)| !**seen).map(|(label, _)| label.as_str()).collect();
    let (first, several) = (gone.first()?, labels.len() > 1);
    let more = if gone.len() > NAMED_MAX { ", …" } else { "" };
    let error = if several {
        let named = gone.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
        Error::absent(format!("[{named}{more}] not in index"))
    } else {
        Error::absent((*first).to_owned())
    };
    Some(error.with_hint("for the rows of those labels that are there: frame[frame.index.isin(labels)]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let labels: Vec<String> = ["'a'", "'b'", "'c'"].map(str::to_owned).to_vec();
        assert!(missing(&labels, &[true; 3]).is_none());
        assert_eq!(missing(&labels, &[false, true, false]).unwrap().message(), "['a', 'c'] not in index");
        assert_eq!(missing(&labels[..1], &[false]).unwrap().message(), "'a'");
        let many: Vec<String> = (0..20).map(|label| label.to_string()).collect();
        assert!(missing(&many, &[false; 20]).unwrap().message().ends_with("9, …] not in index"));
    }
}
