//! Slices as NumPy writes them, by the macro [`s!`](crate::s).

use phalanx_chunk::Span;
use phalanx_engine::{Error, Result};
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// One part of an index expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Index {
    /// `start:stop:step`; negative borders count from the end.
    Slice {
        /// The first index; by default the end that the step comes from.
        start: Option<isize>,
        /// Where to stop, exclusive; by default everything.
        stop: Option<isize>,
        /// From one index to the next; not 0.
        step: isize,
    },
    /// One index; the axis goes.
    At(isize),
    /// A new axis of length 1.
    NewAxis,
    /// As many whole axes as are not named otherwise, NumPy's `...`.
    Rest,
}

impl Index {
    /// The same slice by this step.
    #[must_use]
    pub fn by(self, step: isize) -> Self {
        match self {
            Self::Slice { start, stop, .. } => Self::Slice { start, stop, step },
            other => other,
        }
    }
}

macro_rules! index_from {
    ($($type:ty, $value:ident => $start:expr, $stop:expr;)*) => {
        $(impl From<$type> for Index {
            fn from($value: $type) -> Self {
                Self::Slice { start: $start, stop: $stop, step: 1 }
            }
        })*
    };
}

index_from! {
    RangeFull, _all => None, None;
    Range<isize>, range => Some(range.start), Some(range.end);
    RangeFrom<isize>, range => Some(range.start), None;
    RangeTo<isize>, range => None, Some(range.end);
    RangeInclusive<isize>, range => Some(*range.start()), after(*range.end());
    RangeToInclusive<isize>, range => None, after(range.end);
}

/// The exclusive border of an inclusive one; after the last index, -1, comes the end.
fn after(end: isize) -> Option<isize> {
    if end == -1 { None } else { end.checked_add(1) }
}

impl From<isize> for Index {
    fn from(index: isize) -> Self {
        Self::At(index)
    }
}

/// An index expression: ranges (`..10`, `2..-1`, `..;2` by a step, `..;-1` backwards), single indices,
/// `Index::NewAxis`, `Index::Rest`.
///
/// ```
/// use phalanx_array::{Array, s};
/// let x = Array::arange(0, 24, 1, 8).reshape((4, 6));
/// assert_eq!(x.slice(s![1.., ..;2]).shape()?, [3, 3]);
/// assert_eq!(x.slice(s![..;-1, -1]).shape()?, [4]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@parts [$($done:expr,)*] $range:expr; $step:expr, $($rest:tt)+) => {
        $crate::s!(@parts [$($done,)* $crate::Index::from($range).by($step),] $($rest)+)
    };
    (@parts [$($done:expr,)*] $range:expr; $step:expr $(,)?) => {
        [$($done,)* $crate::Index::from($range).by($step)]
    };
    (@parts [$($done:expr,)*] $range:expr, $($rest:tt)+) => {
        $crate::s!(@parts [$($done,)* $crate::Index::from($range),] $($rest)+)
    };
    (@parts [$($done:expr,)*] $range:expr $(,)?) => {
        [$($done,)* $crate::Index::from($range)]
    };
    ($($parts:tt)+) => { $crate::s!(@parts [] $($parts)+) };
}

/// An index expression applied to a shape: a span for each axis, and which axes of the result are which.
pub(crate) struct Indexed {
    /// One for each axis of the input.
    pub spans: Vec<Span>,
    /// For each axis of the result the input's axis; `None` for a new axis.
    pub axes: Vec<Option<usize>>,
}

pub(crate) fn index(shape: &[usize], parts: &[Index]) -> Result<Indexed> {
    let named = parts.iter().filter(|part| matches!(part, Index::Slice { .. } | Index::At(_))).count();
    let rests = parts.iter().filter(|part| **part == Index::Rest).count();
    let whole = shape.len().checked_sub(named).filter(|_| rests <= 1).ok_or_else(|| {
        let message = if rests > 1 {
            format!("an index can only have a single ellipsis ('...'), and {rests} were given")
        } else {
            format!("too many indices for array: array is {}-dimensional, but {named} were indexed", shape.len())
        };
        Error::input(message).with_hint("give at most one index for each axis, and at most one `...`")
    })?;
    let mut indexed = Indexed { spans: vec![], axes: vec![] };
    let all = |indexed: &mut Indexed, count: usize| {
        for _ in 0..count {
            let axis = indexed.spans.len();
            indexed.spans.push(Span::all(shape[axis]));
            indexed.axes.push(Some(axis));
        }
    };
    for part in parts {
        let axis = indexed.spans.len();
        match *part {
            Index::NewAxis => indexed.axes.push(None),
            Index::Rest => all(&mut indexed, whole),
            Index::At(at) => indexed.spans.push(Span::range(position(at, axis, shape)?, 1)),
            Index::Slice { start, stop, step } => {
                indexed.spans.push(slice(start, stop, step, shape[axis])?);
                indexed.axes.push(Some(axis));
            }
        }
    }
    let missing = shape.len() - indexed.spans.len();
    all(&mut indexed, missing);
    Ok(indexed)
}

fn position(at: isize, axis: usize, shape: &[usize]) -> Result<usize> {
    let length = shape[axis];
    let index = if at < 0 { length.checked_add_signed(at) } else { Some(at.unsigned_abs()) };
    index.filter(|&index| index < length).ok_or_else(|| {
        Error::input(format!("index {at} is out of range for axis {axis} of shape {shape:?}"))
            .with_hint("indices count from 0, or from the end where negative; a range is clipped, an index is not")
    })
}

/// Python's `slice.indices`.
fn slice(start: Option<isize>, stop: Option<isize>, step: isize, length: usize) -> Result<Span> {
    if step == 0 {
        return Err(Error::input("the step of a slice is 0").with_hint("give a positive or a negative step"));
    }
    // Lengths of arrays are below 2⁶⁰, so these sums do not overflow.
    let length = length.cast_signed();
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let border = |border: isize| {
        let counted = if border < 0 { border.saturating_add(length) } else { border };
        counted.clamp(lowest, highest)
    };
    let start = start.map_or(if step > 0 { lowest } else { highest }, border);
    let stop = stop.map_or(if step > 0 { highest } else { lowest }, border);
    let distance = if step > 0 { stop - start } else { start - stop };
    if distance <= 0 {
        return Ok(Span::range(0, 0));
    }
    let len = distance.unsigned_abs().div_ceil(step.unsigned_abs());
    Ok(Span::new(start.unsigned_abs(), len, if len == 1 { 1 } else { step }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_those_of_python() {
        // list(range(10)[start:stop:step]) in Python.
        type Case<'a> = (Option<isize>, Option<isize>, isize, &'a [usize]);
        let cases: [Case<'_>; 9] = [
            (None, None, 3, &[0, 3, 6, 9]),
            (None, None, -3, &[9, 6, 3, 0]),
            (Some(-3), None, 1, &[7, 8, 9]),
            (Some(2), Some(-2), 2, &[2, 4, 6]),
            (Some(8), Some(2), -2, &[8, 6, 4]),
            (Some(20), Some(-20), -4, &[9, 5, 1]),
            (Some(5), Some(5), 1, &[]),
            (Some(-20), Some(3), 1, &[0, 1, 2]),
            (Some(7), Some(3), 1, &[]),
        ];
        for (start, stop, step, expected) in cases {
            let span = slice(start, stop, step, 10).unwrap();
            assert_eq!(span.indices().collect::<Vec<_>>(), expected, "{start:?}:{stop:?}:{step}");
        }
        assert!(slice(None, None, 0, 10).is_err());
    }

    #[test]
    fn the_macro_reads_ranges_steps_indices_and_axes() {
        let parts = s![..10, 2..;3, -1, Index::NewAxis, Index::Rest, 1..=2];
        assert_eq!(parts[1], Index::Slice { start: Some(2), stop: None, step: 3 });
        assert_eq!(parts[2], Index::At(-1));
        let indexed = index(&[20, 20, 20, 5, 6], &parts).unwrap();
        assert_eq!(indexed.axes, [Some(0), Some(1), None, Some(3), Some(4)]);
        assert_eq!(indexed.spans[4], Span::range(1, 2));
        assert!(index(&[2], &s![0, 0]).is_err());
        assert!(index(&[2], &s![2]).is_err());
    }
}
