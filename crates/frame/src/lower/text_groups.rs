//! The first of the two steps of a group-by whose only key is text: groups of the rows of one task.
//!
//! Most keys are short and come again and again, so a text of up to 15 bytes is compared as one integer, and the last
//! keys that were met are looked up in a small table that needs no search.

use super::aggregates::Source;
use crate::kernel::values::internal;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, MAX_INLINE_VIEW_LEN, RecordBatch, StringArray, StringBuilder, StringViewArray,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::HashMap;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::TryStreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Groups are passed on when they have so many bytes, and counted anew: a second step puts them together anyway.
const BYTES_MAX: usize = 16 << 20;

/// The groups of the first column: the key, and the states of these functions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextGroups {
    pub sources: Vec<(Source, usize)>,
    pub schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for TextGroups {
    fn name(&self) -> &'static str {
        "text_groups"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let input = input.swap_remove(0);
        let functions = self.sources.iter().map(|(source, index)| Function::new(*source, *index, &input.schema()));
        let open = Open {
            functions: functions.collect::<Result<_>>()?,
            keys: Keys::default(),
            schema: self.schema(),
            reservation: MemoryConsumer::new("groups of text").register(context.memory_pool()),
            input: Some(input),
        };
        let groups =
            futures::stream::try_unfold(open, async |mut open| Ok(open.next().await?.map(|batch| (batch, open))));
        Ok(stream::with_schema(self.schema(), groups))
    }
}

/// An aggregate function at work.
struct Function {
    argument: Arc<dyn PhysicalExpr>,
    groups: Box<dyn GroupsAccumulator>,
}

impl Function {
    fn new(source: Source, index: usize, schema: &SchemaRef) -> Result<Self> {
        let function = source.aggregate(schema, index)?;
        let [argument] = function.expressions().try_into().map_err(|_| internal("a function has one argument"))?;
        Ok(Self { argument, groups: function.create_groups_accumulator()? })
    }
}

struct Open {
    /// `None` at its end.
    input: Option<SendableRecordBatchStream>,
    keys: Keys,
    functions: Vec<Function>,
    schema: SchemaRef,
    reservation: MemoryReservation,
}

impl Open {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut groups = vec![];
        while let Some(input) = &mut self.input {
            let Some(batch) = input.try_next().await? else {
                self.input = None;
                break;
            };
            self.add(&batch, &mut groups)?;
            let bytes = self.bytes();
            if bytes > BYTES_MAX || self.reservation.try_resize(bytes).is_err() {
                return self.take().map(Some);
            }
        }
        if self.keys.is_empty() { Ok(None) } else { self.take().map(Some) }
    }

    fn add(&mut self, batch: &RecordBatch, groups: &mut Vec<usize>) -> Result<()> {
        let keys = batch.column(0);
        match (keys.as_string_opt::<i32>(), keys.as_string_view_opt()) {
            (Some(keys), _) => self.keys.find(keys, groups),
            (_, Some(keys)) => self.keys.find_views(keys, groups),
            _ => return Err(internal("a key that is no text")),
        }
        for function in &mut self.functions {
            let values = function.argument.evaluate(batch)?.into_array(batch.num_rows())?;
            function.groups.update_batch(&[values], groups, None, self.keys.len())?;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.functions.iter().map(|function| function.groups.size()).sum::<usize>() + self.keys.bytes()
    }

    /// All groups so far, which are then forgotten.
    fn take(&mut self) -> Result<RecordBatch> {
        let mut columns = vec![self.keys.take()];
        for function in &mut self.functions {
            columns.extend(function.groups.state(EmitTo::All)?);
        }
        self.reservation.free();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// The texts that were met, in the order of their groups.
#[derive(Default)]
struct Keys {
    texts: StringBuilder,
    missing: Option<usize>,
    short: HashMap<u128, usize>,
    long: HashMap<Box<str>, usize>,
    recent: Recent,
}

/// The last short keys: each has one place.
struct Recent(Vec<(u128, usize)>);

/// As many as fit into the nearest cache.
const RECENT: usize = 512;
/// No short text is this.
const NO_TEXT: u128 = u128::MAX;

impl Default for Recent {
    fn default() -> Self {
        Self(vec![(NO_TEXT, 0); RECENT])
    }
}

impl Recent {
    fn place(&mut self, key: u128) -> &mut (u128, usize) {
        let mixed = ((key >> 64) as u64 ^ (key as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.0[(mixed >> (u64::BITS - RECENT.ilog2())) as usize]
    }
}

impl Keys {
    fn len(&self) -> usize {
        // The builder counts missing values too.
        datafusion::arrow::array::ArrayBuilder::len(&self.texts)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bytes(&self) -> usize {
        let tables =
            self.short.capacity() * size_of::<(u128, usize)>() + self.long.capacity() * size_of::<(Box<str>, usize)>();
        // A long text is there twice.
        tables + 2 * self.texts.values_slice().len() + 4 * self.len()
    }

    fn find(&mut self, keys: &StringArray, groups: &mut Vec<usize>) {
        groups.clear();
        groups.reserve(keys.len());
        let (bytes, offsets) = (keys.value_data(), keys.value_offsets());
        for row in 0..keys.len() {
            if keys.is_null(row) {
                groups.push(self.missing());
                continue;
            }
            let (start, end) = (offsets[row] as usize, offsets[row + 1] as usize);
            groups.push(match packed(bytes, start, end) {
                Some(key) => self.short(key, || keys.value(row)),
                None => self.long(keys.value(row)),
            });
        }
    }

    /// The same for texts of which the short ones lie in their views.
    fn find_views(&mut self, keys: &StringViewArray, groups: &mut Vec<usize>) {
        groups.clear();
        groups.reserve(keys.len());
        for (row, view) in keys.views().iter().enumerate() {
            let length = *view as u32;
            groups.push(if keys.is_null(row) {
                self.missing()
            } else if length <= MAX_INLINE_VIEW_LEN {
                self.short(view >> 32 | u128::from(length) << 120, || keys.value(row))
            } else {
                let text = keys.value(row);
                match packed(text.as_bytes(), 0, text.len()) {
                    Some(key) => self.short(key, || text),
                    None => self.long(text),
                }
            });
        }
    }

    fn missing(&mut self) -> usize {
        let next = self.len();
        *self.missing.get_or_insert_with(|| {
            self.texts.append_null();
            next
        })
    }

    #[inline]
    fn short<'a>(&mut self, key: u128, text: impl FnOnce() -> &'a str) -> usize {
        let place = self.recent.place(key);
        if place.0 == key {
            return place.1;
        }
        let next = datafusion::arrow::array::ArrayBuilder::len(&self.texts);
        let group = *self.short.entry(key).or_insert_with(|| {
            self.texts.append_value(text());
            next
        });
        *place = (key, group);
        group
    }

    fn long(&mut self, text: &str) -> usize {
        if let Some(group) = self.long.get(text) {
            return *group;
        }
        let group = self.len();
        self.texts.append_value(text);
        self.long.insert(text.into(), group);
        group
    }

    fn take(&mut self) -> ArrayRef {
        let mut taken = std::mem::take(self);
        Arc::new(taken.texts.finish())
    }
}

/// A text of up to 15 bytes and its length.
#[inline]
fn packed(bytes: &[u8], start: usize, end: usize) -> Option<u128> {
    let length = end - start;
    if length > 15 {
        return None;
    }
    let whole = match bytes.get(start..start + 16).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(bytes) => u128::from_le_bytes(bytes),
        None => {
            let mut last = [0; 16];
            last[..length].copy_from_slice(&bytes[start..end]);
            u128::from_le_bytes(last)
        }
    };
    let kept = whole & ((1 << (8 * length)) - 1);
    Some(kept | (length as u128) << 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let texts = ["", "a", "a\0", "a\0\0", "123456789012345", "1234567890123456", "12345678901234567", "ä", "b"];
        let rows: Vec<Option<&str>> = texts.iter().map(|text| Some(*text)).chain([None]).collect();
        let array: StringArray = rows.iter().chain(rows.iter().rev()).copied().collect();
        let (mut keys, mut groups) = (Keys::default(), vec![]);
        // Slices begin anywhere in their buffer.
        for batch in [array.slice(0, 3), array.slice(3, array.len() - 3)] {
            let before = groups.len();
            let mut found = vec![];
            keys.find(&batch, &mut found);
            groups.truncate(before);
            groups.extend(found);
        }
        let expected: Vec<usize> = (0..rows.len()).chain((0..rows.len()).rev()).collect();
        assert_eq!(groups, expected);
        // As views they are the same groups.
        let views: StringViewArray = array.iter().collect();
        for (start, length) in [(3, views.len() - 3), (0, 3)] {
            let mut found = vec![];
            keys.find_views(&views.slice(start, length), &mut found);
            assert_eq!(found, expected[start..start + length]);
        }
        assert_eq!(keys.take().as_string::<i32>(), &rows.into_iter().collect::<StringArray>());
        assert!(keys.is_empty());
    }
}
