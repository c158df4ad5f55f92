//! Lazy columns.

use super::PyFrame;
use super::value::{Other, Value};
use crate::errors::Raise;
use phalanx::Error;
use phalanx::engine::datafusion::common::ScalarValue;
use phalanx::frame::clock::{Clock, Doubt, Part, Rounding};
use phalanx::frame::series::{Inclusive, Logic, Operand, Series};
use phalanx::frame::text::{Class, Form, Side, Text, Wrap};
use phalanx::frame::{Arithmetic, Comparison, dtype, text};
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// A lazy column. `phalanx.dataframe` wraps it.
#[pyclass(frozen, name = "Series", module = "phalanx._phalanx", from_py_object)]
#[derive(Clone)]
pub struct PySeries(pub Series);

fn unknown(what: &str, name: &str) -> PyErr {
    let error = Error::unsupported(format!("{what} {name:?}")).with_hint("compute the series and use pandas");
    crate::errors::exception(&error)
}

fn side(name: &str) -> PyResult<Side> {
    match name {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        "both" => Ok(Side::Both),
        _ => Err(unknown("the side", name)),
    }
}

fn doubt(name: &str) -> PyResult<Doubt> {
    match name {
        "raise" => Ok(Doubt::Raise),
        "NaT" => Ok(Doubt::Missing),
        "earlier" => Ok(Doubt::Earlier),
        "later" => Ok(Doubt::Later),
        _ => Err(unknown("the way out", name)),
    }
}

fn scalars(values: Vec<Value>) -> Vec<ScalarValue> {
    values.into_iter().map(|value| value.0).collect()
}

#[pymethods]
impl PySeries {
    #[getter]
    fn name(&self) -> PyResult<Option<String>> {
        Ok(self.0.name().raise()?.map(str::to_owned))
    }

    /// pandas' name of the type of its values.
    #[getter]
    fn dtype(&self) -> PyResult<String> {
        Ok(dtype::name(self.0.data_type().raise()?))
    }

    /// The frame whose rows it has.
    #[getter]
    fn frame(&self) -> PyResult<PyFrame> {
        Ok(PyFrame(self.0.frame().raise()?.clone()))
    }

    fn to_frame(&self) -> PyResult<PyFrame> {
        Ok(PyFrame(self.0.to_frame().raise()?))
    }

    #[pyo3(signature = (name=None))]
    fn rename(&self, name: Option<&str>) -> PyResult<Self> {
        Ok(Self(self.0.rename(name).raise()?))
    }

    fn arithmetic(&self, op: &str, other: Other, reversed: bool) -> PyResult<Self> {
        let op = match op {
            "add" => Arithmetic::Add,
            "sub" => Arithmetic::Subtract,
            "mul" => Arithmetic::Multiply,
            "truediv" => Arithmetic::Divide,
            "floordiv" => Arithmetic::FloorDivide,
            "mod" => Arithmetic::Remainder,
            "pow" => Arithmetic::Power,
            _ => return Err(unknown("the operator", op)),
        };
        let result = if reversed { self.0.arithmetic_reversed(op, other.0) } else { self.0.arithmetic(op, other.0) };
        Ok(Self(result.raise()?))
    }

    fn compare(&self, op: &str, other: Other) -> PyResult<Self> {
        let op = match op {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            _ => return Err(unknown("the comparison", op)),
        };
        Ok(Self(self.0.compare(op, other.0).raise()?))
    }

    fn logic(&self, op: &str, other: Other) -> PyResult<Self> {
        let op = match op {
            "and" => Logic::And,
            "or" => Logic::Or,
            "xor" => Logic::Xor,
            _ => return Err(unknown("the operator", op)),
        };
        Ok(Self(self.0.logic(op, other.0).raise()?))
    }

    fn invert(&self) -> PyResult<Self> {
        Ok(Self(self.0.invert().raise()?))
    }

    /// NumPy's function of this name.
    fn ufunc(&self, name: &str) -> PyResult<Self> {
        Ok(Self(self.0.ufunc(name).raise()?))
    }

    fn round(&self, decimals: i32) -> PyResult<Self> {
        Ok(Self(self.0.round(decimals).raise()?))
    }

    fn astype(&self, name: &str, or_missing: bool) -> PyResult<Self> {
        let to = dtype::parse(name).raise()?;
        let result = if or_missing { self.0.astype_or_missing(&to) } else { self.0.astype(&to) };
        Ok(Self(result.raise()?))
    }

    /// Values as known categories; `texts` is the JSON list that readers of the column find.
    fn categorise(&self, categories: Vec<Value>, texts: &str, ordered: bool) -> PyResult<Self> {
        Ok(Self(self.0.categorise(&scalars(categories), texts, ordered).raise()?))
    }

    fn uncategorise(&self, ordered: bool) -> PyResult<Self> {
        Ok(Self(self.0.uncategorise(ordered).raise()?))
    }

    fn category_codes(&self, categories: Vec<Value>) -> PyResult<Self> {
        Ok(Self(self.0.category_codes(&scalars(categories)).raise()?))
    }

    fn isna(&self) -> PyResult<Self> {
        Ok(Self(self.0.isna().raise()?))
    }

    fn notna(&self) -> PyResult<Self> {
        Ok(Self(self.0.notna().raise()?))
    }

    fn fillna(&self, other: Other) -> PyResult<Self> {
        Ok(Self(self.0.fillna(other.0).raise()?))
    }

    fn where_(&self, condition: &Self, other: Other) -> PyResult<Self> {
        Ok(Self(self.0.r#where(&condition.0, Some(other.0)).raise()?))
    }

    fn mask(&self, condition: &Self, other: Other) -> PyResult<Self> {
        Ok(Self(self.0.mask(&condition.0, Some(other.0)).raise()?))
    }

    fn isin(&self, values: Vec<Value>) -> PyResult<Self> {
        let values: Vec<_> = values.into_iter().map(|value| value.0).collect();
        Ok(Self(self.0.isin(&values).raise()?))
    }

    fn map(&self, pairs: Vec<(Value, Value)>) -> PyResult<Self> {
        let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (key.0, value.0)).collect();
        Ok(Self(self.0.map(&pairs).raise()?))
    }

    fn replace(&self, pairs: Vec<(Value, Value)>) -> PyResult<Self> {
        let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| (key.0, value.0)).collect();
        Ok(Self(self.0.replace(&pairs).raise()?))
    }

    fn between(&self, lower: Other, upper: Other, inclusive: &str) -> PyResult<Self> {
        let inclusive = match inclusive {
            "both" => Inclusive::Both,
            "neither" => Inclusive::Neither,
            "left" => Inclusive::Left,
            "right" => Inclusive::Right,
            _ => return Err(unknown("the ends", inclusive)),
        };
        Ok(Self(self.0.between(lower.0, upper.0, inclusive).raise()?))
    }

    fn clip(&self, lower: Option<Other>, upper: Option<Other>) -> PyResult<Self> {
        let bound = |bound: Option<Other>| -> Option<Operand> { bound.map(|bound| bound.0) };
        Ok(Self(self.0.clip(bound(lower), bound(upper)).raise()?))
    }

    #[pyo3(signature = (format, unit, is_utc, or_missing))]
    fn to_datetime(&self, format: Option<&str>, unit: &str, is_utc: bool, or_missing: bool) -> PyResult<Self> {
        Ok(Self(self.0.to_datetime(format, dtype::unit(unit).raise()?, is_utc, or_missing).raise()?))
    }

    fn to_timedelta(&self, unit: &str, or_missing: bool) -> PyResult<Self> {
        Ok(Self(self.0.to_timedelta(dtype::unit(unit).raise()?, or_missing).raise()?))
    }
}

/// `.str`: a function each, with its parameters in this order.
#[pymethods]
impl PySeries {
    fn text(&self, name: &str) -> PyResult<Self> {
        let class = |class| Text::Is { class };
        self.of_text(match name {
            "lower" => Text::Lower,
            "upper" => Text::Upper,
            "title" => Text::Title,
            "capitalize" => Text::Capitalize,
            "swapcase" => Text::Swapcase,
            "casefold" => Text::Casefold,
            "len" => Text::Len,
            "isalnum" => class(Class::Alphanumeric),
            "isalpha" => class(Class::Alphabetic),
            "isascii" => class(Class::Ascii),
            "isdecimal" => class(Class::Decimal),
            "isdigit" => class(Class::Digit),
            "islower" => class(Class::Lower),
            "isnumeric" => class(Class::Numeric),
            "isspace" => class(Class::Space),
            "istitle" => class(Class::Title),
            "isupper" => class(Class::Upper),
            _ => return Err(unknown("the function of text", name)),
        })
    }

    #[pyo3(signature = (which, characters))]
    fn text_strip(&self, which: &str, characters: Option<String>) -> PyResult<Self> {
        self.of_text(Text::Strip { side: side(which)?, characters })
    }

    fn text_pad(&self, text_on: &str, width: i64, fill: char) -> PyResult<Self> {
        self.of_text(Text::Pad { text_on: side(text_on)?, width, fill })
    }

    fn text_zfill(&self, width: i64) -> PyResult<Self> {
        self.of_text(Text::Zfill { width })
    }

    #[pyo3(signature = (start, stop, step))]
    fn text_slice(&self, start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> PyResult<Self> {
        self.of_text(Text::Slice { start, stop, step })
    }

    #[pyo3(signature = (start, stop, replacement))]
    fn text_slice_replace(&self, start: Option<i64>, stop: Option<i64>, replacement: String) -> PyResult<Self> {
        self.of_text(Text::SliceReplace { start, stop, with: replacement })
    }

    fn text_get(&self, at: i64) -> PyResult<Self> {
        self.of_text(Text::Get { at })
    }

    #[pyo3(signature = (what, replacement, count, pattern))]
    fn text_replace(&self, what: String, replacement: &str, count: Option<u64>, pattern: bool) -> PyResult<Self> {
        self.of_text(match pattern {
            true => Text::ReplacePattern { pattern: what, with: text::replacement(replacement), count },
            false => Text::Replace { what, with: replacement.to_owned(), count },
        })
    }

    fn text_remove(&self, what: String, end: bool) -> PyResult<Self> {
        self.of_text(if end { Text::RemoveSuffix { suffix: what } } else { Text::RemovePrefix { prefix: what } })
    }

    fn text_repeat(&self, times: i64) -> PyResult<Self> {
        self.of_text(Text::Repeat { times })
    }

    #[pyo3(signature = (separator, pattern, most, from_end))]
    fn text_split(
        &self,
        separator: Option<String>,
        pattern: bool,
        most: Option<u64>,
        from_end: bool,
    ) -> PyResult<Self> {
        self.of_text(Text::Split { separator, pattern, most, from_end })
    }

    fn text_extract(&self, pattern: String, group: usize) -> PyResult<Self> {
        self.of_text(Text::Extract { pattern, group })
    }

    fn text_findall(&self, pattern: String) -> PyResult<Self> {
        self.of_text(Text::FindAll { pattern })
    }

    fn text_contains(&self, what: String, pattern: bool) -> PyResult<Self> {
        self.of_text(if pattern { Text::Matches { pattern: what } } else { Text::Contains { what } })
    }

    fn text_starts(&self, any: Vec<String>) -> PyResult<Self> {
        self.of_text(Text::StartsWith { any })
    }

    fn text_ends(&self, any: Vec<String>) -> PyResult<Self> {
        self.of_text(Text::EndsWith { any })
    }

    #[pyo3(signature = (what, start, stop, last))]
    fn text_find(&self, what: String, start: Option<i64>, stop: Option<i64>, last: bool) -> PyResult<Self> {
        self.of_text(Text::Find { what, start, stop, last })
    }

    #[pyo3(signature = (what, start, stop, last))]
    fn text_index(&self, what: String, start: Option<i64>, stop: Option<i64>, last: bool) -> PyResult<Self> {
        self.of_text(Text::Index { what, start, stop, last })
    }

    fn text_translate(&self, table: BTreeMap<char, Option<String>>) -> PyResult<Self> {
        self.of_text(Text::Translate { table })
    }

    fn text_normalize(&self, form: &str) -> PyResult<Self> {
        let form = match form {
            "NFC" => Form::Nfc,
            "NFD" => Form::Nfd,
            "NFKC" => Form::Nfkc,
            "NFKD" => Form::Nfkd,
            _ => return Err(crate::errors::exception(&Error::input("invalid normalization form"))),
        };
        self.of_text(Text::Normalize { form })
    }

    /// The options of Python's `textwrap.TextWrapper`, as JSON.
    fn text_wrap(&self, options: &str) -> PyResult<Self> {
        let wrap: Wrap = serde_json::from_str(options).map_err(|error| unknown("the options", &error.to_string()))?;
        self.of_text(Text::Wrap(wrap))
    }

    fn text_join(&self, separator: String) -> PyResult<Self> {
        self.of_text(Text::Join { separator })
    }

    fn text_partition(&self, separator: String, last: bool) -> PyResult<Self> {
        self.of_text(Text::Partition { separator, last })
    }

    fn text_count(&self, pattern: String) -> PyResult<Self> {
        self.of_text(Text::Count { pattern })
    }
}

/// `.dt`: the same.
#[pymethods]
impl PySeries {
    fn clock_part(&self, name: &str) -> PyResult<Self> {
        match Part::ALL.iter().find(|part| part.name() == name) {
            Some(&part) => self.of_time(Clock::Part(part)),
            None => Err(unknown("the field of a time", name)),
        }
    }

    fn clock(&self, name: &str) -> PyResult<Self> {
        self.of_time(match name {
            "date" => Clock::Date,
            "time" => Clock::Time,
            "normalize" => Clock::Normalize,
            "day_name" => Clock::DayName,
            "month_name" => Clock::MonthName,
            _ => return Err(unknown("the function of a time", name)),
        })
    }

    fn clock_round(&self, how: &str, frequency: &str, ambiguous: &str, nonexistent: &str) -> PyResult<Self> {
        let rounding = match how {
            "floor" => Rounding::Floor,
            "ceil" => Rounding::Ceil,
            "round" => Rounding::Round,
            _ => return Err(unknown("the rounding", how)),
        };
        self.of_time(Clock::round(rounding, frequency, doubt(ambiguous)?, doubt(nonexistent)?).raise()?)
    }

    #[pyo3(signature = (zone, ambiguous, nonexistent))]
    fn clock_localize(&self, zone: Option<String>, ambiguous: &str, nonexistent: &str) -> PyResult<Self> {
        self.of_time(Clock::Localize { zone, ambiguous: doubt(ambiguous)?, nonexistent: doubt(nonexistent)? })
    }

    #[pyo3(signature = (zone))]
    fn clock_convert(&self, zone: Option<String>) -> PyResult<Self> {
        self.of_time(Clock::Convert { zone })
    }

    fn clock_format(&self, format: String) -> PyResult<Self> {
        self.of_time(Clock::Format { format })
    }

    fn clock_unit(&self, unit: &str) -> PyResult<Self> {
        let per_second = match unit {
            "s" => 1,
            "ms" => 1_000,
            "us" => 1_000_000,
            "ns" => 1_000_000_000,
            _ => return Err(unknown("the unit", unit)),
        };
        self.of_time(Clock::AsUnit { per_second })
    }
}

impl PySeries {
    fn of_text(&self, function: Text) -> PyResult<Self> {
        Ok(Self(self.0.text(function).raise()?))
    }
    fn of_time(&self, function: Clock) -> PyResult<Self> {
        Ok(Self(self.0.clock(function).raise()?))
    }
}
