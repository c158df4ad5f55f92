//! Functions of text, as Python's `str` has them. Positions and lengths count characters, not bytes.

mod words;
mod wrap;

pub use wrap::Wrap;

use super::operand::argument;
use super::promote::is_text;
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use phalanx_engine::{Error, RowFunction, typetag};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use words::{capitalize, casefold, find, is, limit, padded, position, slice, sliced, split, stripped, swapcase, title};

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

/// A pattern as Python writes it.
pub fn regex(pattern: &str) -> phalanx_engine::Result<Regex> {
    Regex::new(&translated(pattern)).map_err(|error| {
        Error::unsupported(format!("the pattern {pattern:?}")).caused_by(&error).with_hint(
            "patterns are those of the regex crate: Python's without look-around and back-references; use \
             map_partitions for others",
        )
    })
}

/// What Python means by a pattern: letters, numbers of any kind and `_` make words, marks do not.
fn translated(pattern: &str) -> String {
    let mut output = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('w')) => output.push_str(r"[\p{L}\p{N}_]"),
            ('\\', Some('W')) => output.push_str(r"[^\p{L}\p{N}_]"),
            ('\\', Some('Z')) => output.push_str(r"\z"),
            (c, next) => {
                output.push(c);
                output.extend(next);
            }
        }
    }
    output
}

/// Python's replacement (`\1`, `\g<name>`) as the regex crate writes it.
pub fn replacement(python: &str) -> String {
    static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\\(?:(\d{1,2})|g<(\w+)>|(\\))").ok());
    let escaped = python.replace('$', "$$");
    match REFERENCE.as_ref() {
        None => escaped,
        Some(reference) => reference
            .replace_all(&escaped, |found: &regex::Captures<'_>| match (found.get(1), found.get(2)) {
                (Some(number), _) => format!("${{{}}}", number.as_str()),
                (_, Some(name)) => format!("${{{}}}", name.as_str()),
                _ => String::from("\\"),
            })
            .into_owned(),
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

fn of_list(function: &Text, values: &ArrayRef) -> Result<ArrayRef> {
    let lists = values.as_list::<i32>();
    if let Text::Get { at } = function {
        let mut output = StringBuilder::new();
        for list in lists.iter() {
            let list = list.map(|list| cast(&list, &DataType::Utf8)).transpose()?;
            let element = list.and_then(|list| {
                let list: &StringArray = list.as_string();
                let at = position(*at, list.len())?;
                list.is_valid(at).then(|| list.value(at).to_owned())
            });
            output.append_option(element);
        }
        return Ok(Arc::new(output.finish()));
    }
    if let Text::Join { separator } = function {
        let mut output = StringBuilder::new();
        for list in lists.iter() {
            let list = list.map(|list| cast(&list, &DataType::Utf8)).transpose()?;
            // As in Python, a list with a missing element can't be joined.
            let list = list.filter(|list| list.null_count() == 0);
            output.append_option(list.map(|list| {
                let parts: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
                parts.join(separator)
            }));
        }
        return Ok(Arc::new(output.finish()));
    }
    let lengths: Int64Array = lists.iter().map(|list| list.map(|list| list.len() as i64)).collect();
    Ok(Arc::new(lengths))
}

fn to_text(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::ReplacePattern { pattern, .. } | Text::Extract { pattern, .. } => Some(regex(pattern)?),
        _ => None,
    };
    let each = |text: &str| -> Option<String> {
        Some(match function {
            Text::Lower => text.to_lowercase(),
            Text::Casefold => casefold(text),
            Text::Upper => text.to_uppercase(),
            Text::Title => title(text),
            Text::Capitalize => capitalize(text),
            Text::Swapcase => swapcase(text),
            Text::Strip { side, characters } => stripped(text, *side, characters.as_deref()).to_owned(),
            Text::Pad { text_on, width, fill } => padded(text, *text_on, *width, *fill),
            Text::Zfill { width } => match text.strip_prefix(['-', '+']) {
                Some(digits) => format!("{}{}", &text[..1], padded(digits, Side::Right, width - 1, '0')),
                None => padded(text, Side::Right, *width, '0'),
            },
            Text::Slice { start, stop, step } => sliced(text, *start, *stop, step.unwrap_or(1)),
            Text::SliceReplace { start, stop, with } => {
                let length = text.chars().count() as i64;
                let (from, to) = slice(*start, *stop, 1, length);
                let before = sliced(text, None, Some(from), 1);
                let after = sliced(text, Some(to.max(from)), None, 1);
                format!("{before}{with}{after}")
            }
            Text::Get { at } => {
                let length = if *at < 0 { text.chars().count() } else { usize::MAX >> 1 };
                text.chars().nth(position(*at, length)?)?.to_string()
            }
            Text::Replace { what, with, count: None } => text.replace(what, with),
            Text::Replace { what, with, count: Some(count) } => {
                text.replacen(what, with, usize::try_from(*count).unwrap_or(usize::MAX))
            }
            Text::ReplacePattern { with, count, .. } => {
                let limit = count.map_or(0, |count| usize::try_from(count).unwrap_or(0));
                match pattern.as_ref()?.replacen(text, limit, with.as_str()) {
                    Cow::Borrowed(same) => same.to_owned(),
                    Cow::Owned(changed) => changed,
                }
            }
            Text::RemovePrefix { prefix } => text.strip_prefix(prefix.as_str()).unwrap_or(text).to_owned(),
            Text::RemoveSuffix { suffix } => text.strip_suffix(suffix.as_str()).unwrap_or(text).to_owned(),
            Text::Translate { table } => {
                let mut output = String::with_capacity(text.len());
                for c in text.chars() {
                    match table.get(&c) {
                        None => output.push(c),
                        Some(other) => output.extend(other.as_deref()),
                    }
                }
                output
            }
            Text::Normalize { form } => form.of(text),
            Text::Wrap(wrap) => wrap.lines(text).join("\n"),
            Text::Join { separator } => text.chars().map(String::from).collect::<Vec<_>>().join(separator),
            Text::Repeat { times } => text.repeat(usize::try_from(*times).unwrap_or(0)),
            Text::Extract { group, .. } => pattern.as_ref()?.captures(text)?.get(*group)?.as_str().to_owned(),
            _ => return None,
        })
    };
    let mut output = StringBuilder::with_capacity(values.len(), values.values().len());
    for value in values {
        output.append_option(value.and_then(each));
    }
    Ok(Arc::new(output.finish()))
}

fn to_truth(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::Matches { pattern } => Some(regex(pattern)?),
        _ => None,
    };
    let ask = |text: &str| match function {
        Text::Contains { what } => text.contains(what.as_str()),
        Text::Matches { .. } => pattern.as_ref().is_some_and(|pattern| pattern.is_match(text)),
        Text::StartsWith { any } => any.iter().any(|start| text.starts_with(start.as_str())),
        Text::EndsWith { any } => any.iter().any(|end| text.ends_with(end.as_str())),
        Text::Is { class } => is(*class, text),
        _ => false,
    };
    let answers: BooleanArray = values.iter().map(|value| Some(value.is_some_and(ask))).collect();
    Ok(Arc::new(answers))
}

fn to_number(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::Count { pattern } => Some(regex(pattern)?),
        _ => None,
    };
    let each = |text: &str| -> Result<i64> {
        Ok(match function {
            Text::Find { what, start, stop, last } => find(text, what, *start, *stop, *last),
            Text::Index { what, start, stop, last } => match find(text, what, *start, *stop, *last) {
                -1 => {
                    return Err(Error::data(format!("substring not found: {what:?} in {text:?}"))
                        .with_hint("use find, which gives -1 where it is not there")
                        .into());
                }
                at => at,
            },
            Text::Count { .. } => pattern.as_ref().map_or(0, |pattern| pattern.find_iter(text).count() as i64),
            _ => text.chars().count() as i64,
        })
    };
    let numbers: Result<Int64Array> = values.iter().map(|value| value.map(each).transpose()).collect();
    Ok(Arc::new(numbers?))
}

fn to_list(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::FindAll { pattern } => Some(regex(pattern)?),
        Text::Split { separator: Some(separator), pattern: true, .. } => Some(regex(separator)?),
        _ => None,
    };
    let mut output = ListBuilder::new(StringBuilder::new());
    for value in values {
        let Some(text) = value else {
            output.append_null();
            continue;
        };
        let parts: Vec<String> = match (function, &pattern) {
            (Text::FindAll { .. }, Some(pattern)) => pattern
                .captures_iter(text)
                .map(|found| found.get(1).or(found.get(0)).map_or("", |part| part.as_str()).to_owned())
                .collect(),
            (Text::Split { most, .. }, Some(pattern)) => match most {
                Some(most) => pattern.splitn(text, limit(*most)).map(str::to_owned).collect(),
                None => pattern.split(text).map(str::to_owned).collect(),
            },
            (Text::Partition { separator, last }, None) => {
                let found =
                    if *last { text.rsplit_once(separator.as_str()) } else { text.split_once(separator.as_str()) };
                match found {
                    Some((before, behind)) => vec![before.to_owned(), separator.clone(), behind.to_owned()],
                    None if *last => vec![String::new(), String::new(), text.to_owned()],
                    None => vec![text.to_owned(), String::new(), String::new()],
                }
            }
            (Text::Split { separator, most, from_end, .. }, None) => {
                split(text, separator.as_deref(), *most, *from_end)
            }
            _ => vec![],
        };
        for part in parts {
            output.values().append_value(part);
        }
        output.append(true);
    }
    Ok(Arc::new(output.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_and_forms_are_pythons() {
        assert_eq!(replacement(r"\2-\g<word>$"), "${2}-${word}$$");
        assert_eq!(Form::Nfd.of("é"), "e\u{301}");
        assert_eq!(Form::Nfkc.of("ﬁ²"), "fi2");
    }
}
