//! The smallest and the largest float. DataFusion's own grouped `min` starts from the largest finite number and so
//! never finds that all values are infinite. Missing values (null, NaN) are skipped; −0.0 is below 0.0, so that the
//! order of rows can't show.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use std::cmp::Ordering;

/// The smallest value of a float column.
pub fn float_minimum() -> AggregateUDF {
    AggregateUDF::new_from_impl(Extreme::new("phalanx_float_minimum", Wanted::Smallest))
}

/// The largest value of a float column.
pub fn float_maximum() -> AggregateUDF {
    AggregateUDF::new_from_impl(Extreme::new("phalanx_float_maximum", Wanted::Largest))
}

phalanx_engine::function::register!(float_minimum);
phalanx_engine::function::register!(float_maximum);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted {
    Smallest,
    Largest,
}

impl Wanted {
    fn of(self, known: Option<f64>, value: f64) -> f64 {
        let better = match self {
            Self::Smallest => Ordering::Less,
            Self::Largest => Ordering::Greater,
        };
        match known {
            Some(known) if value.total_cmp(&known) != better => known,
            _ => value,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Extreme {
    name: &'static str,
    wanted: Wanted,
    signature: Signature,
}

impl Extreme {
    fn new(name: &'static str, wanted: Wanted) -> Self {
        let signature = Signature::uniform(1, vec![DataType::Float32, DataType::Float64], Volatility::Immutable);
        Self { name, wanted, signature }
    }

    fn groups(&self, args: &AccumulatorArgs) -> ExtremeGroups {
        ExtremeGroups { wanted: self.wanted, data_type: args.return_field.data_type().clone(), values: vec![] }
    }
}

impl AggregateUDFImpl for Extreme {
    fn name(&self) -> &str {
        self.name
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        arguments.first().cloned().ok_or_else(|| internal("an extreme takes one column"))
    }
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(ExtremeOfAll(self.groups(&args))))
    }
    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }
    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.groups(&args)))
    }
}

#[derive(Debug)]
struct ExtremeGroups {
    wanted: Wanted,
    data_type: DataType,
    values: Vec<Option<f64>>,
}

impl GroupsAccumulator for ExtremeGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.values.resize(total_num_groups, None);
        let values = cast(values.first().ok_or_else(|| internal("an extreme takes one column"))?, &DataType::Float64)?;
        for (row, (value, &group)) in values.as_primitive::<Float64Type>().iter().zip(group_indices).enumerate() {
            let kept = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if let Some(value) = value.filter(|value| kept && !value.is_nan()) {
                self.values[group] = Some(self.wanted.of(self.values[group], value));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(cast(&Float64Array::from(emit_to.take_needed(&mut self.values)), &self.data_type)?)
    }
    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }
    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |values| values.len());
        let mut each = Self { wanted: self.wanted, data_type: self.data_type.clone(), values: vec![] };
        each.update_batch(values, &(0..rows).collect::<Vec<_>>(), filter, rows)?;
        each.state(EmitTo::All)
    }
    fn size(&self) -> usize {
        size_of::<Self>() + self.values.capacity() * size_of::<Option<f64>>()
    }
}

/// The same without groups.
#[derive(Debug)]
struct ExtremeOfAll(ExtremeGroups);

impl Accumulator for ExtremeOfAll {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |values| values.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.values.resize(1, None);
        ScalarValue::try_from_array(&self.0.evaluate(EmitTo::All)?, 0)
    }
    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}

fn internal(message: &str) -> DataFusionError {
    DataFusionError::Internal(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Float32Array;
    use std::sync::Arc;

    #[test]
    fn infinities_zeros_and_nothing() {
        let values: ArrayRef = Arc::new(Float32Array::from(vec![
            Some(f32::INFINITY),
            Some(0.0),
            Some(-0.0),
            Some(f32::NAN),
            None,
            Some(f32::NEG_INFINITY),
        ]));
        for (wanted, expected) in [
            (Wanted::Smallest, [Some(f32::INFINITY), Some(-0.0), None, Some(f32::NEG_INFINITY)]),
            (Wanted::Largest, [Some(f32::INFINITY), Some(0.0), None, Some(f32::NEG_INFINITY)]),
        ] {
            let mut groups = ExtremeGroups { wanted, data_type: DataType::Float32, values: vec![] };
            groups.update_batch(std::slice::from_ref(&values), &[0, 1, 1, 1, 2, 3], None, 4).unwrap();
            let state = groups.state(EmitTo::All).unwrap();
            groups.merge_batch(&state, &[0, 1, 2, 3], 4).unwrap();
            let got = groups.evaluate(EmitTo::All).unwrap();
            assert_eq!(&*got, &Float32Array::from(expected.to_vec()) as &dyn Array);
        }
    }
}
