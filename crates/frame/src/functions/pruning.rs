//! What a reader of files may leave out: for a condition of ours, a plain one that is true wherever ours is.
//!
//! DataFusion prunes row groups by the plain comparisons that it knows; ours are functions to it.

use super::compare::{Compare, Comparison};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, binary_expr, lit};
use phalanx_engine::scalar;

/// A condition that holds wherever `condition` does, in terms that file readers understand.
pub fn implied(condition: &Expr, schema: &Schema) -> Option<Expr> {
    if let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition {
        return match (op, implied(left, schema), implied(right, schema)) {
            (Operator::And, Some(left), Some(right)) => Some(left.and(right)),
            (Operator::And, one, other) => one.or(other),
            (Operator::Or, Some(left), Some(right)) => Some(left.or(right)),
            _ => None,
        };
    }
    let (Compare(op), arguments) = scalar::called::<Compare>(condition)?;
    let [Expr::Column(column), Expr::Literal(value, _)] = arguments else { return None };
    let data_type = schema.field_with_name(&column.name).ok()?.data_type();
    if *data_type != value.data_type() || value.is_null() {
        return None;
    }
    let (low, high) = ends(value, data_type)?;
    let column = || Expr::Column(column.clone());
    let compare = |op, value: &ScalarValue| binary_expr(column(), op, lit(value.clone()));
    // Arrow's order of floats puts NaN last, where these conditions may keep it: ours then drops it.
    Some(match op {
        Comparison::Equal => compare(Operator::GtEq, &low).and(compare(Operator::LtEq, &high)),
        Comparison::Less | Comparison::LessOrEqual => compare(Operator::LtEq, &high),
        Comparison::Greater | Comparison::GreaterOrEqual => compare(Operator::GtEq, &low),
        Comparison::NotEqual => return None,
    })
}

/// The smallest and largest value that equal this one: a float zero has two.
fn ends(value: &ScalarValue, data_type: &DataType) -> Option<(ScalarValue, ScalarValue)> {
    match value {
        ScalarValue::Float64(Some(0.0)) => Some((ScalarValue::from(-0.0_f64), ScalarValue::from(0.0_f64))),
        ScalarValue::Float32(Some(0.0)) => Some((ScalarValue::from(-0.0_f32), ScalarValue::from(0.0_f32))),
        ScalarValue::Float64(Some(number)) if number.is_nan() => None,
        ScalarValue::Float32(Some(number)) if number.is_nan() => None,
        _ if data_type.is_nested() => None,
        _ => Some((value.clone(), value.clone())),
    }
}
