//! What functions of text give, by the kind of it: text, truth, numbers, lists.

use super::Side;
use super::Text;
use super::pattern::regex;
use super::words::{
    capitalize, casefold, find, is, limit, padded, position, slice, sliced, split, stripped, swapcase, title,
};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use phalanx_engine::Error;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) fn of_list(function: &Text, values: &ArrayRef) -> Result<ArrayRef> {
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

pub(super) fn to_text(function: &Text, values: &StringArray) -> Result<ArrayRef> {
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

pub(super) fn to_truth(function: &Text, values: &StringArray) -> Result<ArrayRef> {
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

pub(super) fn to_number(function: &Text, values: &StringArray) -> Result<ArrayRef> {
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

pub(super) fn to_list(function: &Text, values: &StringArray) -> Result<ArrayRef> {
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
