//! Functions of text, as Python's `str` has them. Positions and lengths count characters, not bytes.

use super::operand::argument;
use super::promote::is_text;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

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
            Self::Len | Self::Find { .. } | Self::Count { .. } => Kind::Number,
            Self::Split { .. } | Self::FindAll { .. } => Kind::List,
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
    Regex::new(&pattern.replace(r"\Z", r"\z")).map_err(|error| {
        Error::unsupported(format!("the pattern {pattern:?}")).caused_by(&error).with_hint(
            "patterns are those of the regex crate: Python's without look-around and back-references; use \
             map_partitions for others",
        )
    })
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
        let list = matches!(data_type, DataType::List(_)) && matches!(self.0, Text::Get { .. } | Text::Len);
        if !list && !is_text(data_type) {
            return Err(Error::input(format!("can only use .str with a column of text, not of type {data_type}"))
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
    let lengths: Int64Array = lists.iter().map(|list| list.map(|list| list.len() as i64)).collect();
    Ok(Arc::new(lengths))
}

/// Python's position in something of this length, if it is there.
fn position(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 { at + length } else { at };
    usize::try_from(at).ok().filter(|_| at < length)
}

/// Python's `slice(start, stop, step).indices(length)`.
fn slice(start: Option<i64>, stop: Option<i64>, step: i64, length: i64) -> (i64, i64) {
    let bound = |at: Option<i64>, default: i64| match at {
        None => default,
        Some(at) => {
            let at = if at < 0 { at.saturating_add(length) } else { at };
            if step > 0 { at.clamp(0, length) } else { at.clamp(-1, length - 1) }
        }
    };
    if step > 0 { (bound(start, 0), bound(stop, length)) } else { (bound(start, length - 1), bound(stop, -1)) }
}

fn sliced(text: &str, start: Option<i64>, stop: Option<i64>, step: i64) -> String {
    let length = text.chars().count() as i64;
    let (from, to) = slice(start, stop, step, length);
    if step == 1 {
        let (skip, take) = (from.max(0) as usize, (to - from).max(0) as usize);
        return text.chars().skip(skip).take(take).collect();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut output = String::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        output.extend(usize::try_from(at).ok().and_then(|at| characters.get(at)));
        at += step;
    }
    output
}

fn padded(text: &str, text_on: Side, width: i64, fill: char) -> String {
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
    let (left, right) = match text_on {
        Side::Left => (0, missing),
        Side::Right => (missing, 0),
        // CPython puts the odd one on the left only if the width is odd too.
        Side::Both => {
            let left = missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1);
            (left, missing - left)
        }
    };
    let fills = |count: usize| std::iter::repeat_n(fill, count);
    fills(left).chain(text.chars()).chain(fills(right)).collect()
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

fn title(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            output.extend(c.to_lowercase());
        } else {
            initial(c, &mut output);
        }
        inside = is_cased(c);
    }
    output
}

/// A capital with what stands behind it in small: `ß` becomes `Ss`.
fn initial(c: char, output: &mut String) {
    for (at, upper) in c.to_uppercase().enumerate() {
        if at == 0 { output.push(upper) } else { output.extend(upper.to_lowercase()) }
    }
}

fn capitalize(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text.chars();
    if let Some(first) = rest.next() {
        initial(first, &mut output);
    }
    output.push_str(&rest.as_str().to_lowercase());
    output
}

fn swapcase(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() { output.extend(c.to_lowercase()) } else { output.extend(c.to_uppercase()) }
    }
    output
}

/// Whether Python takes it for a space.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn stripped<'a>(text: &'a str, side: Side, characters: Option<&str>) -> &'a str {
    let strip = |c: char| characters.map_or_else(|| is_space(c), |characters| characters.contains(c));
    match side {
        Side::Left => text.trim_start_matches(strip),
        Side::Right => text.trim_end_matches(strip),
        Side::Both => text.trim_matches(strip),
    }
}

fn to_text(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::ReplacePattern { pattern, .. } | Text::Extract { pattern, .. } => Some(regex(pattern)?),
        _ => None,
    };
    let each = |text: &str| -> Option<String> {
        Some(match function {
            Text::Lower => text.to_lowercase(),
            Text::Casefold => text.replace(['ß', 'ẞ'], "ss").to_lowercase().replace('ς', "σ"),
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

/// Superscripts, subscripts and circled digits: digits to Python, but no decimals.
fn is_other_digit(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨' | '⓪' | '❶'..='❾' | '➀'..='➈' | '➊'..='➒' | '⑴'..='⑼' | '⒈'..='⒐')
}

fn is(class: Class, text: &str) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    static DECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    let one = |pattern: &Option<Regex>, c: char| {
        pattern.as_ref().is_some_and(|pattern| pattern.is_match(c.encode_utf8(&mut [0; 4])))
    };
    let letter = |c: char| if c.is_ascii() { c.is_ascii_alphabetic() } else { one(&LETTER, c) };
    let decimal = |c: char| if c.is_ascii() { c.is_ascii_digit() } else { one(&DECIMAL, c) };
    let numeric = |c: char| c.is_numeric() || "一二三四五六七八九十百千万億兆零〇".contains(c);
    let all = |holds: &dyn Fn(char) -> bool| !text.is_empty() && text.chars().all(holds);
    match class {
        Class::Ascii => text.is_ascii(),
        Class::Alphabetic => all(&letter),
        Class::Decimal => all(&decimal),
        Class::Digit => all(&|c| decimal(c) || is_other_digit(c)),
        Class::Numeric => all(&numeric),
        Class::Alphanumeric => all(&|c| letter(c) || numeric(c)),
        Class::Space => all(&is_space),
        Class::Lower => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        Class::Upper => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        Class::Title => {
            let (mut inside, mut any) = (false, false);
            for c in text.chars() {
                if (c.is_uppercase() && inside) || (c.is_lowercase() && !inside) {
                    return false;
                }
                any |= is_cased(c);
                inside = is_cased(c);
            }
            any
        }
    }
}

fn to_number(function: &Text, values: &StringArray) -> Result<ArrayRef> {
    let pattern = match function {
        Text::Count { pattern } => Some(regex(pattern)?),
        _ => None,
    };
    let each = |text: &str| -> i64 {
        match function {
            Text::Find { what, start, stop, last } => find(text, what, *start, *stop, *last),
            Text::Count { .. } => pattern.as_ref().map_or(0, |pattern| pattern.find_iter(text).count() as i64),
            _ => text.chars().count() as i64,
        }
    };
    let numbers: Int64Array = values.iter().map(|value| value.map(each)).collect();
    Ok(Arc::new(numbers))
}

fn find(text: &str, what: &str, start: Option<i64>, stop: Option<i64>, last: bool) -> i64 {
    let (from, to) = slice(start, stop, 1, text.chars().count() as i64);
    if from > to {
        return -1;
    }
    let within = sliced(text, Some(from), Some(to), 1);
    let found = if last { within.rfind(what) } else { within.find(what) };
    found.map_or(-1, |at| from + within[..at].chars().count() as i64)
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

fn limit(most: u64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1)
}

fn split(text: &str, separator: Option<&str>, most: Option<u64>, from_end: bool) -> Vec<String> {
    let limit = most.map_or(usize::MAX, limit);
    let mut parts: Vec<&str> = match (separator, from_end) {
        (Some(separator), false) => text.splitn(limit, separator).collect(),
        (Some(separator), true) => text.rsplitn(limit, separator).collect(),
        (None, false) => {
            let mut parts = vec![];
            let mut rest = text.trim_start_matches(is_space);
            while !rest.is_empty() {
                if parts.len() + 1 == limit {
                    parts.push(rest);
                    break;
                }
                let end = rest.find(is_space).unwrap_or(rest.len());
                parts.push(&rest[..end]);
                rest = rest[end..].trim_start_matches(is_space);
            }
            parts
        }
        (None, true) => {
            let mut parts = vec![];
            let mut rest = text.trim_end_matches(is_space);
            while !rest.is_empty() {
                if parts.len() + 1 == limit {
                    parts.push(rest);
                    break;
                }
                let begin =
                    rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
                parts.push(&rest[begin..]);
                rest = rest[..begin].trim_end_matches(is_space);
            }
            parts
        }
    };
    if from_end {
        parts.reverse();
    }
    parts.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_pythons() {
        for (start, stop, step, expected) in [
            (None, None, 1, "abcdef"),
            (Some(1), Some(-1), 1, "bcde"),
            (None, None, -1, "fedcba"),
            (Some(-2), None, -2, "eca"),
            (Some(4), Some(2), 1, ""),
            (Some(-99), Some(99), 2, "ace"),
        ] {
            assert_eq!(sliced("abcdef", start, stop, step), expected);
        }
    }

    #[test]
    fn words_are_pythons() {
        assert_eq!(title("they're bill's ÉCOLE straße"), "They'Re Bill'S École Straße");
        assert_eq!(padded("ab", Side::Both, 5, '*'), "**ab*");
        assert_eq!(padded("abc", Side::Both, 6, '*'), "*abc**");
        assert_eq!(split(" a  b c ", None, Some(1), false), ["a", "b c "]);
        assert_eq!(split(" a  b c ", None, Some(1), true), [" a  b", "c"]);
        assert_eq!(replacement(r"\2-\g<word>$"), "${2}-${word}$$");
        assert_eq!(find("añbñ", "ñ", None, None, true), 3);
        assert!(is(Class::Digit, "²") && !is(Class::Decimal, "²") && is(Class::Numeric, "½"));
    }
}
