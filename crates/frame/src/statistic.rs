//! Which statistics of values there are, by pandas' names.

use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};

/// What is computed of a group's values. Missing values (null, NaN) are skipped, as pandas does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Statistic {
    /// How many values there are.
    #[serde(rename = "count")]
    Count,
    /// How many rows there are.
    #[serde(rename = "size")]
    Size,
    /// Their sum; for floats exact, rounded once.
    #[serde(rename = "sum")]
    Sum,
    /// Their product, in the order of rows.
    #[serde(rename = "prod")]
    Product,
    /// Their mean: exact, rounded once.
    #[serde(rename = "mean")]
    Mean,
    /// Their variance with n − 1: exact, rounded once.
    #[serde(rename = "var")]
    Variance,
    /// The square root of the variance.
    #[serde(rename = "std")]
    Deviation,
    /// The standard error of the mean.
    #[serde(rename = "sem")]
    StandardError,
    /// The smallest value.
    #[serde(rename = "min")]
    Minimum,
    /// The largest value.
    #[serde(rename = "max")]
    Maximum,
    /// How many different values there are.
    #[serde(rename = "nunique")]
    DistinctCount,
    /// The first value that is there.
    #[serde(rename = "first")]
    First,
    /// The last value that is there.
    #[serde(rename = "last")]
    Last,
    /// The value of a row by its number.
    #[serde(rename = "nth")]
    Nth,
    /// The median.
    #[serde(rename = "median")]
    Median,
    /// A quantile.
    #[serde(rename = "quantile")]
    Quantile,
    /// The label of the first row with the smallest value.
    #[serde(rename = "idxmin")]
    IndexOfMinimum,
    /// The label of the first row with the largest value.
    #[serde(rename = "idxmax")]
    IndexOfMaximum,
    /// Is any value true?
    #[serde(rename = "any")]
    Any,
    /// Are all values true?
    #[serde(rename = "all")]
    All,
    /// The adjusted Fisher-Pearson skewness.
    #[serde(rename = "skew")]
    Skewness,
    /// The excess kurtosis, without bias.
    #[serde(rename = "kurt")]
    Kurtosis,
    /// The smallest of the most frequent values.
    #[serde(rename = "mode")]
    Mode,
    /// The covariance with a second column.
    #[serde(rename = "cov")]
    Covariance,
    /// Pearson's correlation with a second column.
    #[serde(rename = "corr")]
    Correlation,
}

const NAMES: [(Statistic, &str); 25] = [
    (Statistic::Count, "count"),
    (Statistic::Size, "size"),
    (Statistic::Sum, "sum"),
    (Statistic::Product, "prod"),
    (Statistic::Mean, "mean"),
    (Statistic::Variance, "var"),
    (Statistic::Deviation, "std"),
    (Statistic::StandardError, "sem"),
    (Statistic::Minimum, "min"),
    (Statistic::Maximum, "max"),
    (Statistic::DistinctCount, "nunique"),
    (Statistic::First, "first"),
    (Statistic::Last, "last"),
    (Statistic::Nth, "nth"),
    (Statistic::Median, "median"),
    (Statistic::Quantile, "quantile"),
    (Statistic::IndexOfMinimum, "idxmin"),
    (Statistic::IndexOfMaximum, "idxmax"),
    (Statistic::Any, "any"),
    (Statistic::All, "all"),
    (Statistic::Skewness, "skew"),
    (Statistic::Kurtosis, "kurt"),
    (Statistic::Mode, "mode"),
    (Statistic::Covariance, "cov"),
    (Statistic::Correlation, "corr"),
];

impl Statistic {
    /// pandas' name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(statistic, _)| *statistic == self).map_or("", |(_, name)| name)
    }

    /// The statistic that pandas calls so.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(name: &str) -> Result<Self> {
        let name = if name == "kurtosis" { "kurt" } else { name };
        NAMES.iter().find(|(_, known)| *known == name).map(|(statistic, _)| *statistic).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
            Error::input(format!("there is no statistic {name:?}")).with_hint(format!("there are {}", names.join(", ")))
        })
    }

    /// Is it an aggregate function whose partial results merge in any order?
    pub(crate) fn is_mergeable(self) -> bool {
        use Statistic as S;
        matches!(
            self,
            S::Count
                | S::Size
                | S::Sum
                | S::Mean
                | S::Variance
                | S::Deviation
                | S::StandardError
                | S::Minimum
                | S::Maximum
        )
    }
}

/// What a quantile is between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Interpolation {
    /// On the line between them.
    #[default]
    Linear,
    /// The lower.
    Lower,
    /// The higher.
    Higher,
    /// Their mean.
    Midpoint,
    /// The nearer; of two as near that of the even rank.
    Nearest,
}

impl Interpolation {
    /// The one that pandas calls so.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "linear" => Self::Linear,
            "lower" => Self::Lower,
            "higher" => Self::Higher,
            "midpoint" => Self::Midpoint,
            "nearest" => Self::Nearest,
            _ => {
                return Err(Error::input(format!("there is no interpolation {name:?}"))
                    .with_hint("there are linear, lower, higher, midpoint, nearest"));
            }
        })
    }

    /// The value at `fraction` of the way from `low`, which has this rank, to `high`.
    pub(crate) fn between(self, low: f64, high: f64, fraction: f64, rank: usize) -> f64 {
        match self {
            _ if fraction == 0.0 => low,
            Self::Linear if low == high => low,
            // NumPy's: it never leaves the two values.
            Self::Linear if fraction < 0.5 => low + (high - low) * fraction,
            Self::Linear => high - (high - low) * (1.0 - fraction),
            Self::Lower => low,
            Self::Higher => high,
            Self::Midpoint => low + (high - low) / 2.0,
            Self::Nearest if fraction < 0.5 || (fraction == 0.5 && rank.is_multiple_of(2)) => low,
            Self::Nearest => high,
        }
    }
}

/// The type of a statistic of a column of this type. Labels have their own.
pub(crate) fn result_type(statistic: Statistic, input: &DataType) -> DataType {
    use Statistic as S;
    if let (S::Sum, DataType::Decimal128(_, scale)) = (statistic, input) {
        return DataType::Decimal128(38, *scale);
    }
    match statistic {
        S::Count | S::Size | S::DistinctCount => DataType::Int64,
        S::Minimum | S::Maximum | S::First | S::Last | S::Nth | S::Mode => input.clone(),
        S::Sum | S::Product if input.is_floating() => DataType::Float64,
        S::Sum | S::Product if input.is_unsigned_integer() => DataType::UInt64,
        S::Sum | S::Product => DataType::Int64,
        S::Any | S::All => DataType::Boolean,
        _ => DataType::Float64,
    }
}

/// Is the result a label of a row?
pub(crate) fn is_label(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::IndexOfMinimum | Statistic::IndexOfMaximum)
}
