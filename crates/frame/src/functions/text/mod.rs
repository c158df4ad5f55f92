//! Functions of text, as Python's `str` has them. Positions and lengths count characters, not bytes.

mod pattern;
mod results;
mod words;
mod wrap;

pub use pattern::{regex, replacement};
pub use wrap::Wrap;

use super::operand::argument;
use super::promote::is_text;
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use phalanx_engine::{Error, RowFunction, typetag};
use results::{of_list, to_list, to_number, to_text, to_truth};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An end of a text, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The beginning.
    Left,
    /// The end.
    Right,
    /// Both ends.
    Both,
}

/// What kind of characters a text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// `isalnum`
    Alphanumeric,
    /// `isalpha`
    Alphabetic,
    /// `isascii`
    Ascii,
    /// `isdecimal`
    Decimal,
    /// `isdigit`
    Digit,
    /// `islower`
    Lower,
    /// `isnumeric`
    Numeric,
    /// `isspace`
    Space,
    /// `istitle`
    Title,
    /// `isupper`
    Upper,
}

/// A normal form of Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Composed.
    Nfc,
    /// Decomposed.
    Nfd,
    /// Composed, of compatible characters.
    Nfkc,
    /// Decomposed, of compatible characters.
    Nfkd,
}

impl Form {
    fn of(self, text: &str) -> String {
        match self {
            Self::Nfc => ComposingNormalizerBorrowed::new_nfc().normalize(text),
            Self::Nfd => DecomposingNormalizerBorrowed::new_nfd().normalize(text),
            Self::Nfkc => ComposingNormalizerBorrowed::new_nfkc().normalize(text),
            Self::Nfkd => DecomposingNormalizerBorrowed::new_nfkd().normalize(text),
        }
        .into_owned()
    }
}

/// A function of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the parameters are those of pandas' methods, which each line names")]
pub enum Text {
    /// `lower`
    Lower,
    /// `upper`
    Upper,
    /// `title`
    Title,
    /// `capitalize`
    Capitalize,
    /// `swapcase`
    Swapcase,
    /// `casefold`
    Casefold,
    /// `strip`, `lstrip`, `rstrip`: spaces, or these characters.
    Strip { side: Side, characters: Option<String> },
    /// `ljust` (the text on the left), `rjust`, `center`, `pad`.
    Pad { text_on: Side, width: i64, fill: char },
    /// `zfill`: zeros, behind a sign.
    Zfill { width: i64 },
    /// `slice`, with Python's rules for negative positions and steps.
    Slice { start: Option<i64>, stop: Option<i64>, step: Option<i64> },
    /// `slice_replace`
    SliceReplace { start: Option<i64>, stop: Option<i64>, with: String },
    /// `get`: a character; of a list, an element.
    Get { at: i64 },
    /// `replace` of a text, at most so many times.
    Replace { what: String, with: String, count: Option<u64> },
    /// `replace` of what a pattern finds; the replacement is in the regex crate's form.
    ReplacePattern { pattern: String, with: String, count: Option<u64> },
    /// `removeprefix`
    RemovePrefix { prefix: String },
    /// `removesuffix`
    RemoveSuffix { suffix: String },
    /// `repeat`
    Repeat { times: i64 },
    /// `split` and `rsplit`, into a list; without a separator at runs of spaces.
    Split { separator: Option<String>, pattern: bool, most: Option<u64>, from_end: bool },
    /// One group of what a pattern finds first.
    Extract { pattern: String, group: usize },
    /// `findall`
    FindAll { pattern: String },
    /// `contains` of a text.
    Contains { what: String },
    /// `contains`, `match` and `fullmatch` of a pattern, which is anchored accordingly.
    Matches { pattern: String },
    /// `startswith` one of these.
    StartsWith { any: Vec<String> },
    /// `endswith` one of these.
    EndsWith { any: Vec<String> },
    /// `isalpha` and its like.
    Is { class: Class },
    /// `len`; of a list, the number of elements.
    Len,
    /// `find`, `rfind` within a slice; −1 if it is not there.
    Find { what: String, start: Option<i64>, stop: Option<i64>, last: bool },
    /// `index`, `rindex`: as `find`, but an error if it is not there.
    Index { what: String, start: Option<i64>, stop: Option<i64>, last: bool },
    /// `translate`: for a character another text, or none.
    Translate { table: BTreeMap<char, Option<String>> },
    /// `normalize` to a form of Unicode.
    Normalize { form: Form },
    /// `wrap`: lines of a width.
    Wrap(Wrap),
    /// `join`: the characters, or the elements of a list, with this between them.
    Join { separator: String },
    /// `partition`, `rpartition`: what is before, the separator, what is behind.
    Partition { separator: String, last: bool },
    /// `count` of what a pattern finds.
    Count { pattern: String },
}

/// What a function of a text gives.
enum Kind {
    Text,
    Truth,
    Number,
    List,
}

impl Text {
    fn kind(&self) -> Kind {
        match self {
            Self::Contains { .. }
            | Self::Matches { .. }
            | Self::StartsWith { .. }
            | Self::EndsWith { .. }
            | Self::Is { .. } => Kind::Truth,
            Self::Len | Self::Find { .. } | Self::Index { .. } | Self::Count { .. } => Kind::Number,
            Self::Split { .. } | Self::FindAll { .. } | Self::Partition { .. } => Kind::List,
            _ => Kind::Text,
        }
    }

    /// Refuses patterns that can't be read, before anything runs.
    ///
    /// # Errors
    /// `Unsupported`: the pattern is none of the regex crate's.
    pub fn check(&self) -> phalanx_engine::Result<()> {
        match self {
            Self::ReplacePattern { pattern, .. }
            | Self::Extract { pattern, .. }
            | Self::FindAll { pattern }
            | Self::Matches { pattern }
            | Self::Count { pattern } => regex(pattern).map(drop),
            Self::Split { separator: Some(separator), pattern: true, .. } => regex(separator).map(drop),
            _ => Ok(()),
        }
    }
}

/// A [`Text`] as a row function. A missing text stays missing; as an answer to a question it is false.
#[derive(Debug, Serialize, Deserialize)]
pub struct OfText(pub Text);

fn strings(nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, nullable)))
}

#[typetag::serde]
impl RowFunction for OfText {
    fn name(&self) -> &'static str {
        "str"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let data_type = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        let list = matches!(data_type, DataType::List(_))
            && matches!(self.0, Text::Get { .. } | Text::Len | Text::Join { .. });
        if !list && !is_text(data_type) {
            return Err(Error::mismatch(format!(
                "can only use .str with a column of text, not of type {}",
                dtype_name(data_type)
            ))
            .with_hint("cast the column with astype(str) first")
            .into());
        }
        Ok(match self.0.kind() {
            Kind::Text => Field::new("str", DataType::Utf8, true),
            Kind::Truth => Field::new("str", DataType::Boolean, false),
            Kind::Number => Field::new("str", DataType::Int64, true),
            Kind::List => Field::new("str", strings(true), true),
        })
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        if matches!(values.data_type(), DataType::List(_)) {
            return of_list(&self.0, &values);
        }
        let values = cast(&values, &DataType::Utf8)?;
        let values: &StringArray = values.as_string();
        match self.0.kind() {
            Kind::Text => to_text(&self.0, values),
            Kind::Truth => to_truth(&self.0, values),
            Kind::Number => to_number(&self.0, values),
            Kind::List => to_list(&self.0, values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_unicodes() {
        assert_eq!(Form::Nfd.of("é"), "e\u{301}");
        assert_eq!(Form::Nfkc.of("ﬁ²"), "fi2");
    }
}
