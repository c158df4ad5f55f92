//! Quantiles by the thirteen methods of NumPy (nine of them in Hyndman and Fan, "Sample Quantiles in Statistical
//! Packages", The American Statistician 50, 1996).

use serde::{Deserialize, Serialize};

use super::sort::each;
use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::order::{Ordered, with_ordered};

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// Which value lies at a quantile that falls between two elements.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Method {
            $($(#[$doc])* $name,)*
        }

        impl Method {
            const ALL: &[Method] = &[$(Method::$name),*];

            /// NumPy's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Method::$name => $text,)*
                }
            }
        }
    };
}

methods! {
    /// On the line from one to the other, the usual one.
    #[default]
    Linear "linear";
    /// The lower.
    Lower "lower";
    /// The higher.
    Higher "higher";
    /// Half way.
    Midpoint "midpoint";
    /// The nearer, of two equally near the even.
    Nearest "nearest";
    /// Hyndman and Fan's 1.
    InvertedCdf "inverted_cdf";
    /// Their 2.
    AveragedInvertedCdf "averaged_inverted_cdf";
    /// Their 3.
    ClosestObservation "closest_observation";
    /// Their 4.
    InterpolatedInvertedCdf "interpolated_inverted_cdf";
    /// Their 5.
    Hazen "hazen";
    /// Their 6.
    Weibull "weibull";
    /// Their 8.
    MedianUnbiased "median_unbiased";
    /// Their 9.
    NormalUnbiased "normal_unbiased";
}

impl std::str::FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|method| method.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|method| method.name()).collect();
            Error::value(format!("method {name:?} is not one of {}", known.join(", ")))
        })
    }
}

impl Method {
    /// Whether the result is always one of the elements, and so of their type.
    fn chooses(self) -> bool {
        matches!(self, Self::Lower | Self::Higher | Self::Nearest | Self::InvertedCdf | Self::ClosestObservation)
    }

    /// The place of quantile `q` among `n` sorted elements: (an element, how far to the next).
    fn place(self, n: usize, q: f64) -> (usize, f64) {
        let count = n as f64;
        let by = |alpha: f64, beta: f64| count * q + (alpha + q * (1.0 - alpha - beta)) - 1.0;
        let linear = (count - 1.0) * q;
        let boundary = |index: f64, keep: &dyn Fn(f64) -> bool| {
            let previous = index.floor();
            if index == previous && keep(previous) { previous } else { previous + 1.0 }
        };
        let index = match self {
            Self::Linear => linear,
            Self::Lower => linear.floor(),
            Self::Higher => linear.ceil(),
            Self::Midpoint => 0.5 * (linear.floor() + linear.ceil()),
            Self::Nearest => linear.round_ties_even(),
            Self::InvertedCdf => boundary(count * q - 1.0, &|_| true),
            Self::AveragedInvertedCdf => count * q - 1.0,
            Self::ClosestObservation => boundary(count * q - 1.5, &|at| at.rem_euclid(2.0) == 1.0),
            Self::InterpolatedInvertedCdf => by(0.0, 1.0),
            Self::Hazen => by(0.5, 0.5),
            Self::Weibull => by(0.0, 0.0),
            Self::MedianUnbiased => by(1.0 / 3.0, 1.0 / 3.0),
            Self::NormalUnbiased => by(3.0 / 8.0, 3.0 / 8.0),
        };
        if index < 0.0 {
            return (0, 0.0);
        }
        if index >= count - 1.0 {
            return (n - 1, 0.0);
        }
        let previous = index.floor();
        let gamma = index - previous;
        let gamma = match self {
            Self::AveragedInvertedCdf if gamma == 0.0 => 0.5,
            Self::AveragedInvertedCdf => 1.0,
            Self::Midpoint if gamma != 0.0 => 0.5,
            _ => gamma,
        };
        (previous as usize, gamma)
    }
}

/// The dtype of what lies between elements.
fn between(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::Float64 }
}

/// The line sorted, without NaNs if they are skipped; `None` if the answer is NaN.
fn sorted<T: Ordered>(line: &[T], skip_nan: bool) -> Option<Vec<T>> {
    let mut sorted: Vec<T> = line.iter().copied().filter(|value| !value.nan()).collect();
    if sorted.is_empty() || (!skip_nan && sorted.len() < line.len()) {
        return None;
    }
    sorted.sort_by(Ordered::order);
    Some(sorted)
}

fn no_elements() -> Error {
    Error::value("quantiles of no elements: the axis has length 0")
}

pub(super) fn quantiles(chunk: &Chunk, length: usize, q: &[f64], method: Method, skip_nan: bool) -> Result<Chunk> {
    if let Some(q) = q.iter().find(|q| !(0.0..=1.0).contains(*q)) {
        return Err(Error::value(format!("quantile {q} is not in the range from 0 to 1")));
    }
    if length == 0 {
        return Err(no_elements());
    }
    real(chunk)?;
    if method.chooses() && !chunk.dtype().is_float() {
        return with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
            let line = sorted(line, skip_nan).unwrap_or_default();
            out.extend(q.iter().filter_map(|&q| line.get(method.place(line.len(), q).0).copied()));
        }))));
    }
    let dtype = between(chunk.dtype());
    let values: Vec<f64> = with_ordered!(chunk, values => each(values, length, |line, out: &mut Vec<f64>| {
        let Some(line) = sorted(line, skip_nan) else {
            out.extend(q.iter().map(|_| f64::NAN));
            return;
        };
        out.extend(q.iter().map(|&q| {
            let (at, gamma) = method.place(line.len(), q);
            let low = line[at].float();
            match line.get(at + 1) {
                Some(high) if gamma > 0.0 => lerp(low, high.float(), gamma),
                _ => low,
            }
        }));
    }));
    Ok(Chunk::vector(values).cast(dtype))
}

/// From whichever end is nearer, as NumPy does it.
fn lerp(low: f64, high: f64, gamma: f64) -> f64 {
    let distance = high - low;
    if gamma >= 0.5 { high - distance * (1.0 - gamma) } else { low + distance * gamma }
}

/// Refuses complex numbers, between which there is nothing.
fn real(chunk: &Chunk) -> Result<()> {
    if chunk.dtype().is_complex() { Err(Error::dtype("quantiles", &[chunk.dtype()])) } else { Ok(()) }
}

pub(super) fn medians(chunk: &Chunk, length: usize, skip_nan: bool) -> Result<Chunk> {
    if length == 0 {
        return Err(no_elements());
    }
    real(chunk)?;
    let dtype = between(chunk.dtype());
    let values: Vec<f64> = with_ordered!(chunk, values => each(values, length, |line, out: &mut Vec<f64>| {
        out.push(match sorted(line, skip_nan) {
            None => f64::NAN,
            Some(line) => {
                let (low, high) = (line[(line.len() - 1) / 2].float(), line[line.len() / 2].float());
                if line.len() % 2 == 1 { low } else { (low + high) / 2.0 }
            }
        });
    }));
    Ok(Chunk::vector(values).cast(dtype))
}
