//! Expressions over columns: DataFusion's own, with names taken as they are.
//!
//! ```
//! use phalanx_frame::expr::{col, lit};
//! let late = col("arr_delay").gt(lit(15.0)).and(col("Carrier").not_eq(lit("UA")));
//! assert_eq!(late.to_string(), "arr_delay > Float64(15) AND Carrier != Utf8(\"UA\")");
//! ```

pub use datafusion::logical_expr::{Expr, cast, lit, not, try_cast, when};
/// The column of this name. Unlike DataFusion's own `col` it takes dots and capital letters as they are.
pub use datafusion::prelude::ident as col;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use phalanx_engine::{Error, Result};

/// Refuses what is not computed row by row.
pub(crate) fn need_row_by_row(expression: &Expr) -> Result<()> {
    let mut refused = None;
    expression.apply(|node| {
        refused = match node {
            Expr::AggregateFunction(_) => Some("an aggregate function"),
            Expr::WindowFunction(_) => Some("a window function"),
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_) => {
                Some("a subquery")
            }
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        Ok(TreeNodeRecursion::Stop)
    })?;
    match refused {
        None => Ok(()),
        Some(what) => Err(Error::unsupported(format!("{what} in an expression: {expression}"))
            .with_hint("expressions are computed row by row; use groupby().agg(), cumsum() and their like")),
    }
}
