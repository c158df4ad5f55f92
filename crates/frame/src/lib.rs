//! Lazy dataframes with pandas' row order, on DataFusion's logical plans.
//!
//! A [`Frame`] is an ordered sequence of partitions, each an ordered sequence of rows. Its methods build a query and
//! never run anything; [`Frame::compute`] and [`Frame::persist`] hand the query to an
//! [`Engine`](phalanx_engine::Engine). Row by row operations keep the order; results of grouping have the order that
//! pandas gives them. Bits depend on the query, the seed, the data and the borders of partitions, and on nothing else.
//!
//! What this crate never does: run a plan, write a scheduler's or a worker's file, guess a column's name.
//!
//! | module | what it holds |
//! |---|---|
//! | [`frame`] | the frame and its methods |
//! | [`series`] | lazy columns and their operators |
//! | [`columns`] | functions of frames, column by column |
//! | [`text`], [`clock`] | functions of text and of times |
//! | [`statistic`], [`aggregate`] | which statistics there are; one of a column, with its options |
//! | [`groupby`] | `groupby().agg()` |
//! | [`merge`] | which rows a merge keeps |
//! | [`reductions`] | statistics of whole columns |
//! | [`asof`], [`resample`] | rows that are near in time, bins of time |
//! | [`windows`] | values of a row from the rows around it |
//! | [`sort`], `categories` | order, distinct rows; the order of categories |
//! | [`host`] | functions of a host language |
//! | [`partitions`] | samples, parts, other partitions |
//! | [`reshape`] | rows below rows, columns into rows |
//! | [`dtype`] | types by pandas' names |
//! | [`expr`] | expressions over columns |
//! | [`kernel`] | what is computed of rows that lie side by side |
//! | [`sql`] | `SELECT` over frames |
//! | [`table`] | a computed result |
//! | [`texts`] | distinct texts and their numbers |
//! | [`source`] | Parquet, CSV, JSON, the caller's own data, persisted data |
//! | [`sink`] | Parquet, CSV and JSON, a file for each partition |
//! | [`datasets`] | generated data |
//! | [`plot`] | line plots as SVG |
//! | [`exact`] | sums that do not depend on the order of their terms |
//! | `node`, [`lower`] | from the query to a plan that obeys the determinism law |
//!
//! ```
//! use phalanx_engine::{LocalEngine, Settings};
//! use phalanx_frame::{datasets, expr::{col, lit}};
//!
//! # fn main() -> phalanx_engine::Result<()> {
//! let engine = LocalEngine::new(Settings::default())?;
//! let frame = datasets::timeseries().dates("2000-01-01", "2000-01-03")?.build()?;
//! let oliver = frame.filter(col("name").eq(lit("Oliver")))?.select(["x", "y"])?.cumsum()?;
//! let table = oliver.compute(&engine)?;
//! assert_eq!(table.column_names(), ["timestamp", "x", "y"]);
//! # Ok(())
//! # }
//! ```

pub mod aggregate;
mod aligned;
pub mod asof;
mod categories;
pub mod columns;
mod computed;
pub mod datasets;
pub mod dtype;
mod error;
pub mod exact;
pub mod expr;
pub mod frame;
mod functions;
pub mod groupby;
pub mod host;
pub mod kernel;
pub mod lower;
pub mod merge;
mod node;
pub mod partitions;
pub mod plot;
mod positions;
pub mod reductions;
mod relation;
pub mod resample;
pub mod reshape;
pub mod series;
pub mod sink;
pub mod sort;
pub mod source;
pub mod sql;
pub mod statistic;
pub mod table;
pub mod texts;
pub mod windows;

pub use aggregate::{Aggregate, AggregateOptions};
pub use frame::Frame;
pub use functions::{arith::Arithmetic, clock, compare::Comparison, text};
pub use groupby::GroupBy;
pub use kernel::{Closed, Literal, Rank, RankMethod, RankMissing, Rolling, Span, Window};
pub use merge::{Keep, Merge, Unique};
pub use series::{Operand, Series};
pub use source::{read_csv, read_json, read_parquet};
pub use sql::sql;
pub use statistic::{Interpolation, Statistic};
pub use table::Table;
