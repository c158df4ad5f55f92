//! What is computed of rows that lie side by side: statistics of a range of rows, and values for each row of it.
//!
//! A range is a group, or all rows of a partition with the rows before and after that it needs. The kernels see rows in
//! their order and nothing else, so their bits can't depend on partitions or arrival.
//!
//! | module | what it computes |
//! |---|---|
//! | `values` | columns as numbers; which values are missing |
//! | `reduce` | a statistic of each range: picked rows, order statistics |
//! | `moments` | those from sums of powers: means, variances and what goes beyond |
//! | `window` | a value for each row: shifts, differences, running values, fills |
//! | `rank` | ranks |
//! | `rolling` | statistics of the rows around each row |

pub(crate) mod moments;
pub(crate) mod rank;
pub(crate) mod reduce;
pub(crate) mod rolling;
pub(crate) mod values;
pub(crate) mod window;

pub use rank::{Rank, RankMethod, RankMissing};
pub use rolling::{Closed, Rolling, Span};
pub use window::{Literal, Window};

use std::ops::Range;

/// Ranges of rows, side by side and in order.
pub(crate) type Ranges<'a> = &'a [Range<usize>];
