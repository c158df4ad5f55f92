//! The aggregate functions: `phalanx_exact_sum` and `phalanx_exact_moments`, both from float64 to a struct of
//! statistics. Missing values (null and, as in pandas, NaN) are skipped.

use super::digits::{Digits, Power, Row};
use super::finish::{Sum, with_infinities};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, Float64Array, Int64Array, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use std::sync::Arc;

/// The fields of the result, in order; the last two only of the moments.
const FIELDS: [&str; 5] = ["count", "sum", "mean", "var", "std"];

/// Count, sum and mean of a float64 column.
pub fn exact_sum() -> AggregateUDF {
    AggregateUDF::new_from_impl(Exact::new("phalanx_exact_sum", false))
}

/// Count, sum, mean, variance and standard deviation (both with n − 1) of a float64 column.
pub fn exact_moments() -> AggregateUDF {
    AggregateUDF::new_from_impl(Exact::new("phalanx_exact_moments", true))
}

phalanx_engine::function::register!(exact_sum);
phalanx_engine::function::register!(exact_moments);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    name: &'static str,
    squares: bool,
    signature: Signature,
}

impl Exact {
    fn new(name: &'static str, squares: bool) -> Self {
        Self { name, squares, signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable) }
    }
}

fn result_fields(squares: bool) -> Fields {
    FIELDS
        .iter()
        .take(if squares { 5 } else { 3 })
        .enumerate()
        .map(|(i, name)| match i {
            0 => Field::new(*name, DataType::Int64, false),
            1 => Field::new(*name, DataType::Float64, false),
            _ => Field::new(*name, DataType::Float64, true),
        })
        .collect()
}

impl AggregateUDFImpl for Exact {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields(self.squares)))
    }
    fn is_nullable(&self) -> bool {
        false
    }
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part: &str, data_type| Arc::new(Field::new(format_state_name(args.name, part), data_type, false));
        let mut fields = vec![field("count", DataType::Int64), field("digits", DataType::Binary)];
        fields.extend(self.squares.then(|| field("squares", DataType::Binary)));
        Ok(fields)
    }
    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(ExactAll(ExactGroups::new(self.squares))))
    }
    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }
    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(ExactGroups::new(self.squares)))
    }
}

/// Bits of a group's infinities.
const POSITIVE: u8 = 1;
const NEGATIVE: u8 = 2;

#[derive(Debug)]
struct ExactGroups {
    counts: Vec<i64>,
    infinities: Vec<u8>,
    sums: Digits,
    squares: Option<Digits>,
}

impl ExactGroups {
    fn new(squares: bool) -> Self {
        Self {
            counts: vec![],
            infinities: vec![],
            sums: Digits::new(Power::Value),
            squares: squares.then(|| Digits::new(Power::Square)),
        }
    }

    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
        self.infinities.resize(groups, 0);
        self.sums.resize(groups);
        if let Some(squares) = &mut self.squares {
            squares.resize(groups);
        }
    }

    /// Counts what is there, and gives the values with 0 for what the digits don't take.
    fn admit(&mut self, values: &[f64], keep: impl Fn(usize) -> bool, groups: &[usize]) -> Vec<f64> {
        values
            .iter()
            .zip(groups)
            .enumerate()
            .map(|(row, (&value, &group))| {
                if !keep(row) || value.is_nan() {
                    return 0.0;
                }
                self.counts[group] += 1;
                if value.is_infinite() {
                    self.infinities[group] |= if value > 0.0 { POSITIVE } else { NEGATIVE };
                    return 0.0;
                }
                value
            })
            .collect()
    }

    fn add(&mut self, values: &Float64Array, groups: &[usize], filter: Option<&BooleanArray>) {
        let raw = values.values();
        let cleaned;
        let terms: &[f64] = if filter.is_none() && values.null_count() == 0 && raw.iter().all(|value| value.is_finite())
        {
            groups.iter().for_each(|&group| self.counts[group] += 1);
            raw
        } else {
            let keep = |row: usize| {
                values.is_valid(row) && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
            };
            cleaned = self.admit(raw, keep, groups);
            &cleaned
        };
        self.sums.add(terms, groups);
        if let Some(squares) = &mut self.squares {
            squares.add(terms, groups);
        }
    }

    /// How many groups `emit_to` means; counts and infinities are given, and gone.
    fn take_counts(&mut self, emit_to: EmitTo) -> (Vec<i64>, Vec<u8>) {
        (emit_to.take_needed(&mut self.counts), emit_to.take_needed(&mut self.infinities))
    }
}

impl GroupsAccumulator for ExactGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let values = values.first().and_then(|values| values.as_primitive_opt::<Float64Type>());
        let values = values.ok_or_else(|| internal("an exact sum takes one float64 column"))?;
        self.add(values, group_indices, filter);
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (counts, infinities) = self.take_counts(emit_to);
        let mut sums = Vec::with_capacity(counts.len());
        self.sums.take(counts.len(), |row| sums.push(Sum::of(row)));
        let special = |group: usize, value| {
            with_infinities(value, infinities[group] & POSITIVE != 0, infinities[group] & NEGATIVE != 0)
        };
        let totals: Float64Array =
            sums.iter().enumerate().map(|(group, sum)| Some(special(group, sum.value()))).collect();
        let means: Float64Array = sums
            .iter()
            .enumerate()
            .map(|(group, sum)| sum.mean(counts[group].cast_unsigned()).map(|mean| special(group, mean)))
            .collect();
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(counts.clone())), Arc::new(totals), Arc::new(means)];
        if let Some(squares) = &mut self.squares {
            let mut group = 0;
            let mut variances = Vec::with_capacity(counts.len());
            squares.take(counts.len(), |row| {
                let variance = sums[group].variance(&Sum::of(row), counts[group].cast_unsigned());
                variances.push(variance.map(|value| if infinities[group] == 0 { value } else { f64::NAN }));
                group += 1;
            });
            let deviations: Float64Array = variances.iter().map(|variance| variance.map(f64::sqrt)).collect();
            columns.extend([Arc::new(Float64Array::from(variances)) as ArrayRef, Arc::new(deviations)]);
        }
        Ok(Arc::new(StructArray::try_new(result_fields(self.squares.is_some()), columns, None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (counts, infinities) = self.take_counts(emit_to);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(counts))];
        let mut bytes = vec![];
        let mut group = 0;
        let mut sums = BinaryBuilder::with_capacity(infinities.len(), 48 * infinities.len());
        self.sums.take(infinities.len(), |row| {
            bytes.clear();
            bytes.push(infinities[group]);
            row.write(&mut bytes);
            sums.append_value(&bytes);
            group += 1;
        });
        columns.push(Arc::new(sums.finish()));
        if let Some(digits) = &mut self.squares {
            let mut squares = BinaryBuilder::with_capacity(infinities.len(), 64 * infinities.len());
            digits.take(infinities.len(), |row: Row<'_>| {
                bytes.clear();
                row.write(&mut bytes);
                squares.append_value(&bytes);
            });
            columns.push(Arc::new(squares.finish()));
        }
        Ok(columns)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.resize(total_num_groups);
        let malformed = || internal("the state of an exact sum can't be read");
        let counts = values.first().and_then(|counts| counts.as_primitive_opt::<Int64Type>()).ok_or_else(malformed)?;
        let binary = |index: usize| -> Result<&BinaryArray> {
            values.get(index).and_then(|column| column.as_binary_opt::<i32>()).ok_or_else(malformed)
        };
        let sums = binary(1)?;
        for (row, &group) in group_indices.iter().enumerate() {
            self.counts[group] += counts.value(row);
            let (infinities, digits) = sums.value(row).split_first().ok_or_else(malformed)?;
            self.infinities[group] |= infinities;
            self.sums.merge(group, digits).ok_or_else(malformed)?;
        }
        if let Some(digits) = &mut self.squares {
            let squares = binary(2)?;
            for (row, &group) in group_indices.iter().enumerate() {
                digits.merge(group, squares.value(row)).ok_or_else(malformed)?;
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |values| values.len());
        let mut each = Self::new(self.squares.is_some());
        each.update_batch(values, &(0..rows).collect::<Vec<_>>(), filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        let squares = self.squares.as_ref().map_or(0, Digits::bytes);
        size_of::<Self>() + self.counts.capacity() * 8 + self.infinities.capacity() + self.sums.bytes() + squares
    }
}

/// The same without groups.
#[derive(Debug)]
struct ExactAll(ExactGroups);

impl Accumulator for ExactAll {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |values| values.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.resize(1);
        ScalarValue::try_from_array(&self.0.evaluate(EmitTo::All)?, 0)
    }
    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.resize(1);
        self.0.state(EmitTo::All)?.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |states| states.len());
        self.0.merge_batch(states, &vec![0; rows], 1)
    }
}

fn internal(message: &str) -> DataFusionError {
    DataFusionError::Internal(message.to_owned())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
