//! Functions of each value of a series.

use super::{Operand, Series, literal};
use crate::dtype::name as dtype_name;
use crate::functions::category::{Categorise, Codes, Uncategorise};
use crate::functions::choose::{Choose, IsMissing};
use crate::functions::compare::{Compare, Comparison};
use crate::functions::convert::Convert;
use crate::functions::lookup::{Answer, Lookup};
use crate::functions::number::{AskNumber, Question, Real, RealNumber, Same, SameNumber};
use crate::functions::promote::{is_float, is_number};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::not;
use phalanx_engine::{Error, Result, scalar};

/// Which ends belong to an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inclusive {
    /// Both.
    #[default]
    Both,
    /// Neither.
    Neither,
    /// The lower.
    Left,
    /// The upper.
    Right,
}

impl Series {
    /// The values as another type, as pandas converts them: floats are cut off, integers keep their low bits, text is
    /// what Python's `str` writes.
    ///
    /// # Errors
    /// `Input`: values of the one type can't become values of the other. While it runs, `Data`: a value can't.
    pub fn astype(&self, to: &DataType) -> Result<Self> {
        if self.data_type()? == to {
            return Ok(self.clone());
        }
        if matches!(to, DataType::Dictionary(..)) {
            return self.uncategorise(false);
        }
        self.apply(Convert::new(to.clone(), false))
    }

    /// The values as categories, in this order; other values become missing. `texts` is the JSON list of the
    /// categories' texts, which the field of the column carries to its readers.
    ///
    /// # Errors
    /// `Input`: the categories are of several types, or of one that the column's values are not.
    pub fn categorise(&self, categories: &[ScalarValue], texts: &str, is_ordered: bool) -> Result<Self> {
        self.apply(Categorise::new(categories, texts, is_ordered)?)
    }

    /// The values as unknown categories: those that are there, in their own order.
    ///
    /// # Errors
    /// See [`Series::isna`].
    pub fn uncategorise(&self, is_ordered: bool) -> Result<Self> {
        self.apply(Uncategorise::new(is_ordered))
    }

    /// The place of each value among these categories; −1 if it is missing.
    ///
    /// # Errors
    /// As [`Series::categorise`].
    pub fn category_codes(&self, categories: &[ScalarValue]) -> Result<Self> {
        self.apply(Codes::new(categories)?)
    }

    /// As [`Series::astype`], but that what can't be converted becomes missing.
    ///
    /// # Errors
    /// `Input`: values of the one type can't become values of the other.
    pub fn astype_or_missing(&self, to: &DataType) -> Result<Self> {
        self.apply(Convert::new(to.clone(), true))
    }

    /// Whether a value is missing: null or NaN.
    ///
    /// # Errors
    /// That of an operator that made this series; so for all methods here that name no others.
    pub fn isna(&self) -> Result<Self> {
        match is_float(self.data_type()?) {
            true => self.apply(IsMissing),
            false => self.with(self.expression()?.clone().is_null()),
        }
    }

    /// Whether a value is there.
    ///
    /// # Errors
    /// See [`Series::isna`].
    pub fn notna(&self) -> Result<Self> {
        match is_float(self.data_type()?) {
            true => self.with(not(scalar::call(IsMissing, vec![self.expression()?.clone()])?)),
            false => self.with(self.expression()?.clone().is_not_null()),
        }
    }

    /// The values, with those of `other` where they are missing. (pandas: `fillna`, `combine_first`.)
    ///
    /// # Errors
    /// `Input`: the types have none in common. `Unsupported`: `other` has other rows.
    pub fn fillna(&self, other: impl Into<Operand>) -> Result<Self> {
        let other = self.meeting(other.into())?;
        let filled = self.together(&[&other], |both| {
            let gone = scalar::call(IsMissing, vec![both[0].clone()])?;
            Ok(scalar::call(Choose, vec![gone, both[1].clone(), both[0].clone()])?)
        })?;
        filled.rename(self.name()?)
    }

    /// The values where `condition` is true, those of `other` elsewhere; missing without another.
    ///
    /// # Errors
    /// `Input`: the condition is no truth value, or the types have none in common. `Unsupported`: other rows.
    pub fn r#where(&self, condition: &Series, other: Option<Operand>) -> Result<Self> {
        let other = self.meeting(other.unwrap_or(Operand::Value(ScalarValue::Null)))?;
        let chosen = self.together(&[&Operand::from(condition), &other], |all| {
            Ok(scalar::call(Choose, vec![all[1].clone(), all[0].clone(), all[2].clone()])?)
        })?;
        chosen.rename(self.name()?)
    }

    /// The values where `condition` is not true, those of `other` elsewhere; missing without another.
    ///
    /// # Errors
    /// As [`Series::where`].
    pub fn mask(&self, condition: &Series, other: Option<Operand>) -> Result<Self> {
        let other = self.meeting(other.unwrap_or(Operand::Value(ScalarValue::Null)))?;
        let chosen = self.together(&[&Operand::from(condition), &other], |all| {
            Ok(scalar::call(Choose, vec![all[1].clone(), all[2].clone(), all[0].clone()])?)
        })?;
        chosen.rename(self.name()?)
    }

    /// Whether the value is one of `values`; a missing value is if one of them is missing.
    ///
    /// # Errors
    /// See [`Series::isna`].
    pub fn isin(&self, values: &[ScalarValue]) -> Result<Self> {
        let column = self.data_type()?;
        let keys = values.iter().map(|value| literal(value.clone(), column)).collect::<Result<Vec<_>>>()?;
        self.apply(Lookup::new(Answer::Whether, column, &keys, &[])?)
    }

    /// For each value what `pairs` has for it; missing if it has nothing.
    ///
    /// # Errors
    /// `Input`: the new values have no type in common.
    pub fn map(&self, pairs: &[(ScalarValue, ScalarValue)]) -> Result<Self> {
        self.look_up(Answer::Value, pairs)
    }

    /// The values, but for those that `pairs` has something else for.
    ///
    /// # Errors
    /// `Input`: the new values have no type in common with the column.
    pub fn replace(&self, pairs: &[(ScalarValue, ScalarValue)]) -> Result<Self> {
        self.look_up(Answer::ValueOrSelf, pairs)
    }

    fn look_up(&self, answer: Answer, pairs: &[(ScalarValue, ScalarValue)]) -> Result<Self> {
        let column = self.data_type()?;
        let keys = pairs.iter().map(|(key, _)| literal(key.clone(), column)).collect::<Result<Vec<_>>>()?;
        let own = |value: &ScalarValue| match answer {
            Answer::ValueOrSelf => literal(value.clone(), column),
            _ => Ok(value.clone()),
        };
        let values = pairs.iter().map(|(_, value)| own(value)).collect::<Result<Vec<_>>>()?;
        self.apply(Lookup::new(answer, column, &keys, &values)?)
    }

    /// Whether the value lies between two others.
    ///
    /// # Errors
    /// As [`Series::compare`].
    pub fn between(&self, lower: impl Into<Operand>, upper: impl Into<Operand>, inclusive: Inclusive) -> Result<Self> {
        let from = match inclusive {
            Inclusive::Both | Inclusive::Left => Comparison::GreaterOrEqual,
            Inclusive::Neither | Inclusive::Right => Comparison::Greater,
        };
        let to = match inclusive {
            Inclusive::Both | Inclusive::Right => Comparison::LessOrEqual,
            Inclusive::Neither | Inclusive::Left => Comparison::Less,
        };
        let (lower, upper) = (self.meeting(lower.into())?, self.meeting(upper.into())?);
        let between = self.together(&[&lower, &upper], |all| {
            let above = scalar::call(Compare(from), vec![all[0].clone(), all[1].clone()])?;
            Ok(above.and(scalar::call(Compare(to), vec![all[0].clone(), all[2].clone()])?))
        })?;
        between.rename(self.name()?)
    }

    /// The values, but no smaller than `lower` and no larger than `upper`. A missing bound bounds nothing.
    ///
    /// # Errors
    /// As [`Series::compare`].
    pub fn clip(&self, lower: Option<Operand>, upper: Option<Operand>) -> Result<Self> {
        let mut clipped = self.clone();
        for (bound, op) in [(lower, Comparison::Less), (upper, Comparison::Greater)] {
            let Some(bound) = bound else { continue };
            if matches!(&bound, Operand::Value(value) if value.is_null()) {
                continue;
            }
            let bound = clipped.meeting(bound)?;
            clipped = clipped.together(&[&bound], |both| {
                let beyond = scalar::call(Compare(op), both.clone())?;
                Ok(scalar::call(Choose, vec![beyond, both[1].clone(), both[0].clone()])?)
            })?;
        }
        clipped.rename(self.name()?)
    }

    /// Rounded to so many digits after the point, to the even one of two neighbours.
    ///
    /// # Errors
    /// `Input`: they are no numbers.
    pub fn round(&self, decimals: i32) -> Result<Self> {
        self.apply(SameNumber(Same::Round(decimals)))
    }

    /// The absolute values.
    ///
    /// # Errors
    /// `Input`: they are no numbers.
    pub fn abs(&self) -> Result<Self> {
        self.apply(SameNumber(Same::Absolute))
    }

    /// −1, 0 or 1.
    ///
    /// # Errors
    /// `Input`: they are no numbers.
    pub fn sign(&self) -> Result<Self> {
        self.apply(SameNumber(Same::Sign))
    }

    /// NumPy's function of this name of each value: `sqrt`, `exp`, `log`, `sin`, `floor`, `isfinite` and their like.
    ///
    /// # Errors
    /// `Input`: they are no numbers. `Unsupported`: there is no such function here.
    pub fn ufunc(&self, name: &str) -> Result<Self> {
        match name {
            "absolute" | "abs" | "fabs" => self.abs(),
            "negative" => self.negative(),
            "positive" => Ok(self.clone()),
            "sign" => self.sign(),
            "square" => self.mul(self),
            "isfinite" => self.apply(AskNumber(Question::Finite)),
            "isinf" => self.apply(AskNumber(Question::Infinite)),
            "isnan" => match is_number(self.data_type()?) {
                true => self.isna(),
                false => Err(Error::mismatch(format!("isnan of a column of type {}", dtype_name(self.data_type()?)))
                    .with_hint("isna takes any column")),
            },
            "logical_not" | "invert" | "bitwise_not" => self.invert(),
            "deg2rad" | "radians" => self.mul(std::f64::consts::PI / 180.0),
            "rad2deg" | "degrees" => self.mul(180.0 / std::f64::consts::PI),
            _ => match Real::ALL.iter().find(|function| function.name() == name) {
                Some(&function) => self.apply(RealNumber(function)),
                None => Err(Error::unsupported(format!("NumPy's {name} of a series"))
                    .with_hint("use map_partitions, or NumPy on the computed series")),
            },
        }
    }

    /// The square roots; NaN below zero.
    ///
    /// # Errors
    /// `Input`: they are no numbers.
    pub fn sqrt(&self) -> Result<Self> {
        self.apply(RealNumber(Real::Sqrt))
    }
}
