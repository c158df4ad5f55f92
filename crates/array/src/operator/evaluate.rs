//! Computes chunks of an expression.

use crate::chunks::{Chunks, Piece, Region};
use crate::error::{ChunkResult, Lift, broken};
use crate::node::slot::Slot;
use crate::node::{Table, count};
use crate::pull::{Provide, Pull, relative};
use crate::rows::{Label, Reader, Received, SCHEMA, decode_region, encode_region, to_batches};
use futures::TryStreamExt;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use phalanx_engine::datafusion::arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, Int64Builder, ListBuilder, RecordBatch,
};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::datafusion::error::{DataFusionError, Result};
use phalanx_engine::datafusion::execution::TaskContext;
use phalanx_engine::datafusion::physical_plan::SendableRecordBatchStream;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Computes the chunks that its first input lists in sets, from the rows of the others: one input for each slot of
/// the expression, whole chunks or cut parts of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evaluate {
    pub table: Table,
    /// The grid of the result.
    pub chunks: Chunks,
    pub slots: Vec<Given>,
}

/// What a slot is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    pub dtype: DType,
    /// Whether the rows were computed in this job; persisted rows were counted when they were made.
    pub fresh: bool,
}

static NUMBERS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let list = |name: &str, of: DataType| Field::new_list(name, Field::new_list_field(of, true), false);
    Arc::new(Schema::new(vec![list("chunks", DataType::Int64), list("parts", DataType::Binary)]))
});

impl Evaluate {
    /// The schema of the first input.
    pub(crate) fn numbers() -> SchemaRef {
        Arc::clone(&NUMBERS)
    }

    /// A partition of the first input: sets of chunks that are computed together, and what is wanted of each if it is
    /// not all.
    pub(crate) fn list(sets: &[Vec<(usize, Option<&Region>)>]) -> phalanx_engine::Result<Vec<RecordBatch>> {
        let (mut numbers, mut parts) = (ListBuilder::new(Int64Builder::new()), ListBuilder::new(BinaryBuilder::new()));
        for set in sets {
            numbers.append_value(set.iter().map(|&(chunk, _)| Some(chunk as i64)));
            parts.append_value(set.iter().map(|(_, part)| part.map(|region| encode_region(region))));
        }
        let columns: Vec<ArrayRef> = vec![Arc::new(numbers.finish()), Arc::new(parts.finish())];
        Ok(vec![RecordBatch::try_new(Self::numbers(), columns)?])
    }
}

/// The rows of [`Evaluate::list`], with the region that is wanted of each chunk.
fn wanted(chunks: &Chunks, batch: &RecordBatch) -> Vec<Vec<(usize, Region)>> {
    let (numbers, parts) = (batch.column(0).as_list::<i32>(), batch.column(1).as_list::<i32>());
    let chunk = |(number, part): (&i64, Option<&[u8]>)| {
        let number = *number as usize;
        (number, part.map_or_else(|| chunks.region(number), decode_region))
    };
    let row = |row: usize| {
        let (numbers, parts) = (numbers.value(row), parts.value(row));
        let parts = parts.as_binary::<i32>();
        numbers.as_primitive::<Int64Type>().values().iter().zip(parts.iter()).map(chunk).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

#[typetag::serde(name = "array.evaluate")]
impl Operator for Evaluate {
    fn name(&self) -> &'static str {
        "evaluate"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }
    fn describe(&self) -> String {
        let root = self.table.entries.last().map_or_else(String::new, |entry| entry.node.name());
        format!("evaluate {root}, {} node(s), chunks {}", self.table.entries.len(), self.chunks)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        if input.len() != self.slots.len() + 1 {
            return Err(DataFusionError::Internal(format!(
                "evaluate has {} inputs for {} slots",
                input.len(),
                self.slots.len()
            )));
        }
        let slots = input.split_off(1);
        let numbers = input.swap_remove(0);
        let (table, chunks, given) = (self.table.clone(), self.chunks.clone(), self.slots.clone());
        let output = async move {
            let (mut parts, mut evaluated) = (Parts::default(), 0);
            for (number, (mut rows, given)) in slots.into_iter().zip(given).enumerate() {
                let mut reader = Reader::new(given.dtype);
                while let Some(batch) = rows.try_next().await? {
                    for received in reader.read(&batch)? {
                        if given.fresh {
                            evaluated += received.evaluated;
                        }
                        parts.add(number, received);
                    }
                }
                reader.close()?;
            }
            let work = Arc::new((table, chunks, parts));
            Ok::<_, DataFusionError>(stream::flat_map(Arc::clone(&SCHEMA), numbers, move |batch| {
                let wanted = wanted(&work.1, &batch);
                let work = Arc::clone(&work);
                // What the rows that came in were made from is counted with the first chunk.
                let mut earlier = if wanted.is_empty() { 0 } else { std::mem::take(&mut evaluated) };
                // One set at a time: the rows of one are handed on before the next is computed.
                Ok(wanted.into_iter().flat_map(move |set| {
                    let (table, _, parts) = work.as_ref();
                    let drawn = std::mem::take(&mut earlier);
                    match one_set(table, parts, set, drawn) {
                        Ok(batches) => batches.into_iter().map(Ok).collect::<Vec<_>>(),
                        Err(error) => vec![Err(error.into())],
                    }
                }))
            }))
        };
        Ok(stream::with_schema(Arc::clone(&SCHEMA), futures::stream::once(output).try_flatten()))
    }
}

fn one_set(
    table: &Table,
    parts: &Parts,
    set: Vec<(usize, Region)>,
    earlier: u64,
) -> phalanx_engine::Result<Vec<RecordBatch>> {
    let mut pull = Pull::new(table, parts);
    let (numbers, regions): (Vec<usize>, Vec<Region>) = set.into_iter().unzip();
    let values = pull.evaluate_all(&regions).lift()?;
    // What was drawn for all is told with the first.
    let mut evaluated = earlier + pull.evaluated;
    let mut batches = vec![];
    for ((chunk, region), value) in numbers.into_iter().zip(regions).zip(values) {
        let label = Label { route: 0, chunk, region, evaluated: std::mem::take(&mut evaluated) };
        batches.extend(to_batches(&label, &value)?);
    }
    Ok(batches)
}

/// The rows of all slots.
#[derive(Debug, Default)]
struct Parts {
    /// What was cut for this task, by (slot, region).
    cut: HashMap<(usize, Region), Chunk>,
    /// What came as it was computed, by (slot, chunk).
    whole: HashMap<(usize, usize), Vec<(Region, Chunk)>>,
}

impl Parts {
    fn add(&mut self, slot: usize, received: Received) {
        let parts = self.whole.entry((slot, received.chunk)).or_default();
        parts.push((received.region.clone(), received.values.clone()));
        self.cut.insert((slot, received.region), received.values);
    }

    /// The part itself if it was cut for us, else from the chunk.
    fn find(&self, slot: &Slot, piece: &Piece) -> ChunkResult<Chunk> {
        if let Some(part) = self.cut.get(&(slot.number, piece.absolute.clone())) {
            return Ok(part.clone());
        }
        let known = self.whole.get(&(slot.number, piece.chunk)).into_iter().flatten();
        let mut holding = known.filter_map(|(region, chunk)| Some((chunk, relative(region, &piece.absolute)?)));
        match holding.next() {
            Some((chunk, inside)) => chunk.region(&inside),
            None => Err(broken(format!("chunk {} of stage input {} did not arrive", piece.chunk, slot.number))),
        }
    }
}

impl Provide for Parts {
    fn provide(&self, slot: &Slot, region: &[Span]) -> ChunkResult<Chunk> {
        if count(region) == 0 {
            return Chunk::zeros(slot.dtype, &lengths(region));
        }
        let pieces = slot
            .chunks
            .split(region)
            .into_iter()
            .map(|piece| Ok((piece.within.clone(), self.find(slot, &piece)?)))
            .collect::<ChunkResult<Vec<_>>>()?;
        Chunk::assemble(slot.dtype, &lengths(region), &pieces)
    }
}
