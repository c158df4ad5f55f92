//! Expressions of a query as expressions over a frame's columns.

use super::{column_name, not_yet};
use crate::expr::{Expr, col, need_row_by_row};
use crate::functions::number::{Real, RealNumber};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Volatility;
use phalanx_engine::{Error, Result, scalar};

/// `expression` over the columns of a plan of this schema, as one over the frame's, by their places.
pub(super) fn over(expression: &Expr, schema: &DFSchema) -> Result<Expr> {
    need_row_by_row(expression)?;
    let plain = expression.clone().unalias_nested().data;
    let placed = plain.transform_up(|node| match &node {
        Expr::Column(column) => {
            let index = schema.index_of_column(column)?;
            Ok(Transformed::yes(col(column_name(index))))
        }
        Expr::ScalarFunction(call) => {
            if call.func.signature().volatility == Volatility::Volatile {
                let refused = not_yet(&format!("{}()", call.func.name()), "its values would differ from run to run");
                return Err(DataFusionError::from(refused));
            }
            // One implementation on every machine.
            match (own(call.func.name()), call.args.as_slice()) {
                (Some(function), [argument]) => {
                    Ok(Transformed::yes(scalar::call(RealNumber(function), vec![argument.clone()])?))
                }
                _ => Ok(Transformed::no(node)),
            }
        }
        Expr::OuterReferenceColumn(..) => {
            Err(DataFusionError::from(not_yet("a correlated subquery of this kind", "write it as a join")))
        }
        Expr::Placeholder(_) => {
            let refused = Error::input("a query with a placeholder").with_hint("write its value into the query");
            Err(DataFusionError::from(refused))
        }
        _ => Ok(Transformed::no(node)),
    })?;
    Ok(placed.data)
}

/// Our function of this name of SQL's.
fn own(name: &str) -> Option<Real> {
    let name = match name {
        "ln" => "log",
        "asin" => "arcsin",
        "acos" => "arccos",
        "atan" => "arctan",
        "asinh" => "arcsinh",
        "acosh" => "arccosh",
        "atanh" => "arctanh",
        "log" => return None, // of SQL, to base 10, or to a base
        name => name,
    };
    let known = [
        "exp", "log", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
        "arcsinh", "arccosh", "arctanh", "cbrt",
    ]; // what the machine's own library would compute
    known.contains(&name).then(|| Real::ALL.iter().copied().find(|function| function.name() == name)).flatten()
}
