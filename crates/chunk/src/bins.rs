//! Counting elements: by bins, by value, by where they are not 0.

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};

/// What is counted of a block. The counts of blocks add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Count {
    /// Elements by bins in one or more dimensions. A bin holds its lower edge and, the last one, also its upper.
    Bins {
        /// How many bins each dimension has.
        bins: Vec<usize>,
    },
    /// Elements by their value: integers from 0 to below this.
    Values {
        /// How many counts.
        length: usize,
    },
    /// Elements that are not 0.
    Nonzero,
}

impl Count {
    /// NumPy's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bins { .. } => "histogram",
            Self::Values { .. } => "bincount",
            Self::Nonzero => "count_nonzero",
        }
    }

    /// How many counts a block has.
    pub fn length(&self) -> usize {
        match self {
            Self::Bins { bins } => bins.iter().fold(1, |all, &bins| all.saturating_mul(bins)),
            Self::Values { length } => *length,
            Self::Nonzero => 1,
        }
    }

    /// How many chunks of elements are counted together (the coordinates of points).
    pub fn coordinates(&self) -> usize {
        match self {
            Self::Bins { bins } => bins.len(),
            Self::Values { .. } | Self::Nonzero => 1,
        }
    }

    /// The counts of a block: of its elements (one chunk for each coordinate), weighted where there are weights
    /// (then `float64`, else `int64`). `edges` are those of each dimension's bins, ascending.
    ///
    /// # Errors
    /// [`Error::Shape`] if the chunks do not fit; [`Error::Value`] for a negative or too large value to count.
    pub fn apply(&self, elements: &[&Chunk], weights: Option<&Chunk>, edges: &[&Chunk]) -> Result<Chunk> {
        let counted = elements.first().map_or(0, |first| first.len());
        if elements.len() != self.coordinates()
            || elements.iter().copied().chain(weights).any(|chunk| chunk.len() != counted)
        {
            return Err(Error::shape("the coordinates and weights of what is counted differ in length"));
        }
        let places = match self {
            Self::Bins { bins } => places(elements, edges, bins)?,
            Self::Values { length } => values(elements[0], *length)?,
            Self::Nonzero => {
                let flags = elements[0].cast(DType::Bool);
                let count = flags.values::<bool>()?.iter().filter(|&&flag| flag).count();
                return Ok(Chunk::vector(vec![count as i64]));
            }
        };
        match weights {
            None => {
                let mut counts = vec![0_i64; self.length()];
                places.into_iter().flatten().for_each(|at| counts[at] += 1);
                Ok(Chunk::vector(counts))
            }
            Some(weights) => {
                let weights = weights.cast(DType::Float64);
                let mut sums = vec![0.0_f64; self.length()];
                for (at, weight) in places.into_iter().zip(weights.values::<f64>()?) {
                    if let Some(at) = at {
                        sums[at] += weight;
                    }
                }
                Ok(Chunk::vector(sums))
            }
        }
    }
}

/// The bin of each point, if it is in one.
fn places(elements: &[&Chunk], edges: &[&Chunk], bins: &[usize]) -> Result<Vec<Option<usize>>> {
    if edges.len() != bins.len() || edges.iter().zip(bins).any(|(edges, bins)| edges.len() != bins + 1) {
        return Err(Error::shape(format!("{bins:?} bins have {} lists of edges", edges.len())));
    }
    let mut places: Vec<Option<usize>> = vec![Some(0); elements[0].len()];
    for ((elements, edges), &bins) in elements.iter().zip(edges).zip(bins) {
        let (elements, edges) = (elements.cast(DType::Float64), edges.cast(DType::Float64));
        let edges = edges.values::<f64>()?;
        let last = edges[bins];
        for (place, &value) in places.iter_mut().zip(elements.values::<f64>()?) {
            let bin = match edges.partition_point(|&edge| edge <= value) {
                _ if value.is_nan() => None,
                0 => None,
                at if at <= bins => Some(at - 1),
                _ => (value == last).then_some(bins.saturating_sub(1)),
            };
            *place = match (*place, bin) {
                (Some(before), Some(bin)) => Some(before * bins + bin),
                _ => None,
            };
        }
    }
    Ok(places)
}

fn values(elements: &Chunk, length: usize) -> Result<Vec<Option<usize>>> {
    if !elements.dtype().is_integer() && elements.dtype() != DType::Bool {
        return Err(Error::dtype("bincount", &[elements.dtype()]));
    }
    let elements = elements.cast(DType::Int64);
    let place = |&value: &i64| {
        let place = usize::try_from(value).ok().filter(|&place| place < length);
        place.map(Some).ok_or_else(|| Error::value(format!("bincount of {value}, with counts for 0 to below {length}")))
    };
    elements.values::<i64>()?.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_its_lower_edge_and_the_last_one_both() {
        let a = Chunk::vector(vec![0.0, 0.5, 1.0, 2.0, 2.1, f64::NAN, -0.1]);
        let edges = Chunk::vector(vec![0.0, 1.0, 2.0]);
        let bins = Count::Bins { bins: vec![2] };
        assert_eq!(bins.apply(&[&a], None, &[&edges]).unwrap().values::<i64>().unwrap(), &[2, 2]);
        let weights = Chunk::vector(vec![1_i64, 2, 3, 4, 5, 6, 7]);
        assert_eq!(bins.apply(&[&a], Some(&weights), &[&edges]).unwrap().values::<f64>().unwrap(), &[3.0, 7.0]);
        let plane = Count::Bins { bins: vec![2, 1] };
        let other = Chunk::vector(vec![0.0; 7]);
        let ends = Chunk::vector(vec![-1.0, 0.0]);
        assert_eq!(plane.apply(&[&a, &other], None, &[&edges, &ends]).unwrap().values::<i64>().unwrap(), &[2, 2]);
    }

    #[test]
    fn values_are_counted_or_refused() {
        let a = Chunk::vector(vec![0_i32, 2, 2]);
        assert_eq!(
            Count::Values { length: 4 }.apply(&[&a], None, &[]).unwrap().values::<i64>().unwrap(),
            &[1, 0, 2, 0]
        );
        assert!(Count::Values { length: 2 }.apply(&[&a], None, &[]).is_err());
        assert!(Count::Values { length: 2 }.apply(&[&Chunk::scalar(0.5)], None, &[]).is_err());
        let b = Chunk::vector(vec![0.0, -1.0, f64::NAN]);
        assert_eq!(Count::Nonzero.apply(&[&b], None, &[]).unwrap().item::<i64>(), Ok(2));
    }
}
