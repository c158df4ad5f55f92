//! Distinct texts, numbered in the order in which they are met.
//!
//! Most texts are short and come again and again, so one of up to 15 bytes is compared as one integer, and the last ones
//! that were met are looked up in a small table that needs no search.

use crate::kernel::values::internal;
use datafusion::arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, DictionaryArray, MAX_INLINE_VIEW_LEN, StringArray, StringBuilder,
    StringViewArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::HashMap;
use datafusion::error::Result;
use std::sync::Arc;

/// Distinct texts, and missing as one of them if it was met.
#[derive(Debug, Default)]
pub struct Texts {
    texts: StringBuilder,
    missing: Option<usize>,
    short: HashMap<u128, usize>,
    long: HashMap<Box<str>, usize>,
    recent: Recent,
}

/// What is known of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is missing.
    Missing,
    /// It was not met.
    Unknown,
    /// Its number.
    Number(usize),
}

/// A text, and itself as an integer if it is short.
#[derive(Clone, Copy)]
struct Text<'a> {
    packed: Option<u128>,
    text: &'a str,
}

impl Texts {
    /// Distinct texts, the row in which each is first, and the number of each row's text.
    ///
    /// # Errors
    /// What is given is no text.
    pub fn number(texts: &ArrayRef) -> Result<(Self, Vec<usize>, Vec<usize>)> {
        let (mut met, mut first, mut numbers) = (Self::default(), vec![], vec![]);
        met.meet(texts, &mut numbers)?;
        for (row, number) in numbers.iter().enumerate() {
            if *number == first.len() {
                first.push(row);
            }
        }
        Ok((met, first, numbers))
    }

    /// How many distinct texts were met.
    pub fn len(&self) -> usize {
        // The builder counts missing values too.
        ArrayBuilder::len(&self.texts)
    }

    /// Was none met?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that this holds.
    pub fn bytes(&self) -> usize {
        let tables =
            self.short.capacity() * size_of::<(u128, usize)>() + self.long.capacity() * size_of::<(Box<str>, usize)>();
        // A long text is there twice.
        tables + 2 * self.texts.values_slice().len() + 4 * self.len()
    }

    /// Meets texts of any of Arrow's types for them; their numbers replace what is in `numbers`. Of a dictionary, what no row
    /// has is not met.
    ///
    /// # Errors
    /// What is given is no text.
    pub fn meet(&mut self, texts: &ArrayRef, numbers: &mut Vec<usize>) -> Result<()> {
        numbers.clear();
        numbers.reserve(texts.len());
        if let Some(dictionary) = texts.as_any().downcast_ref::<DictionaryArray<Int32Type>>() {
            return self.meet_dictionary(dictionary, numbers);
        }
        visit(texts, |text| {
            numbers.push(match text {
                None => self.missing(),
                Some(Text { packed: Some(key), text }) => self.short(key, text),
                Some(Text { text, .. }) => self.long(text),
            });
        })
    }

    fn meet_dictionary(&mut self, texts: &DictionaryArray<Int32Type>, numbers: &mut Vec<usize>) -> Result<()> {
        let (mut known, mut number) = (vec![UNKNOWN; texts.values().len()], vec![]);
        for key in texts.keys_iter() {
            let Some(key) = key else {
                numbers.push(self.missing());
                continue;
            };
            if known[key] == UNKNOWN {
                self.meet(&texts.values().slice(key, 1), &mut number)?;
                known[key] = number[0];
            }
            numbers.push(known[key]);
        }
        Ok(())
    }

    /// What is known of each text, as `answer` says it.
    ///
    /// # Errors
    /// What is given is no text.
    pub fn find<T>(&self, texts: &ArrayRef, answer: impl Fn(Found) -> T) -> Result<Vec<T>> {
        let found = |number: Option<&usize>| number.map_or(UNKNOWN, |number| *number);
        let (mut answers, mut recent) = (Vec::with_capacity(texts.len()), Recent::default());
        visit(texts, |text| {
            let number = match text {
                None => return answers.push(answer(Found::Missing)),
                Some(Text { packed: Some(key), .. }) => {
                    let place = recent.place(key);
                    if place.0 != key {
                        *place = (key, found(self.short.get(&key)));
                    }
                    place.1
                }
                Some(Text { text, .. }) => found(self.long.get(text)),
            };
            answers.push(answer(if number == UNKNOWN { Found::Unknown } else { Found::Number(number) }));
        })?;
        Ok(answers)
    }

    /// The distinct texts by their numbers.
    pub fn finish(mut self) -> StringArray {
        self.texts.finish()
    }

    fn missing(&mut self) -> usize {
        let next = self.len();
        *self.missing.get_or_insert_with(|| {
            self.texts.append_null();
            next
        })
    }

    #[inline]
    fn short(&mut self, key: u128, text: &str) -> usize {
        let place = self.recent.place(key);
        if place.0 == key {
            return place.1;
        }
        let next = ArrayBuilder::len(&self.texts);
        let number = *self.short.entry(key).or_insert_with(|| {
            self.texts.append_value(text);
            next
        });
        *place = (key, number);
        number
    }

    fn long(&mut self, text: &str) -> usize {
        if let Some(number) = self.long.get(text) {
            return *number;
        }
        let number = self.len();
        self.texts.append_value(text);
        self.long.insert(text.into(), number);
        number
    }
}

/// The last short texts: each has one place.
#[derive(Debug)]
struct Recent(Vec<(u128, usize)>);

/// As many as fit into the nearest cache.
const RECENT: usize = 512;
/// No short text is this.
const NO_TEXT: u128 = u128::MAX;
/// No number of a text.
const UNKNOWN: usize = usize::MAX;

impl Default for Recent {
    fn default() -> Self {
        Self(vec![(NO_TEXT, UNKNOWN); RECENT])
    }
}

impl Recent {
    #[inline]
    fn place(&mut self, key: u128) -> &mut (u128, usize) {
        let mixed = ((key >> 64) as u64 ^ (key as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.0[(mixed >> (u64::BITS - RECENT.ilog2())) as usize]
    }
}

/// Each text in turn; `None` where one is missing.
#[inline]
fn visit(texts: &ArrayRef, each: impl FnMut(Option<Text<'_>>)) -> Result<()> {
    match texts.data_type() {
        DataType::Utf8 => visit_offsets(texts.as_string(), each),
        DataType::Utf8View => visit_views(texts.as_string_view(), each),
        DataType::LargeUtf8 => visit_views(cast(texts, &DataType::Utf8View)?.as_string_view(), each),
        other => return Err(internal(format!("{other} where a text is"))),
    }
    Ok(())
}

#[inline]
fn visit_offsets(texts: &StringArray, mut each: impl FnMut(Option<Text<'_>>)) {
    let (bytes, offsets) = (texts.value_data(), texts.value_offsets());
    for row in 0..texts.len() {
        each(texts.is_valid(row).then(|| {
            let packed = packed(bytes, offsets[row] as usize, offsets[row + 1] as usize);
            Text { packed, text: texts.value(row) }
        }));
    }
}

/// Short texts lie in their views.
#[inline]
fn visit_views(texts: &StringViewArray, mut each: impl FnMut(Option<Text<'_>>)) {
    for (row, view) in texts.views().iter().enumerate() {
        each(texts.is_valid(row).then(|| {
            let (text, length) = (texts.value(row), *view as u32);
            let packed = match length <= MAX_INLINE_VIEW_LEN {
                true => Some(view >> 32 | u128::from(length) << 120),
                false => packed(text.as_bytes(), 0, text.len()),
            };
            Text { packed, text }
        }));
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

impl From<Texts> for ArrayRef {
    fn from(texts: Texts) -> Self {
        Arc::new(texts.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::LargeStringArray;

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let texts = ["", "a", "a\0", "a\0\0", "123456789012345", "1234567890123456", "12345678901234567", "ä", "b"];
        let rows: Vec<Option<&str>> = texts.iter().map(|text| Some(*text)).chain([None]).collect();
        let twice = || rows.iter().chain(rows.iter().rev()).copied();
        let array: ArrayRef = Arc::new(twice().collect::<StringArray>());
        let mut met = Texts::default();
        let (mut numbers, mut found) = (vec![], vec![]);
        // Slices begin anywhere in their buffer.
        for batch in [array.slice(0, 3), array.slice(3, array.len() - 3)] {
            met.meet(&batch, &mut found).unwrap();
            numbers.append(&mut found);
        }
        let expected: Vec<usize> = (0..rows.len()).chain((0..rows.len()).rev()).collect();
        assert_eq!(numbers, expected);
        // Texts of the other types are the same ones.
        let views: ArrayRef = Arc::new(twice().collect::<StringViewArray>());
        let large: ArrayRef = Arc::new(twice().collect::<LargeStringArray>());
        let answers: Vec<Found> = expected
            .iter()
            .map(|number| if *number == texts.len() { Found::Missing } else { Found::Number(*number) })
            .collect();
        for other in [array, views, large] {
            for (start, length) in [(3, other.len() - 3), (0, 3)] {
                let slice = other.slice(start, length);
                met.meet(&slice, &mut found).unwrap();
                assert_eq!(found, expected[start..start + length]);
                assert_eq!(met.find(&slice, |found| found).unwrap(), answers[start..start + length]);
            }
        }
        let dictionary = DictionaryArray::<Int32Type>::try_new(
            vec![Some(2), None, Some(0), Some(2), Some(3)].into(),
            Arc::new(StringArray::from(vec![Some("b"), Some("nobody's"), Some("ä"), None])),
        );
        met.meet(&(Arc::new(dictionary.unwrap()) as ArrayRef), &mut found).unwrap();
        assert_eq!(found, [7, 9, 8, 7, 9]);
        let unknown: ArrayRef = Arc::new(StringArray::from(vec!["c", "a\0\0\0", "123456789012345678", "c"]));
        assert_eq!(met.find(&unknown, |found| found).unwrap(), [Found::Unknown; 4]);
        assert_eq!(met.finish(), rows.into_iter().collect::<StringArray>());
        assert!(Texts::default().is_empty());
    }
}
