//! Functions of a row's values with pandas' rules, as data that travels in plans.
//!
//! DataFusion's own expressions follow SQL: a comparison with a missing value is missing, NaN equals NaN, integers
//! overflow with an error. pandas does otherwise, so what differs is here, on Arrow's kernels.
//!
//! | module | what it computes |
//! |---|---|
//! | `arith` | `+ - * / // % **` |
//! | `compare` | `== != < <= > >=` |
//! | `category` | values as categories, and their codes |
//! | `choose` | missing or not, one or the other: `isna`, `fillna`, `where` |
//! | `convert` | `astype` |
//! | `lookup` | `isin`, `map`, `replace` |
//! | `number` | `abs`, `round`, NumPy's functions of one number |
//! | `pruning` | what a reader of files may leave out |
//! | [`clock`], [`text`] | pandas' `.dt` and `.str` |
//! | `time` | dates, times and their zones |
//! | `promote` | which type two values meet in |
//! | `operand` | arrays and constants alike |

pub(crate) mod arith;
pub(crate) mod category;
pub(crate) mod choose;
pub mod clock;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod lookup;
pub(crate) mod number;
pub(crate) mod operand;
pub(crate) mod promote;
pub(crate) mod pruning;
pub mod text;
pub(crate) mod time;
mod time_text;
