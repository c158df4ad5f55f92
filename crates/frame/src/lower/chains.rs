//! The rows of one side of a join as a table of chains, and the pairs that the rows of the other side make with them.

use super::join::Join;
use super::keys::{Keys, key_range, keys_of};
use crate::merge::Keep;
use datafusion::arrow::array::{Array, ArrayRef, NullArray, RecordBatch, UInt32Array, new_null_array};
use datafusion::arrow::compute::{take, take_record_batch};
use datafusion::error::Result;
use phalanx_engine::Operator;
use std::sync::Arc;

/// Pairs of a batch.
const PAIRS: usize = 8192;

/// Rows as a hash table of chains; a chain goes from the first row to the last.
pub(super) struct Chains {
    rows: RecordBatch,
    keys: Keys,
    /// Whether equal tags are equal keys.
    exact: bool,
    heads: Vec<Link>,
    /// What comes behind each row.
    links: Vec<Link>,
    /// Which rows met another, if that is asked.
    met: Vec<bool>,
}

/// A row in a chain, with what a probing row must know of it in one place of memory.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// The key itself if it is an integer, else its hash.
    tag: u64,
    /// The row, or [`END`].
    row: u32,
    /// Whether another with this tag comes behind it.
    has_twin: bool,
}

/// No row.
const END: u32 = u32::MAX;

impl Chains {
    pub(super) fn new(rows: RecordBatch, keys: usize, unique: bool) -> Result<Self> {
        let count = rows.num_rows();
        if count >= END as usize {
            return Err(phalanx_engine::Error::resources(format!("{count} rows in one hash partition of a merge"))
                .with_hint("let the larger frame be the left one, or raise the session's number of partitions")
                .into());
        }
        let (keys, hashes) = keys_of(&rows, keys)?;
        let exact = matches!(&keys, Keys::Integers(keys) if keys.null_count() == 0);
        let none = Link { tag: 0, row: END, has_twin: false };
        let mut table = Self {
            heads: vec![none; count.next_power_of_two()],
            links: vec![none; count],
            met: vec![false; count],
            rows,
            keys,
            exact,
        };
        for row in (0..count).rev() {
            let slot = table.slot(hashes[row]);
            let tag = table.keys.tag(row, exact, hashes[row]);
            let behind = table.heads[slot];
            let has_twin = table.chain(behind).any(|link| link.tag == tag);
            table.links[row] = behind;
            table.heads[slot] = Link { tag, row: row as u32, has_twin };
            let equal = |link: Link| table.keys.equal(row, &table.keys, link.row as usize);
            if unique && has_twin && table.chain(behind).any(equal) {
                return Err(phalanx_engine::Error::data("merge keys are not unique")
                    .with_hint("drop duplicates first, or validate less")
                    .into());
            }
        }
        Ok(table)
    }

    /// The exchange has used the lower bits: all rows of a partition agree in some of them.
    fn slot(&self, hash: u64) -> usize {
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & (self.heads.len() - 1)
    }

    fn chain(&self, first: Link) -> impl Iterator<Item = Link> + '_ {
        let mut at = first;
        std::iter::from_fn(move || {
            let link = (at.row != END).then_some(at)?;
            at = self.links[link.row as usize];
            Some(link)
        })
    }

    /// The pairs of these rows with the table's.
    pub(super) fn meet(&mut self, join: &Join, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let (keys, hashes) = keys_of(batch, join.keys)?;
        let mut batches = vec![];
        let (mut left, mut right): (Vec<u32>, Vec<Option<u32>>) = (vec![], vec![]);
        // A pass of its own, since these reads don't wait for each other.
        let heads: Vec<Link> = hashes.iter().map(|&hash| self.heads[self.slot(hash)]).collect();
        for (row, (&hash, mut at)) in hashes.iter().zip(heads).enumerate() {
            let (before, mut alone) = (left.len(), true);
            let tag = keys.tag(row, self.exact, hash);
            let comparable = !self.exact || keys.is_present(row);
            while at.row != END {
                let other = at.row as usize;
                let is_tagged = at.tag == tag;
                if is_tagged && comparable && (self.exact || keys.equal(row, &self.keys, other)) {
                    alone = false;
                    if join.keep == Keep::Outer {
                        self.met[other] = true;
                    }
                    // One row may meet very many: a batch is what a sort takes at once.
                    if left.len() >= PAIRS && join.keep != Keep::LeftAnti {
                        batches.push(self.pairs(join, batch, std::mem::take(&mut left), std::mem::take(&mut right))?);
                    }
                    left.push(row as u32);
                    right.push(Some(at.row));
                    if matches!(join.keep, Keep::LeftSemi | Keep::LeftAnti) {
                        break;
                    }
                }
                // The next link is elsewhere in memory, and most keys are there once.
                if is_tagged && !at.has_twin {
                    break;
                }
                at = self.links[other];
            }
            match join.keep {
                Keep::Left | Keep::Outer | Keep::Right | Keep::LeftAnti if alone => {
                    left.push(row as u32);
                    right.push(None);
                }
                Keep::LeftAnti => {
                    left.truncate(before);
                    right.truncate(before);
                }
                _ => {}
            }
            if left.len() >= PAIRS {
                batches.push(self.pairs(join, batch, std::mem::take(&mut left), std::mem::take(&mut right))?);
            }
        }
        if !left.is_empty() {
            batches.push(self.pairs(join, batch, left, right)?);
        }
        Ok(batches)
    }

    fn pairs(&self, join: &Join, batch: &RecordBatch, left: Vec<u32>, right: Vec<Option<u32>>) -> Result<RecordBatch> {
        let (left, right) = (UInt32Array::from(left), UInt32Array::from(right));
        let of_probe = |&column: &usize| take(batch.column(column), &left, None);
        let of_build = |&column: &usize| take(self.rows.column(column), &right, None);
        let mut columns = vec![];
        for column in &join.probe_columns {
            columns.push(of_probe(column)?);
        }
        for column in &join.build_columns {
            columns.push(of_build(column)?);
        }
        if join.keep == Keep::Outer {
            for column in key_range(batch.num_columns(), join.keys) {
                columns.push(of_probe(&column)?);
            }
        }
        if join.numbered {
            columns.push(of_build(&(self.rows.num_columns() - 1))?);
            columns.push(of_probe(&(batch.num_columns() - 1))?);
        } else {
            columns.resize_with(columns.len() + 2, || Arc::new(NullArray::new(left.len())));
        }
        Ok(RecordBatch::try_new(join.schema(), columns)?)
    }

    /// The table's rows that met nobody, if they are kept.
    pub(super) fn rest(&self, join: &Join) -> Result<Vec<RecordBatch>> {
        let rows: UInt32Array = (0..self.met.len()).filter(|row| !self.met[*row]).map(|row| Some(row as u32)).collect();
        if join.keep != Keep::Outer || rows.is_empty() {
            return Ok(vec![]);
        }
        let rest = take_record_batch(&self.rows, &rows)?;
        let schema = join.schema();
        let mut columns: Vec<ArrayRef> = (0..join.probe_columns.len())
            .map(|index| new_null_array(schema.field(index).data_type(), rest.num_rows()))
            .collect();
        columns.extend(join.build_columns.iter().map(|&column| Arc::clone(rest.column(column))));
        columns.extend_from_slice(&rest.columns()[key_range(rest.num_columns(), join.keys)]);
        columns.push(Arc::clone(rest.column(rest.num_columns() - 1)));
        columns.push(new_null_array(schema.field(schema.fields().len() - 1).data_type(), rest.num_rows()));
        Ok(vec![RecordBatch::try_new(schema, columns)?])
    }
}
