//! Joins. A join with a condition beyond equal keys is an inner join, filtered, and the rows that met nobody.

use super::{column_name, expression, not_yet, typed};
use crate::Frame;
use crate::expr::{Expr, cast, col, lit, when};
use crate::merge::{Keep, Merge, common};
use crate::reshape::{Join as Columns, concat};
use crate::sort::KeepRows;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, NullEquality};
use datafusion::logical_expr::{ExprSchemable, Join, JoinType};
use phalanx_engine::{Error, Result};

/// Numbers of rows, while a join is taken apart.
const LEFT_ROW: &str = "left row";
const RIGHT_ROW: &str = "right row";

/// The rows of `node` over the frames of its inputs.
pub(super) fn frame(left: &Frame, right: &Frame, node: &Join) -> Result<Frame> {
    let sides = Sides { lefts: left.column_names().len(), rights: right.column_names().len(), node };
    let joined = match &node.filter {
        _ if node.null_aware && node.join_type == JoinType::LeftAnti => sides.not_in(left, right)?,
        None => sides.plain(left, right)?,
        Some(filter) => sides.filtered(left, right, filter)?,
    };
    typed(&joined, &node.schema)
}

struct Sides<'a> {
    lefts: usize,
    rights: usize,
    node: &'a Join,
}

impl Sides<'_> {
    fn left_names(&self) -> Vec<String> {
        (0..self.lefts).map(column_name).collect()
    }
    /// The right side's columns, as they are called beside the left side's.
    fn right_names(&self) -> Vec<String> {
        (self.lefts..self.lefts + self.rights).map(column_name).collect()
    }
    fn both(&self) -> Vec<String> {
        [self.left_names(), self.right_names()].concat()
    }

    /// Both sides with their keys, which have the same types, and with the names that they have beside each other.
    fn keyed(&self, left: &Frame, right: &Frame) -> Result<(Frame, Frame, Merge)> {
        let (left_schema, right_schema) = (self.node.left.schema(), self.node.right.schema());
        let rename = |index: usize| col(column_name(index)).alias(column_name(self.lefts + index));
        let rows =
            |frame: &Frame, name: &str| frame.column_names().iter().any(|column| column == name).then(|| col(name));
        let mut lefts: Vec<Expr> = self.left_names().iter().map(|name| col(name.as_str())).collect();
        let mut rights: Vec<Expr> = (0..self.rights).map(rename).collect();
        lefts.extend(rows(left, LEFT_ROW));
        rights.extend(rows(right, RIGHT_ROW));
        let (mut left_on, mut right_on) = (vec![], vec![]);
        let mut missing: (Vec<Expr>, Vec<Expr>) = (vec![], vec![]);
        for (number, (one, other)) in self.node.on.iter().enumerate() {
            let types = (one.get_type(left_schema)?, other.get_type(right_schema)?);
            let data_type = common(&types.0, &types.1).ok_or_else(|| {
                Error::input(format!("a join on {one} and {other}, which are of types {} and {}", types.0, types.1))
                    .with_hint("CAST one of them")
            })?;
            let (one, other) = (expression::over(one, left_schema)?, expression::over(other, right_schema)?);
            left_on.push(format!("left key {number}"));
            right_on.push(format!("right key {number}"));
            lefts.push(cast(one.clone(), data_type.clone()).alias(format!("left key {number}")));
            rights.push(cast(other.clone(), data_type).alias(format!("right key {number}")));
            missing.0.push(one.is_null());
            missing.1.push(other.is_null());
        }
        // A missing key meets nobody: its row's mark is another on each side. Without keys, every row has the same.
        let meets_missing = self.node.null_equality == NullEquality::NullEqualsNull;
        if left_on.is_empty() || !meets_missing {
            let mark = |missing: Vec<Expr>, mark: i64| -> Result<Expr> {
                match missing.into_iter().reduce(Expr::or) {
                    // Of a column, so that it is not folded away.
                    None => Ok(lit(0_i64)),
                    Some(missing) => Ok(when(missing, lit(mark)).otherwise(lit(0_i64))?),
                }
            };
            lefts.push(mark(missing.0, 1)?.alias("left mark"));
            rights.push(mark(missing.1, 2)?.alias("right mark"));
            left_on.push(String::from("left mark"));
            right_on.push(String::from("right mark"));
        }
        let left = left.with_plan(left.builder().project(lefts)?.build(), None)?;
        let right = right.with_plan(right.builder().project(rights)?.build(), None)?;
        Ok((left, right, Merge::left_right(left_on, right_on, Keep::Inner)))
    }

    /// Rows that meet by their keys alone.
    fn plain(&self, left: &Frame, right: &Frame) -> Result<Frame> {
        let (lefts, rights, merge) = self.keyed(left, right)?;
        let merged = |keep| lefts.merge_with(&rights, &Merge { keep, ..merge.clone() });
        let swapped = |keep| {
            let merge =
                Merge { keep, left_on: merge.right_on.clone(), right_on: merge.left_on.clone(), ..merge.clone() };
            rights.merge_with(&lefts, &merge)
        };
        match self.node.join_type {
            JoinType::Inner => merged(Keep::Inner)?.select(self.both()),
            JoinType::Left => merged(Keep::Left)?.select(self.both()),
            JoinType::Right => merged(Keep::Right)?.select(self.both()),
            JoinType::Full => merged(Keep::Outer)?.select(self.both()),
            JoinType::LeftSemi => merged(Keep::LeftSemi)?.select(self.left_names()),
            JoinType::LeftAnti => merged(Keep::LeftAnti)?.select(self.left_names()),
            JoinType::RightSemi => self.only_right(&swapped(Keep::LeftSemi)?),
            JoinType::RightAnti => self.only_right(&swapped(Keep::LeftAnti)?),
            JoinType::LeftMark => {
                let keys =
                    rights.select(merge.right_on.clone())?.drop_duplicates(merge.right_on.clone(), KeepRows::First)?;
                let merge = Merge { keep: Keep::Left, indicator: Some(String::from("met")), ..merge.clone() };
                marked(&lefts.merge_with(&keys, &merge)?, self.lefts)
            }
            other => Err(not_yet(&format!("a {other} join"), "write it as another join")),
        }
    }

    fn only_right(&self, frame: &Frame) -> Result<Frame> {
        let columns = (0..self.rights).map(|index| col(column_name(self.lefts + index)).alias(column_name(index)));
        frame.with_plan(frame.builder().project(columns)?.build(), None)
    }

    /// Rows that meet by their keys, if any, and a condition.
    fn filtered(&self, left: &Frame, right: &Frame, filter: &Expr) -> Result<Frame> {
        let (left, right) = (left.with_row_number(LEFT_ROW)?, right.with_row_number(RIGHT_ROW)?);
        let (lefts, rights, merge) = self.keyed(&left, &right)?;
        let rows = [LEFT_ROW, RIGHT_ROW].map(String::from).to_vec();
        let both: DFSchema = self.node.left.schema().join(self.node.right.schema())?;
        let pairs = lefts.merge_with(&rights, &merge)?.select([self.both(), rows].concat())?;
        let pairs = pairs.filter(expression::over(filter, &both)?)?;
        let met = |side: &Frame, row: &str, keep| -> Result<Frame> {
            let rows = pairs.select([row])?.drop_duplicates([row], KeepRows::First)?.rename([(row, "met row")])?;
            side.merge_with(&rows, &Merge::left_right(vec![row.to_owned()], vec![String::from("met row")], keep))
        };
        // Rows that met nobody, with nothing on the other side.
        let alone = |side: &Frame, row: &str| met(side, row, Keep::LeftAnti);
        let pairs_only = pairs.select(self.both())?;
        let with_alone = |parts: Vec<Frame>| -> Result<Frame> {
            let kept = parts
                .iter()
                .map(|part| {
                    let names: Vec<String> =
                        self.both().into_iter().filter(|name| part.column_names().contains(name)).collect();
                    part.select(names)
                })
                .collect::<Result<Vec<_>>>()?;
            concat(&[vec![pairs_only.clone()], kept].concat(), Columns::Outer)?.select(self.both())
        };
        match self.node.join_type {
            JoinType::Inner => Ok(pairs_only),
            JoinType::Left => with_alone(vec![alone(&lefts, LEFT_ROW)?]),
            JoinType::Right => with_alone(vec![alone(&rights, RIGHT_ROW)?]),
            JoinType::Full => with_alone(vec![alone(&lefts, LEFT_ROW)?, alone(&rights, RIGHT_ROW)?]),
            JoinType::LeftSemi => met(&lefts, LEFT_ROW, Keep::LeftSemi)?.select(self.left_names()),
            JoinType::LeftAnti => alone(&lefts, LEFT_ROW)?.select(self.left_names()),
            JoinType::RightSemi => self.only_right(&met(&rights, RIGHT_ROW, Keep::LeftSemi)?),
            JoinType::RightAnti => self.only_right(&alone(&rights, RIGHT_ROW)?),
            JoinType::LeftMark => {
                let rows = pairs.select([LEFT_ROW])?.drop_duplicates([LEFT_ROW], KeepRows::First)?;
                let rows = rows.rename([(LEFT_ROW, "met row")])?;
                let mut merge = Merge::left_right(vec![LEFT_ROW.to_owned()], vec![String::from("met row")], Keep::Left);
                merge.indicator = Some(String::from("met"));
                marked(&lefts.merge_with(&rows, &merge)?, self.lefts)
            }
            other => Err(not_yet(&format!("a {other} join with a condition"), "write it as another join")),
        }
    }

    /// `NOT IN`: nobody stays if the other side has a missing value, and a missing value stays only if it has none.
    fn not_in(&self, left: &Frame, right: &Frame) -> Result<Frame> {
        if self.node.filter.is_some() || self.node.on.len() != 1 {
            return Err(not_yet("NOT IN with a correlated subquery", "use NOT EXISTS"));
        }
        let (lefts, rights, merge) = self.keyed(left, right)?;
        let (key, other) = (merge.left_on[0].clone(), merge.right_on[0].clone());
        let anti = lefts.merge_with(&rights, &Merge { keep: Keep::LeftAnti, ..merge })?;
        let counted = |name: &str, value: Expr| cast(value, DataType::Int64).alias(name);
        let counts = [counted("rows", lit(1_i64)), counted("missing", col(other.as_str()).is_null())];
        let counts = rights.with_plan(rights.builder().project(counts)?.build(), None)?;
        let counts = counts.reduce(["rows", "missing"].map(|name| crate::Aggregate::sum(name).named(name)))?;
        let counts = counts.with_column("right mark", lit(0_i64))?;
        let anti = anti.drop(["left mark"])?.with_column("left mark", lit(0_i64))?;
        let on = (vec![String::from("left mark")], vec![String::from("right mark")]);
        let beside = anti.merge_with(&counts, &Merge::left_right(on.0, on.1, Keep::Inner))?;
        let none = col("rows").eq(lit(0_i64));
        let all = col("missing").eq(lit(0_i64)).and(col(key.as_str()).is_not_null());
        beside.filter(none.or(all))?.select(self.left_names())
    }
}

/// Whether each left row met somebody, behind its columns.
fn marked(frame: &Frame, lefts: usize) -> Result<Frame> {
    let mut columns: Vec<Expr> = (0..lefts).map(|index| col(column_name(index))).collect();
    columns.push(col("met").eq(lit("both")).alias(column_name(lefts)));
    frame.with_plan(frame.builder().project(columns)?.build(), None)
}
