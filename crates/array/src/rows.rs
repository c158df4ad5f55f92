//! Chunks and parts of chunks as rows: the one schema of everything that stages exchange, persist and return.

use crate::chunks::Region;
use crate::error::{Lift, broken, lift};
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span, wire};
use phalanx_engine::datafusion::arrow::array::{
    ArrayRef, AsArray, BinaryArray, Int64Array, LargeBinaryArray, RecordBatch,
};
use phalanx_engine::datafusion::arrow::buffer::{Buffer, MutableBuffer, OffsetBuffer, ScalarBuffer};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::{Error, Result};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::{Arc, LazyLock};

/// The most payload in one row: below the cap of a gRPC message (16 MiB by default), and a whole 1000 × 1000 chunk of
/// `float64`, which so is read where it lies.
pub(crate) const FRAGMENT_BYTES: usize = 8 << 20;

/// The columns, in order.
pub(crate) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![
        number("route"),
        number("chunk"),
        Field::new("region", DataType::Binary, false),
        number("fragment"),
        number("fragments"),
        number("evaluated"),
        Field::new("data", DataType::LargeBinary, false),
    ]))
});

/// What a row says beside its payload.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    /// Where an exchange sends it.
    pub route: i64,
    /// The number of the chunk that it comes from.
    pub chunk: usize,
    /// What it is, in the indices of the whole array.
    pub region: Region,
    /// Elements that were drawn from generators to make it.
    pub evaluated: u64,
}

/// A chunk as batches of one row, one for each fragment. Shares the chunk's memory if it needs no padding.
pub(crate) fn to_batches(label: &Label, chunk: &Chunk) -> Result<Vec<RecordBatch>> {
    let payload = wire::to_bytes(chunk);
    let fragments = payload.len().div_ceil(FRAGMENT_BYTES).max(1);
    let region = encode_region(&label.region);
    (0..fragments)
        .map(|fragment| {
            let start = fragment * FRAGMENT_BYTES;
            let data = payload.slice_with_length(start, FRAGMENT_BYTES.min(payload.len() - start));
            let number = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
            let evaluated = if fragment == 0 { label.evaluated.cast_signed() } else { 0 };
            let columns: Vec<ArrayRef> = vec![
                number(label.route),
                number(label.chunk as i64),
                Arc::new(BinaryArray::from_vec(vec![&region])),
                number(fragment as i64),
                number(fragments as i64),
                number(evaluated),
                Arc::new(one_value(data)),
            ];
            Ok(RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?)
        })
        .collect()
}

fn one_value(data: Buffer) -> LargeBinaryArray {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(vec![0_i64, data.len() as i64]));
    LargeBinaryArray::new(offsets, data, None)
}

pub(crate) fn encode_region(region: &[Span]) -> Vec<u8> {
    let word = |span: &Span| [span.start as u64, span.len as u64, span.step as i64 as u64];
    region.iter().flat_map(word).flat_map(u64::to_le_bytes).collect()
}

pub(crate) fn decode_region(bytes: &[u8]) -> Region {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |word, &byte| word << 8 | u64::from(byte));
    let span = |bytes: &[u8]| {
        let (start, len, step) = (word(&bytes[..8]), word(&bytes[8..16]), word(&bytes[16..24]));
        Span::new(start as usize, len as usize, step.cast_signed() as isize)
    };
    bytes.chunks_exact(24).map(span).collect()
}

/// A row.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub chunk: usize,
    pub region: Region,
    pub fragment: usize,
    pub fragments: usize,
    pub evaluated: u64,
    /// Where the row lies.
    pub payload: Buffer,
}

/// The rows of `batch`.
pub(crate) fn fragments(batch: &RecordBatch) -> Result<Vec<Fragment>> {
    if batch.schema_ref().fields() != SCHEMA.fields() {
        return Err(Error::internal(format!("rows of chunks have the schema {:?}", batch.schema())));
    }
    let numbers = |column: usize| batch.column(column).as_primitive::<Int64Type>().values();
    let (chunks, regions) = (numbers(1), batch.column(2).as_binary::<i32>());
    let (fragment, fragments, evaluated) = (numbers(3), numbers(4), numbers(5));
    let data = batch.column(6).as_binary::<i64>();
    let offsets = data.value_offsets();
    let row = |row: usize| Fragment {
        chunk: chunks[row] as usize,
        region: decode_region(regions.value(row)),
        fragment: fragment[row] as usize,
        fragments: fragments[row] as usize,
        evaluated: evaluated[row].cast_unsigned(),
        payload: data.values().slice_with_length(offsets[row] as usize, (offsets[row + 1] - offsets[row]) as usize),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Puts chunks together from rows, which may be cut into batches anyhow.
#[derive(Debug)]
pub(crate) struct Reader {
    dtype: DType,
    unfinished: HashMap<(usize, Region), Unfinished>,
}

#[derive(Debug)]
struct Unfinished {
    evaluated: u64,
    missing: usize,
    fragments: Vec<Option<Buffer>>,
}

/// A chunk that came in rows.
#[derive(Debug)]
pub(crate) struct Received {
    pub chunk: usize,
    pub region: Region,
    pub evaluated: u64,
    pub values: Chunk,
}

impl Reader {
    pub(crate) fn new(dtype: DType) -> Self {
        Self { dtype, unfinished: HashMap::new() }
    }

    /// The chunks that `batch` completes.
    pub(crate) fn read(&mut self, batch: &RecordBatch) -> Result<Vec<Received>> {
        let mut received = vec![];
        for row in fragments(batch)? {
            if row.fragments == 1 {
                received.push(self.finish(row.chunk, row.region, row.evaluated, row.payload)?);
                continue;
            }
            let key = (row.chunk, row.region);
            let entry = self.unfinished.entry(key.clone()).or_insert_with(|| Unfinished {
                evaluated: 0,
                missing: row.fragments,
                fragments: vec![None; row.fragments],
            });
            entry.evaluated += row.evaluated;
            if let Some(slot) = entry.fragments.get_mut(row.fragment)
                && slot.replace(row.payload).is_none()
            {
                entry.missing -= 1;
            }
            if entry.missing == 0
                && let Some(whole) = self.unfinished.remove(&key)
            {
                let parts: Vec<Buffer> = whole.fragments.into_iter().flatten().collect();
                received.push(self.finish(key.0, key.1, whole.evaluated, joined(parts))?);
            }
        }
        Ok(received)
    }

    fn finish(&self, chunk: usize, region: Region, evaluated: u64, payload: Buffer) -> Result<Received> {
        let values = wire::from_buffer(payload, self.dtype, &lengths(&region)).lift()?;
        Ok(Received { chunk, region, evaluated, values })
    }

    /// Checks that nothing is missing.
    pub(crate) fn close(self) -> Result<()> {
        match self.unfinished.into_iter().next() {
            None => Ok(()),
            Some(((chunk, _), part)) => {
                Err(lift(broken(format!("{} fragments of chunk {chunk} did not arrive", part.missing))))
            }
        }
    }
}

/// The fragments one after the other: without a copy if they lie so in one allocation, as in the process that cut them.
#[expect(unsafe_code, reason = "Arrow's buffers can be cut, but not put together again")]
fn joined(parts: Vec<Buffer>) -> Buffer {
    let bytes = parts.iter().map(Buffer::len).sum();
    let follows = |pair: &[Buffer]| {
        pair[0].data_ptr() == pair[1].data_ptr() && pair[0].as_ptr().wrapping_add(pair[0].len()) == pair[1].as_ptr()
    };
    let start = parts.first().and_then(|first| NonNull::new(first.as_ptr().cast_mut()));
    if let Some(start) = start.filter(|_| parts.windows(2).all(follows)) {
        // SAFETY: all parts are of one allocation, which each of them keeps alive and unchanged, and the next begins
        // where the one before it ends: `bytes` bytes from `start` are readable as long as `parts`, the owner, lives.
        return unsafe { Buffer::from_custom_allocation(start, bytes, Arc::new(parts)) };
    }
    let mut joined = MutableBuffer::with_capacity(bytes);
    parts.iter().for_each(|part| joined.extend_from_slice(part));
    joined.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_chunk_travels_in_fragments_in_any_order() {
        let values: Vec<i64> = (0..2_500_000).collect();
        let chunk = Chunk::new(&[2500, 1000], values).unwrap();
        let label =
            Label { route: 3, chunk: 7, region: vec![Span::new(9, 2500, -1), Span::range(1, 1000)], evaluated: 5 };
        let mut batches = to_batches(&label, &chunk).unwrap();
        assert_eq!(batches.len(), 3);
        batches.reverse();
        let mut reader = Reader::new(DType::Int64);
        let received: Vec<Received> = batches.iter().flat_map(|batch| reader.read(batch).unwrap()).collect();
        assert_eq!((received[0].chunk, received[0].evaluated), (7, 5));
        assert_eq!(received[0].region, label.region);
        assert!(received[0].values.same_bits(&chunk));
        assert_eq!(
            received[0].values.as_bytes().as_ptr(),
            chunk.as_bytes().as_ptr(),
            "fragments of one chunk are its memory"
        );
        reader.close().unwrap();

        let mut reader = Reader::new(DType::Int64);
        assert!(reader.read(&batches[0]).unwrap().is_empty());
        assert!(reader.close().is_err());
    }
}
