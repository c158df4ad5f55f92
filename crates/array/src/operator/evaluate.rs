//! Computes chunks of an expression.

use crate::chunks::{Chunks, Piece, Region};
use crate::error::{ChunkResult, Lift, broken};
use crate::node::slot::Slot;
use crate::node::{Table, count};
use crate::pull::{Provide, Pull, relative};
use crate::rows::{Label, Reader, SCHEMA, to_batches};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use phalanx_engine::datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::datafusion::error::{DataFusionError, Result};
use phalanx_engine::datafusion::execution::TaskContext;
use phalanx_engine::datafusion::physical_plan::SendableRecordBatchStream;
use phalanx_engine::{Operator, stream, typetag};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Computes the chunks whose numbers its first input lists, from the rows of the others: one input for each slot of
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

static NUMBERS: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("chunk", DataType::Int64, false)])));

impl Evaluate {
    /// The schema of the first input.
    pub(crate) fn numbers() -> SchemaRef {
        Arc::clone(&NUMBERS)
    }

    /// A partition of the first input.
    pub(crate) fn list(chunks: &[usize]) -> phalanx_engine::Result<Vec<RecordBatch>> {
        let numbers = Int64Array::from_iter_values(chunks.iter().map(|&chunk| chunk as i64));
        Ok(vec![RecordBatch::try_new(Self::numbers(), vec![Arc::new(numbers)])?])
    }
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
    fn run(&self, mut input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
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
            let (mut parts, mut evaluated) = (HashMap::new(), 0);
            for (number, (mut rows, given)) in slots.into_iter().zip(given).enumerate() {
                let mut reader = Reader::new(given.dtype);
                while let Some(batch) = rows.try_next().await? {
                    for received in reader.read(&batch)? {
                        if given.fresh {
                            evaluated += received.evaluated;
                        }
                        parts.insert((number, received.region), received.values);
                    }
                }
                reader.close()?;
            }
            let work = Arc::new((table, chunks, Parts(parts)));
            Ok::<_, DataFusionError>(stream::flat_map(Arc::clone(&SCHEMA), numbers, move |batch| {
                let numbers = batch.column(0).as_primitive::<Int64Type>().values().to_vec();
                let work = Arc::clone(&work);
                // What the rows that came in were made from is counted with the first chunk.
                let mut earlier = std::mem::take(&mut evaluated);
                // One chunk at a time: the rows of one are handed on before the next is computed.
                Ok(numbers.into_iter().flat_map(move |number| {
                    let (table, chunks, parts) = work.as_ref();
                    let drawn = std::mem::take(&mut earlier);
                    match one_chunk(table, chunks, parts, number as usize, drawn) {
                        Ok(batches) => batches.into_iter().map(Ok).collect::<Vec<_>>(),
                        Err(error) => vec![Err(error.into())],
                    }
                }))
            }))
        };
        Ok(stream::with_schema(Arc::clone(&SCHEMA), futures::stream::once(output).try_flatten()))
    }
}

fn one_chunk(
    table: &Table,
    chunks: &Chunks,
    parts: &Parts,
    number: usize,
    earlier: u64,
) -> phalanx_engine::Result<Vec<RecordBatch>> {
    let region = chunks.region(number);
    let mut pull = Pull::new(table, parts);
    let value = pull.evaluate(&region).lift()?;
    let label = Label { route: 0, chunk: number, region, evaluated: earlier + pull.evaluated };
    to_batches(&label, &value)
}

/// The rows of all slots, by (slot, region).
#[derive(Debug)]
struct Parts(HashMap<(usize, Region), Chunk>);

impl Parts {
    /// The part itself if it was cut for us, else from the whole chunk.
    fn find(&self, slot: &Slot, piece: &Piece) -> ChunkResult<Chunk> {
        let mut key = (slot.number, piece.absolute.clone());
        if let Some(part) = self.0.get(&key) {
            return Ok(part.clone());
        }
        key.1 = slot.chunks.region(piece.chunk);
        match (self.0.get(&key), relative(&key.1, &piece.absolute)) {
            (Some(chunk), Some(inside)) => chunk.region(&inside),
            _ => Err(broken(format!("chunk {} of stage input {} did not arrive", piece.chunk, slot.number))),
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
