//! Shapes and axes as the caller gives them.

use phalanx_engine::{Error, Result};

/// What names a shape: a number, a tuple, an array, a slice or a vector of lengths.
pub trait IntoShape {
    /// The lengths of the axes.
    fn into_shape(self) -> Vec<usize>;
}

macro_rules! into_shape {
    ($($type:ty, $value:ident => $shape:expr;)*) => {
        $(impl IntoShape for $type {
            fn into_shape(self) -> Vec<usize> {
                let $value = self;
                $shape
            }
        })*
    };
}

into_shape! {
    usize, length => vec![length];
    (), _none => vec![];
    (usize,), shape => vec![shape.0];
    (usize, usize), shape => vec![shape.0, shape.1];
    (usize, usize, usize), shape => vec![shape.0, shape.1, shape.2];
    (usize, usize, usize, usize), shape => vec![shape.0, shape.1, shape.2, shape.3];
    Vec<usize>, shape => shape;
    &[usize], shape => shape.to_vec();
    &Vec<usize>, shape => shape.clone();
}

impl<const N: usize> IntoShape for [usize; N] {
    fn into_shape(self) -> Vec<usize> {
        self.to_vec()
    }
}

impl<const N: usize> IntoShape for &[usize; N] {
    fn into_shape(self) -> Vec<usize> {
        self.to_vec()
    }
}

/// A length that `reshape` is to find out, NumPy's `-1`.
pub const INFER: usize = usize::MAX;

/// Lengths that come as signed numbers (from a command line or from Python).
///
/// # Errors
/// `Input` for a negative one.
pub fn lengths_from(lengths: &[i64]) -> Result<Vec<usize>> {
    let length = |&length: &i64| {
        usize::try_from(length).map_err(|_| {
            Error::input(format!("the shape {lengths:?} has a negative length, {length}"))
                .with_hint("lengths are 0 or more")
        })
    };
    lengths.iter().map(length).collect()
}

/// Axes that the caller names, counted from the end where negative: one, several, or all.
pub trait IntoAxes {
    /// `None` for all axes.
    fn into_axes(self) -> Option<Vec<isize>>;
}

/// Every axis, NumPy's `axis=None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllAxes;

impl IntoAxes for AllAxes {
    fn into_axes(self) -> Option<Vec<isize>> {
        None
    }
}

impl IntoAxes for isize {
    fn into_axes(self) -> Option<Vec<isize>> {
        Some(vec![self])
    }
}

impl IntoAxes for &[isize] {
    fn into_axes(self) -> Option<Vec<isize>> {
        Some(self.to_vec())
    }
}

impl<const N: usize> IntoAxes for [isize; N] {
    fn into_axes(self) -> Option<Vec<isize>> {
        Some(self.to_vec())
    }
}

impl IntoAxes for Option<Vec<isize>> {
    fn into_axes(self) -> Option<Vec<isize>> {
        self
    }
}

/// The axis `axis` of an array of `ndim` axes.
pub(crate) fn axis_of(axis: isize, ndim: usize) -> Result<usize> {
    let counted = if axis < 0 { ndim.checked_add_signed(axis) } else { Some(axis.unsigned_abs()) };
    counted.filter(|&axis| axis < ndim).ok_or_else(|| {
        let hint = match ndim {
            0 => String::from("the array has no axis"),
            _ => format!("name an axis from -{ndim} to {}", ndim - 1),
        };
        Error::input(format!("axis {axis} is out of range for an array of {ndim} dimension(s)")).with_hint(hint)
    })
}

/// The axes named by `axes`, ascending.
pub(crate) fn axes_of(axes: impl IntoAxes, ndim: usize) -> Result<Vec<usize>> {
    let Some(named) = axes.into_axes() else { return Ok((0..ndim).collect()) };
    let mut axes: Vec<usize> = named.iter().map(|&axis| axis_of(axis, ndim)).collect::<Result<_>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::input(format!("the axes {named:?} name one twice")).with_hint("name each axis once"));
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_count_from_both_ends_and_say_what_is_possible() {
        assert_eq!(axes_of([-1, 0], 3).unwrap(), [0, 2]);
        assert_eq!(axes_of(AllAxes, 2).unwrap(), [0, 1]);
        let error = axes_of(5, 2).unwrap_err();
        assert_eq!(error.hint(), Some("name an axis from -2 to 1"));
        assert!(axes_of([0, -2], 2).is_err());
        assert!(lengths_from(&[3, -1]).unwrap_err().message().contains("-1"));
    }
}
