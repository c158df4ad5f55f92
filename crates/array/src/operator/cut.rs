//! Cuts chunks into the regions that other tasks need, before an exchange.

use crate::chunks::Region;
use crate::error::{Lift, broken, lift};
use crate::operator::assembly::Assembly;
use crate::pull::relative;
use crate::rows::{FRAGMENT_BYTES, Fragment, Label, SCHEMA, fragments, to_batches};
use futures::TryStreamExt;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{DType, wire};
use phalanx_engine::datafusion::arrow::array::{AsArray, BinaryArray, Int64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::datafusion::error::{DataFusionError, Result};
use phalanx_engine::datafusion::execution::TaskContext;
use phalanx_engine::datafusion::physical_plan::SendableRecordBatchStream;
use phalanx_engine::{Error, Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Cuts the chunks of its first input as its second, a table of [`Cuts`], says. What nobody needs is not sent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cut {
    pub dtype: DType,
    /// What people read: how many parts go to how many tasks.
    pub parts: usize,
    pub tasks: usize,
}

/// (the route of the task that needs it, the region in the whole array's indices).
type Part = (i64, Region);

/// What is cut from one chunk.
#[derive(Debug, Clone)]
pub(crate) struct Cuts {
    pub chunk: usize,
    pub parts: Vec<Part>,
}

static TABLE: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("chunk", DataType::Int64, false),
        Field::new("cuts", DataType::Binary, false),
    ]))
});

impl Cuts {
    /// The schema of a table of cuts.
    pub(crate) fn schema() -> SchemaRef {
        Arc::clone(&TABLE)
    }

    /// A partition of a table of cuts.
    pub(crate) fn table(cuts: &[Cuts]) -> phalanx_engine::Result<Vec<RecordBatch>> {
        let encode = |cuts: &Cuts| {
            postcard::to_stdvec(&cuts.parts).map_err(|error| Error::internal(format!("cuts can't be written: {error}")))
        };
        let encoded = cuts.iter().map(encode).collect::<phalanx_engine::Result<Vec<_>>>()?;
        let chunks = Int64Array::from_iter_values(cuts.iter().map(|cuts| cuts.chunk as i64));
        let bytes = BinaryArray::from_iter_values(&encoded);
        Ok(vec![RecordBatch::try_new(Self::schema(), vec![Arc::new(chunks), Arc::new(bytes)])?])
    }

    fn read(batch: &RecordBatch) -> Result<Vec<(usize, Vec<Part>)>> {
        let (chunks, cuts) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_binary::<i32>());
        let row = |row: usize| {
            let parts = postcard::from_bytes(cuts.value(row))
                .map_err(|error| DataFusionError::Internal(format!("cuts can't be read: {error}")))?;
            Ok((chunks.value(row) as usize, parts))
        };
        (0..batch.num_rows()).map(row).collect()
    }
}

#[typetag::serde(name = "array.cut")]
impl Operator for Cut {
    fn name(&self) -> &'static str {
        "cut"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }
    fn describe(&self) -> String {
        format!("cut into {} part(s) for {} task(s)", self.parts, self.tasks)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (Some(mut table), Some(rows)) = (input.pop(), input.pop()) else {
            return Err(DataFusionError::Internal(String::from("cut has two inputs")));
        };
        let dtype = self.dtype;
        let output = async move {
            let mut cuts = HashMap::new();
            while let Some(batch) = table.try_next().await? {
                cuts.extend(Cuts::read(&batch)?);
            }
            let mut cutter = Cutter { cuts, dtype, unfinished: HashMap::new() };
            Ok::<_, DataFusionError>(stream::flat_map(Arc::clone(&SCHEMA), rows, move |batch| {
                let mut batches = vec![];
                for fragment in fragments(&batch)? {
                    batches.extend(cutter.take(fragment)?.into_iter().map(Ok));
                }
                Ok(batches.into_iter())
            }))
        };
        Ok(stream::with_schema(Arc::clone(&SCHEMA), futures::stream::once(output).try_flatten()))
    }
}

/// Cuts chunks as their rows come.
struct Cutter {
    cuts: HashMap<usize, Vec<Part>>,
    dtype: DType,
    /// The parts of chunks of which fragments are missing.
    unfinished: HashMap<usize, Unfinished>,
}

#[derive(Default)]
struct Unfinished {
    parts: Vec<(Label, Assembly)>,
    /// The fragments that came.
    came: HashSet<usize>,
}

impl Cutter {
    /// The parts that a row completes.
    fn take(&mut self, row: Fragment) -> phalanx_engine::Result<Vec<RecordBatch>> {
        let Some(parts) = self.cuts.get(&row.chunk) else { return Ok(vec![]) };
        // What was drawn is counted once, with the first part, however many there are.
        let mut evaluated = row.evaluated;
        let mut label = |(route, region): &Part| Label {
            route: *route,
            chunk: row.chunk,
            region: region.clone(),
            evaluated: std::mem::take(&mut evaluated),
        };
        let inside = |(_, region): &Part| {
            relative(&row.region, region)
                .ok_or_else(|| lift(broken(format!("region {region:?} does not lie in chunk {}", row.chunk))))
        };
        let shape = lengths(&row.region);
        if row.fragments == 1 {
            let values = wire::from_buffer(row.payload, self.dtype, &shape).lift()?;
            let mut batches = vec![];
            for part in parts {
                batches.extend(to_batches(&label(part), &values.region(&inside(part)?).lift()?)?);
            }
            return Ok(batches);
        }
        let unfinished = match self.unfinished.entry(row.chunk) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let parts = parts.iter().map(|part| {
                    Ok((Label { evaluated: 0, ..label(part) }, Assembly::new(&shape, inside(part)?, self.dtype)?))
                });
                let parts = parts.collect::<phalanx_engine::Result<_>>()?;
                new.insert(Unfinished { parts, came: HashSet::new() })
            }
        };
        if unfinished.came.insert(row.fragment) {
            unfinished.parts.iter_mut().for_each(|(_, part)| part.take(row.fragment * FRAGMENT_BYTES, &row.payload));
            if let Some((label, _)) = unfinished.parts.first_mut() {
                label.evaluated += row.evaluated;
            }
        }
        if unfinished.came.len() < row.fragments {
            return Ok(vec![]);
        }
        let mut batches = vec![];
        for (label, part) in self.unfinished.remove(&row.chunk).unwrap_or_default().parts {
            batches.extend(to_batches(&label, &part.finish()?)?);
        }
        Ok(batches)
    }
}
