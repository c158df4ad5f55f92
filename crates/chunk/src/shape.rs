//! Arithmetic on shapes that cannot overflow silently.

use crate::error::{Error, Result};

/// The number of elements of a shape.
///
/// # Errors
/// [`Error::Overflow`] if it (or its bytes, eight per element) does not fit into 63 bits, also when one of the other
/// factors is zero, as NumPy has it.
pub fn element_count(shape: &[usize]) -> Result<usize> {
    let limit = usize::MAX / 16;
    let overflow = || Error::overflow(format!("the number of elements of shape {shape:?}"));
    let nonzero = shape.iter().filter(|&&n| n != 0).try_fold(1usize, |a, &n| a.checked_mul(n));
    match nonzero {
        Some(count) if count <= limit => Ok(if shape.contains(&0) { 0 } else { count }),
        _ => Err(overflow()),
    }
}

/// The C-order strides of a shape, in elements. The shape must have passed [`element_count`].
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    strides
}

/// The shape to which both shapes broadcast by NumPy's rule.
///
/// # Errors
/// [`Error::Shape`] if they do not.
///
/// ```
/// use phalanx_chunk::shape::broadcast;
/// assert_eq!(broadcast(&[4, 1], &[3]), Ok(vec![4, 3]));
/// assert!(broadcast(&[4], &[3]).is_err());
/// ```
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let ndim = a.len().max(b.len());
    let length = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(ndim).map_or(1, |i| shape[i]);
    (0..ndim)
        .map(|axis| match (length(a, axis), length(b, axis)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(Error::shape(format!("operands could not be broadcast together with shapes {a:?} {b:?}"))),
        })
        .collect()
}

/// Checks that `axes` are below `ndim` and differ.
///
/// # Errors
/// [`Error::Axis`] with the first that is not.
pub fn check_axes(axes: &[usize], ndim: usize) -> Result<()> {
    for (i, &axis) in axes.iter().enumerate() {
        if axis >= ndim || axes[..i].contains(&axis) {
            return Err(Error::Axis { axis, ndim });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_checked() {
        assert_eq!(element_count(&[]), Ok(1));
        assert_eq!(element_count(&[2, 0, 3]), Ok(0));
        assert!(element_count(&[1 << 40, 1 << 40]).is_err());
        assert!(element_count(&[0, 1 << 40, 1 << 40]).is_err());
        assert!(element_count(&[usize::MAX]).is_err());
    }

    #[test]
    fn axes_are_checked() {
        assert!(check_axes(&[1, 0], 2).is_ok());
        assert_eq!(check_axes(&[0, 0], 2), Err(Error::Axis { axis: 0, ndim: 2 }));
        assert_eq!(check_axes(&[2], 2), Err(Error::Axis { axis: 2, ndim: 2 }));
    }
}
