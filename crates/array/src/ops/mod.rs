//! Elementwise functions and operators, with NumPy's broadcasting and promotion.
//!
//! | file | what it holds |
//! |---|---|
//! | `operand` | arrays and weak numbers on one side of a function |
//! | `methods` | a method for each function, and Rust's operators |
//! | `composed` | functions that are expressions of others: `clip`, `round`, `isclose`, … |

mod composed;
mod methods;
mod operand;

use crate::array::Array;
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::elementwise;
use crate::views::broadcast_chunks;
pub use composed::{Replacement, Tolerance};
pub use operand::{Operand, Scalar, Side, operands};
use phalanx_chunk::DType;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::ufunc::{Binary, Unary};
use phalanx_engine::Result;
use std::sync::Arc;

impl Array {
    /// A function of each element.
    #[must_use]
    pub fn unary(&self, function: Unary) -> Self {
        if let Some(later) = Self::after("an elementwise function", &[self], move |given| given[0].unary(function)) {
            return later;
        }
        self.then(|expr| {
            let dtype = function.dtype(expr.dtype()).lift()?;
            let node = elementwise::Unary { function, dtype, shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], expr.chunks.clone()))
        })
    }

    /// A function of each element and the other's, broadcast.
    #[must_use]
    pub fn binary(&self, function: Binary, other: impl Operand) -> Self {
        binary(function, self, other)
    }

    /// The same elements as another type, NumPy's `astype`.
    #[must_use]
    pub fn astype(&self, dtype: DType) -> Self {
        if let Some(later) = Self::after("astype", &[self], move |given| given[0].astype(dtype)) {
            return later;
        }
        self.then(|expr| {
            if expr.dtype() == dtype {
                return Ok(Arc::clone(expr));
            }
            let node = elementwise::Cast { dtype, shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], expr.chunks.clone()))
        })
    }

    /// Elements of `a` where this array is not 0, else of `b`.
    #[must_use]
    pub fn choose(&self, a: impl Operand, b: impl Operand) -> Self {
        let (a, b) = operands(&a, &b, None);
        select(self, &a, &b)
    }
}

/// A function of each pair of elements of two operands, broadcast.
pub fn binary(function: Binary, a: impl Operand, b: impl Operand) -> Array {
    let (a, b) = operands(&a, &b, Some(function));
    let again = move |given: &[Array]| binary(function, &given[0], &given[1]);
    if let Some(later) = Array::after("an elementwise function", &[&a, &b], again) {
        return later;
    }
    let make = || {
        let (a, b) = (a.expr()?, b.expr()?);
        let dtype = function.dtype(a.dtype(), b.dtype()).lift()?;
        let shape = broadcast_shape(&[a, b])?;
        let chunks = broadcast_chunks(&shape, &[a, b])?;
        let node = elementwise::Binary { function, dtype, shape, inputs: [a.shape().to_vec(), b.shape().to_vec()] };
        Ok(Expr::new(node, vec![Arc::clone(a), Arc::clone(b)], chunks))
    };
    Array::from_result(make())
}

fn select(condition: &Array, a: &Array, b: &Array) -> Array {
    let again = |given: &[Array]| select(&given[0], &given[1], &given[2]);
    if let Some(later) = Array::after("where", &[condition, a, b], again) {
        return later;
    }
    let make = || {
        let dtype = DType::promote(a.dtype()?, b.dtype()?);
        let (a, b) = (a.astype(dtype), b.astype(dtype));
        let (condition, a, b) = (condition.astype(DType::Bool).expr()?.clone(), a.expr()?, b.expr()?);
        let shape = broadcast_shape(&[&condition, a, b])?;
        let chunks = broadcast_chunks(&shape, &[&condition, a, b])?;
        let inputs = [condition.shape().to_vec(), a.shape().to_vec(), b.shape().to_vec()];
        let node = elementwise::Where { dtype, shape, inputs };
        Ok(Expr::new(node, vec![condition, Arc::clone(a), Arc::clone(b)], chunks))
    };
    Array::from_result(make())
}

fn broadcast_shape(inputs: &[&Arc<Expr>]) -> Result<Vec<usize>> {
    let shape = inputs.iter().try_fold(vec![], |shape, expr| broadcast(&shape, expr.shape())).lift()?;
    element_count(&shape).lift()?;
    Ok(shape)
}
