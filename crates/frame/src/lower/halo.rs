//! Rows of neighbouring partitions: those at its ends that a partition tells, and the halo that it hears.

use super::gossip::{Teller, unreadable};
use super::ranges;
use crate::kernel::values::{integers, present};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::ipc::{reader::StreamReader, writer::StreamWriter};
use datafusion::error::{DataFusionError, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which rows before and after its own a partition needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reach {
    Rows(usize, usize),
    Time(i64, i64),
    /// The nearest value that is there.
    Present(bool),
    All,
}
/// The rows before and after a partition's own, of the columns that were told.
pub(super) struct Halo {
    pub before: RecordBatch,
    pub after: RecordBatch,
}

impl Halo {
    /// What the other partitions told `own` of the columns `read` of their input.
    pub(super) fn heard(
        input: &SchemaRef,
        read: &[usize],
        own: i64,
        messages: Vec<(i64, Vec<u8>)>,
        reach: Reach,
    ) -> Result<Self> {
        let schema = told(input, read)?;
        let (mut before, mut after) = (vec![], vec![]);
        for (from, message) in messages {
            let (head, tail): (Vec<u8>, Vec<u8>) = ranges::read(&message)?;
            if from < own {
                before.extend(from_bytes(&tail)?);
            } else if from > own {
                after.extend(from_bytes(&head)?);
            }
        }
        let mut before = concat_batches(&schema, &before)?;
        let mut after = concat_batches(&schema, &after)?;
        if let Reach::Rows(rows_before, rows_after) = reach {
            let kept = before.num_rows().min(rows_before);
            before = before.slice(before.num_rows() - kept, kept);
            after = after.slice(0, after.num_rows().min(rows_after));
        }
        Ok(Self { before, after })
    }
}

/// The schema of what is told of these columns: neighbours may lack a value where a partition has all.
pub(super) fn told(input: &Schema, read: &[usize]) -> Result<SchemaRef> {
    let fields = input
        .project(read)?
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect::<Vec<_>>();
    Ok(Arc::new(Schema::new(fields)))
}

/// The first and the last rows of a partition.
pub(super) struct Ends {
    read: Vec<usize>,
    time: Option<usize>,
    reach: Reach,
    head: Vec<RecordBatch>,
    tail: Vec<RecordBatch>,
}

impl Ends {
    pub(super) fn new(read: Vec<usize>, time: Option<usize>, reach: Reach) -> Self {
        Self { read, time, reach, head: vec![], tail: vec![] }
    }
}

impl Teller for Ends {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let schema = told(&batch.schema(), &self.read)?;
        let batch = RecordBatch::try_new(schema, batch.project(&self.read)?.columns().to_vec())?;
        match self.reach {
            Reach::Rows(before, after) => {
                let have: usize = self.head.iter().map(RecordBatch::num_rows).sum();
                if have < after {
                    self.head.push(batch.slice(0, batch.num_rows().min(after - have)));
                }
                if before > 0 {
                    self.tail.push(batch);
                    let mut rows: usize = self.tail.iter().map(RecordBatch::num_rows).sum();
                    while rows - self.tail[0].num_rows() >= before {
                        rows -= self.tail.remove(0).num_rows();
                    }
                }
            }
            Reach::Time(before, after) => {
                let time = self.time.and_then(|time| self.read.iter().position(|&column| column == time));
                let time = time.ok_or_else(unreadable)?;
                let times = |batch: &RecordBatch| nanoseconds(batch.column(time));
                let (own, first) = (times(&batch)?, self.head.first().map(times).transpose()?);
                let first = first.as_ref().unwrap_or(&own)[0];
                let near = own.iter().take_while(|&&at| at <= first.saturating_add(after)).count();
                if after > 0 && near > 0 {
                    self.head.push(batch.slice(0, near));
                }
                let last = own[own.len() - 1].saturating_sub(before);
                for batch in std::mem::take(&mut self.tail).into_iter().chain([batch]) {
                    let far = times(&batch)?.partition_point(|&at| at < last);
                    if far < batch.num_rows() {
                        self.tail.push(batch.slice(far, batch.num_rows() - far));
                    }
                }
            }
            Reach::Present(true) => self.tail = vec![nearest(&self.tail, &batch, true)?],
            Reach::Present(false) => {
                let known = std::mem::take(&mut self.head);
                self.head = vec![nearest(&known, &batch, false)?];
            }
            Reach::All => {}
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<u8>> {
        if let Reach::Rows(before, _) = self.reach {
            let rows: usize = self.tail.iter().map(RecordBatch::num_rows).sum();
            if let Some(first) = self.tail.first_mut() {
                let cut = rows.saturating_sub(before).min(first.num_rows());
                *first = first.slice(cut, first.num_rows() - cut);
            }
        }
        ranges::write(&(to_bytes(&self.head)?, to_bytes(&self.tail)?))
    }
}

/// One row with the last (or first) value of each column that is there in `known` and then `batch`.
fn nearest(known: &[RecordBatch], batch: &RecordBatch, last: bool) -> Result<RecordBatch> {
    let columns = (0..batch.num_columns())
        .map(|index| {
            let column = batch.column(index);
            let valid = present(column);
            let row = if last { valid.iter().rposition(|valid| *valid) } else { valid.iter().position(|valid| *valid) };
            let old = known.first().map(|known| Arc::clone(known.column(index)));
            let old_counts = old.as_ref().is_some_and(|old| present(old)[0]);
            match (row, old) {
                (Some(_), Some(old)) if !last && old_counts => old,
                (Some(row), _) => column.slice(row, 1),
                (None, Some(old)) => old,
                (None, None) => new_null_array(column.data_type(), 1),
            }
        })
        .collect();
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

fn to_bytes(batches: &[RecordBatch]) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    if let Some(first) = batches.first() {
        let mut writer = StreamWriter::try_new(&mut bytes, &first.schema())?;
        batches.iter().try_for_each(|batch| writer.write(batch))?;
        writer.finish()?;
    }
    Ok(bytes)
}

fn from_bytes(bytes: &[u8]) -> Result<Vec<RecordBatch>> {
    if bytes.is_empty() {
        return Ok(vec![]);
    }
    StreamReader::try_new(bytes, None)?.collect::<Result<Vec<_>, _>>().map_err(DataFusionError::from)
}

/// Times as nanoseconds, which never go back.
pub(super) fn nanoseconds(times: &ArrayRef) -> Result<Vec<i64>> {
    if times.null_count() > 0 {
        return Err(phalanx_engine::Error::data("a missing time in a window of time")
            .with_hint("drop rows without a time first")
            .into());
    }
    let times = match times.data_type() {
        DataType::Timestamp(_, zone) => cast(times, &DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()))?,
        DataType::Date32 | DataType::Date64 => cast(times, &DataType::Timestamp(TimeUnit::Nanosecond, None))?,
        DataType::Duration(_) => cast(times, &DataType::Duration(TimeUnit::Nanosecond))?,
        _ => Arc::clone(times),
    };
    let times = integers(&times)?.values().to_vec();
    if times.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(phalanx_engine::Error::data("the times of a window of time go back")
            .with_hint("sort by them first")
            .into());
    }
    Ok(times)
}
