//! Start, length and step on one axis.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The indices `start + k * step` for `k < len` on one axis. `step` is not zero; a negative one walks backwards.
///
/// ```
/// use phalanx_chunk::Span;
/// let reversed = Span::new(9, 10, -1); // NumPy's [::-1] on an axis of ten
/// assert_eq!(reversed.indices().collect::<Vec<_>>(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first index.
    pub start: usize,
    /// How many indices.
    pub len: usize,
    /// From one index to the next; never zero.
    pub step: isize,
}

impl Span {
    /// The span of `len` indices from `start`, `step` apart. Nothing is checked here: [`Span::check`] does, against
    /// the axis.
    pub const fn new(start: usize, len: usize, step: isize) -> Span {
        Span { start, len, step }
    }

    /// Every index of an axis of length `n`.
    pub const fn all(n: usize) -> Span {
        Span { start: 0, len: n, step: 1 }
    }

    /// `len` consecutive indices from `start`.
    pub const fn range(start: usize, len: usize) -> Span {
        Span { start, len, step: 1 }
    }

    /// Whether the span has no index.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the indices are consecutive and ascend (spans of at most one index are).
    pub const fn is_contiguous(&self) -> bool {
        self.len <= 1 || self.step == 1
    }

    /// Whether the span is the whole of an axis of length `n`, in order.
    pub const fn is_all(&self, n: usize) -> bool {
        self.len == n && (n == 0 || (self.start == 0 && self.is_contiguous()))
    }

    /// The `k`-th index, or `None` if `k >= len` or the index does not fit.
    pub fn index(&self, k: usize) -> Option<usize> {
        if k >= self.len {
            return None;
        }
        self.start.checked_add_signed(self.step.checked_mul(isize::try_from(k).ok()?)?)
    }

    /// All indices in order. Wraps around on overflow, so [`Span::check`] a span that is not yet trusted.
    pub fn indices(self) -> impl ExactSizeIterator<Item = usize> + Clone {
        // A negative step is added as its two's complement.
        (0..self.len).map(move |k| self.start.wrapping_add(self.step.cast_unsigned().wrapping_mul(k)))
    }

    /// The smallest and the largest index, or `None` if the span is empty (or does not fit).
    pub fn bounds(&self) -> Option<(usize, usize)> {
        let last = self.index(self.len.checked_sub(1)?)?;
        Some((self.start.min(last), self.start.max(last)))
    }

    /// Checks that every index is below `n`.
    ///
    /// # Errors
    /// [`Error::Value`] for a step of zero, [`Error::Shape`] for an index out of range.
    pub fn check(&self, n: usize) -> Result<()> {
        if self.step == 0 {
            return Err(Error::value("a span's step is 0: it must be positive or negative"));
        }
        if self.len == 0 {
            return Ok(());
        }
        match self.bounds() {
            Some((_, high)) if high < n => Ok(()),
            _ => Err(Error::shape(format!(
                "span of {} indices from {} by {} leaves an axis of length {n}",
                self.len, self.start, self.step
            ))),
        }
    }

    /// The span `inner` of the span `outer`: index `k` is `outer`'s index number `inner.index(k)`.
    ///
    /// Steps of spans with at most one index are normalised to 1, so that equal spans compare equal.
    ///
    /// # Errors
    /// [`Error::Shape`] if `inner` leaves `outer`; [`Error::Overflow`] if the step does not fit.
    ///
    /// ```
    /// use phalanx_chunk::Span;
    /// let every_second = Span::new(1, 5, 2); // 1 3 5 7 9
    /// let backwards = Span::new(4, 5, -1);
    /// assert_eq!(Span::compose(every_second, backwards), Ok(Span::new(9, 5, -2)));
    /// ```
    pub fn compose(outer: Span, inner: Span) -> Result<Span> {
        inner.check(outer.len)?;
        if inner.len == 0 {
            return Ok(Span { start: outer.start, len: 0, step: 1 });
        }
        let overflow = || Error::overflow(format!("the span {inner:?} of the span {outer:?}"));
        let start = outer.index(inner.start).ok_or_else(overflow)?;
        let step = if inner.len == 1 { 1 } else { outer.step.checked_mul(inner.step).ok_or_else(overflow)? };
        Ok(Span { start, len: inner.len, step })
    }
}

/// The lengths of a region's spans: the shape of what the region cuts out.
pub fn lengths(region: &[Span]) -> Vec<usize> {
    region.iter().map(|s| s.len).collect()
}

/// The region that is all of an array of this shape.
pub fn whole(shape: &[usize]) -> Vec<Span> {
    shape.iter().map(|&n| Span::all(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_is_indexing_twice() {
        for outer in [Span::new(3, 7, 2), Span::new(20, 7, -3), Span::all(7)] {
            for inner in [Span::new(0, 7, 1), Span::new(6, 7, -1), Span::new(1, 3, 2), Span::new(5, 1, -9)] {
                let both = Span::compose(outer, inner).unwrap();
                let expected: Vec<usize> = inner.indices().map(|k| outer.index(k).unwrap()).collect();
                assert_eq!(both.indices().collect::<Vec<_>>(), expected, "{outer:?} {inner:?}");
            }
        }
    }

    #[test]
    fn spans_that_leave_the_axis_are_refused() {
        assert!(Span::new(0, 10, 1).check(10).is_ok());
        assert!(Span::new(9, 10, -1).check(10).is_ok());
        assert!(Span::new(1, 10, 1).check(10).is_err());
        assert!(Span::new(8, 10, -1).check(10).is_err());
        assert!(Span::new(0, 2, 0).check(10).is_err());
        assert!(Span::new(0, usize::MAX, isize::MAX).check(10).is_err());
        assert!(Span::new(99, 0, 1).check(10).is_ok());
        assert!(Span::compose(Span::all(3), Span::new(2, 2, 1)).is_err());
    }
}
