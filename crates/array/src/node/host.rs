//! Functions of whole blocks: of the caller's own language, or of a crate above this one.
//!
//! To the caller's language a block goes out as one row: the elements as `phalanx_chunk::wire` has them, their dtype, their shape, the number
//! of the block on each axis of the result, and where the elements lie in their whole array. What comes back is a row
//! with elements, dtype and shape.

use super::{Boundary, Need, Node, Work, count};
use crate::chunks::{Chunks, Piece, Region};
use crate::error::{ChunkResult, broken};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Error, Span, wire};
use phalanx_engine::datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray, Int64Array, LargeBinaryArray, ListArray, RecordBatch, StringArray,
};
use phalanx_engine::datafusion::arrow::buffer::OffsetBuffer;
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::host::{self, HostFunction};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

/// What a block of an input is along one of its axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// The whole axis, for every block of the result.
    Whole,
    /// The chunk of the same number as the result's block has on one of its axes, widened.
    Chunk {
        /// The result's axis.
        axis: usize,
        /// Where the input's chunks end.
        borders: Vec<usize>,
        /// How many more elements before the chunk, as far as there are.
        before: usize,
        /// How many more after it.
        after: usize,
    },
}

/// A function of blocks that another crate defines, as operators are: its parameters are its fields, and a process
/// that links the crate can run it.
#[typetag::serde]
pub trait BlockFunction: Debug + Send + Sync {
    /// What `explain` calls it.
    fn name(&self) -> &'static str;
    /// The block of the result for these blocks of the inputs; the same for the same blocks.
    ///
    /// # Errors
    /// It can't be computed.
    fn run(&self, inputs: &[Chunk]) -> phalanx_engine::Result<Chunk>;
}

/// What is called.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Callee {
    /// A function of the caller's language.
    Host(HostFunction),
    /// One of a crate.
    Native(Box<dyn BlockFunction>),
}

impl Callee {
    fn label(&self) -> &str {
        match self {
            Self::Host(function) => &function.label,
            Self::Native(function) => function.name(),
        }
    }
}

/// Calls a function once for each block of the result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Host {
    pub function: Callee,
    /// For each input what a block of it is, axis by axis, and how long the axis is.
    pub inputs: Vec<Vec<(Along, usize)>>,
    /// The blocks of the result.
    pub blocks: Chunks,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let list = || DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
    Arc::new(Schema::new(vec![
        Field::new("data", DataType::LargeBinary, false),
        Field::new("dtype", DataType::Utf8, false),
        Field::new("shape", list(), false),
        Field::new("block", list(), false),
        Field::new("start", list(), false),
    ]))
});

impl Host {
    /// The number of a block on each axis.
    fn number(&self, block: usize) -> Vec<usize> {
        let mut rest = block;
        let mut number: Vec<usize> = self
            .blocks
            .grid()
            .iter()
            .rev()
            .map(|&count| {
                let at = rest % count;
                rest /= count;
                at
            })
            .collect();
        number.reverse();
        number
    }

    fn region(&self, input: usize, number: &[usize]) -> Region {
        let span = |(along, length): &(Along, usize)| match along {
            Along::Whole => Span::all(*length),
            Along::Chunk { axis, borders, before, after } => {
                let at = number[*axis];
                let start = borders[at].saturating_sub(*before);
                let end = borders[at + 1].saturating_add(*after).min(*length);
                Span::range(start, end - start)
            }
        };
        self.inputs[input].iter().map(span).collect()
    }

    fn call(&self, piece: &Piece, inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let number = self.number(piece.chunk);
        let label = self.function.label();
        let raised = |error: phalanx_engine::Error| Error::Value { reason: error.to_wire() };
        let chunk = match &self.function {
            Callee::Native(function) => function.run(inputs).map_err(raised)?,
            Callee::Host(function) => {
                let batches = inputs
                    .iter()
                    .enumerate()
                    .map(|(input, chunk)| batch(chunk, &number, &self.region(input, &number)))
                    .collect::<ChunkResult<Vec<_>>>()?;
                let context = format!("block {number:?} of {label:?}");
                read(&host::call(function, batches, &context).map_err(raised)?)?
            }
        };
        let expected = lengths(&self.blocks.region(piece.chunk));
        if chunk.shape() != expected {
            let error = phalanx_engine::Error::data(format!(
                "{label:?} returned a block of shape {:?} for block {number:?}, and {expected:?} was declared",
                chunk.shape()
            ));
            return Err(raised(error.with_hint("declare the sizes of the blocks that it returns: `chunks=`")));
        }
        Ok(chunk.cast(self.dtype))
    }
}

fn batch(chunk: &Chunk, number: &[usize], region: &[Span]) -> ChunkResult<RecordBatch> {
    let list = |values: Vec<i64>| -> ArrayRef {
        Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(values.into_iter().map(Some))]))
    };
    let signed = |values: &[usize]| values.iter().map(|&value| value as i64).collect::<Vec<_>>();
    // Where its size is a multiple of 64 bytes, the chunk's own memory.
    let payload = wire::to_bytes(chunk).slice_with_length(0, chunk.nbytes());
    let data = LargeBinaryArray::try_new(OffsetBuffer::from_lengths([chunk.nbytes()]), payload, None);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(data.map_err(|error| broken(error.to_string()))?),
        Arc::new(StringArray::from_iter_values([chunk.dtype().name()])),
        list(signed(chunk.shape())),
        list(signed(number)),
        list(region.iter().map(|span| span.start as i64).collect()),
    ];
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns).map_err(|error| broken(error.to_string()))
}

/// The block that a function returned: the columns `data`, `dtype` and `shape` of one row.
fn read(batches: &[RecordBatch]) -> ChunkResult<Chunk> {
    let mut rows = batches.iter().filter(|batch| batch.num_rows() > 0);
    let (Some(batch), None) = (rows.next(), rows.next()) else {
        return Err(broken("a host function returned no block"));
    };
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| broken(format!("a block without {name}")));
    let (data, dtype, shape) = (column("data")?, column("dtype")?, column("shape")?);
    let data = data.as_binary_opt::<i64>().ok_or_else(|| broken("a block's data is not binary"))?;
    let dtype = dtype.as_string_opt::<i32>().ok_or_else(|| broken("a block's dtype is no text"))?;
    let shape = shape.as_list_opt::<i32>().ok_or_else(|| broken("a block's shape is no list"))?.value(0);
    let lengths =
        shape.as_any().downcast_ref::<Int64Array>().ok_or_else(|| broken("a block's shape has no integers"))?;
    let shape: Vec<usize> = lengths.values().iter().map(|&length| length as usize).collect();
    let offsets = data.value_offsets();
    let payload = data.values().slice_with_length(offsets[0] as usize, (offsets[1] - offsets[0]) as usize);
    wire::from_buffer(payload, dtype.value(0).parse()?, &shape)
}

#[typetag::serde(name = "host")]
impl Node for Host {
    fn name(&self) -> String {
        format!("call {}", self.function.label())
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        if count(out) == 0 {
            return vec![];
        }
        let need = |piece: Piece| {
            let number = self.number(piece.chunk);
            (0..self.inputs.len()).map(|input| Need::new(input, self.region(input, &number))).collect::<Vec<_>>()
        };
        self.blocks.split(out).into_iter().flat_map(need).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if count(out) == 0 {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        let mut parts = vec![];
        for (number, piece) in self.blocks.split(out).into_iter().enumerate() {
            let given = &inputs[number * self.inputs.len()..(number + 1) * self.inputs.len()];
            let block = self.blocks.region(piece.chunk);
            let inside: Region = piece
                .absolute
                .iter()
                .zip(&block)
                .map(|(span, block)| Span::new(span.start - block.start, span.len, span.step))
                .collect();
            parts.push((piece.within.clone(), self.call(&piece, given)?.region(&inside)?));
        }
        Chunk::assemble(self.dtype, &lengths(out), &parts)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
    fn divisible(&self) -> bool {
        false
    }
}
