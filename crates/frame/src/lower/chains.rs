//! The rows of one side of a join as a table of chains, and the pairs that the rows of the other side make with them.

use super::join::Join;
use super::keys::{Keys, key_range};
use crate::merge::Keep;
use datafusion::arrow::array::{Array, ArrayRef, NullArray, RecordBatch, UInt32Array, new_null_array};
use datafusion::arrow::compute::{take, take_record_batch};
use datafusion::error::Result;
use phalanx_engine::Operator;
use std::sync::Arc;

/// Pairs of a batch.
const PAIRS: usize = 8192;

/// Rows as a hash table of chains: of all rows with one tag, from the first to the last.
pub(super) struct Chains {
    rows: RecordBatch,
    keys: Keys,
    /// Whether equal tags are equal keys.
    exact: bool,
    /// A chain for each tag, in the first free slot from that of its tag on: what a row compares itself with lies side by
    /// side in memory. There is always a free slot.
    slots: Vec<Chain>,
    /// The row behind each row in its chain, or [`NONE`].
    behind: Vec<u32>,
    /// Which rows met another, if that is asked.
    met: Vec<bool>,
}

/// The rows of one tag, with what a probing row must know of them in one place of memory.
#[derive(Debug, Clone, Copy)]
struct Chain {
    /// The key itself if it is an integer, else its hash.
    tag: u64,
    /// The first row, or [`NONE`].
    first: u32,
    /// Whether there is another.
    has_more: bool,
}

/// No row.
const NONE: u32 = u32::MAX;

impl Chains {
    pub(super) fn new(rows: RecordBatch, keys: usize, unique: bool) -> Result<Self> {
        let count = rows.num_rows();
        if count >= NONE as usize {
            return Err(phalanx_engine::Error::resources(format!("{count} rows in one hash partition of a merge"))
                .with_hint("let the larger frame be the left one, or raise the session's number of partitions")
                .into());
        }
        let compared = Keys::of(&rows, keys)?;
        let exact = matches!(&compared, Keys::Integers(keys) if keys.null_count() == 0);
        let tags = compared.tags(&rows, keys, exact)?;
        let mut table = Self {
            // At most two thirds are taken.
            slots: vec![Chain { tag: 0, first: NONE, has_more: false }; (count + count / 2 + 1).next_power_of_two()],
            behind: vec![NONE; count],
            met: vec![false; count],
            rows,
            keys: compared,
            exact,
        };
        for (row, &tag) in tags.iter().enumerate().rev() {
            let slot = table.find(tag);
            let known = table.slots[slot];
            if unique && table.rows_from(known.first).any(|other| table.keys.equal(row, &table.keys, other)) {
                return Err(phalanx_engine::Error::data("merge keys are not unique")
                    .with_hint("drop duplicates first, or validate less")
                    .into());
            }
            table.behind[row] = known.first;
            table.slots[slot] = Chain { tag, first: row as u32, has_more: known.first != NONE };
        }
        Ok(table)
    }

    /// Where the chain of a tag is looked for first. A product's upper bits depend on all bits of what is multiplied, also
    /// where tags are hashes that agree in the bits by which rows were exchanged.
    fn slot(&self, tag: u64) -> usize {
        ((tag ^ tag >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & (self.slots.len() - 1)
    }

    /// The slot of a tag's chain, or where it would be.
    fn find(&self, tag: u64) -> usize {
        let mut slot = self.slot(tag);
        while self.slots[slot].first != NONE && self.slots[slot].tag != tag {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    fn rows_from(&self, first: u32) -> impl Iterator<Item = usize> + '_ {
        let row = |row: u32| (row != NONE).then_some(row as usize);
        std::iter::successors(row(first), move |&at| row(self.behind[at]))
    }

    /// The pairs of these rows with the table's.
    pub(super) fn meet(&mut self, join: &Join, batch: &RecordBatch) -> Result<Vec<RecordBatch>> {
        let keys = Keys::of(batch, join.keys)?;
        let tags = keys.tags(batch, join.keys, self.exact)?;
        let mut batches = vec![];
        let (mut left, mut right): (Vec<u32>, Vec<u32>) = (vec![], vec![]);
        // A pass of its own, since these reads don't wait for each other.
        let chains: Vec<Chain> = tags.iter().map(|&tag| self.slots[self.slot(tag)]).collect();
        for (row, (&tag, mut chain)) in tags.iter().zip(chains).enumerate() {
            let (before, mut alone) = (left.len(), true);
            if chain.first != NONE && chain.tag != tag {
                chain = self.slots[self.find(tag)];
            }
            let comparable = !self.exact || keys.is_present(row);
            let mut at = if comparable { chain.first } else { NONE };
            while at != NONE {
                let other = at as usize;
                if self.exact || keys.equal(row, &self.keys, other) {
                    alone = false;
                    if join.keep == Keep::Outer {
                        self.met[other] = true;
                    }
                    // One row may meet very many: a batch is what a sort takes at once.
                    if left.len() >= PAIRS && join.keep != Keep::LeftAnti {
                        batches.push(self.pairs(join, batch, std::mem::take(&mut left), std::mem::take(&mut right))?);
                    }
                    left.push(row as u32);
                    right.push(at);
                    if matches!(join.keep, Keep::LeftSemi | Keep::LeftAnti) {
                        break;
                    }
                }
                // What is behind lies elsewhere in memory, and most keys are there once.
                at = if chain.has_more { self.behind[other] } else { NONE };
            }
            match join.keep {
                Keep::Left | Keep::Outer | Keep::Right | Keep::LeftAnti if alone => {
                    left.push(row as u32);
                    right.push(NONE);
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

    fn pairs(&self, join: &Join, batch: &RecordBatch, left: Vec<u32>, right: Vec<u32>) -> Result<RecordBatch> {
        // Where a key of the other table is meant, each row meets one.
        let is_whole = left.len() == batch.num_rows() && left.iter().enumerate().all(|(row, &at)| at as usize == row);
        let left = UInt32Array::from(left);
        let right: UInt32Array = match right.contains(&NONE) {
            true => right.into_iter().map(|row| (row != NONE).then_some(row)).collect(),
            false => right.into(),
        };
        let of_probe = |&column: &usize| match is_whole {
            true => Ok(Arc::clone(batch.column(column))),
            false => take(batch.column(column), &left, None),
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray};

    #[test]
    fn chains_have_all_rows_of_a_tag_in_order() {
        // Multiples of 2⁴⁸ and of 3, each several times, so that tables are full of neighbours.
        let numbers: Vec<i64> =
            (0..3000_i64).map(|row| if row % 5 == 0 { (row % 70) << 48 } else { row % 300 * 3 }).collect();
        let texts: StringArray = numbers.iter().map(|number| (number % 7 != 3).then(|| number.to_string())).collect();
        let ordinals: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3000));
        let columns: [ArrayRef; 2] = [Arc::new(Int64Array::from(numbers)), Arc::new(texts)];
        for column in columns {
            let rows = RecordBatch::try_from_iter([("key", Arc::clone(&column)), ("ordinal", Arc::clone(&ordinals))]);
            let table = Chains::new(rows.unwrap(), 1, false).unwrap();
            let tags = table.keys.tags(&table.rows, 1, table.exact).unwrap();
            for tag in &tags {
                let chain = table.slots[table.find(*tag)];
                let expected: Vec<usize> = (0..tags.len()).filter(|row| tags[*row] == *tag).collect();
                assert_eq!(table.rows_from(chain.first).collect::<Vec<_>>(), expected);
                assert_eq!((chain.tag, chain.has_more), (*tag, expected.len() > 1));
            }
            let absent = tags.iter().fold(1, |absent: u64, tag| absent.max(*tag)).wrapping_add(1);
            assert_eq!(table.slots[table.find(absent)].first, NONE);
        }
    }
}
