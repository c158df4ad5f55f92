//! Elements by lists of indices: picked from a chunk, or written over its own.
//!
//! Both move bytes and do not look at them, so every dtype is served by the same code.

use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::shape::{element_count, strides};
use crate::wire;

impl Chunk {
    /// The elements number `places` in C order, under another shape.
    ///
    /// # Errors
    /// [`Error::Shape`] for a place out of range, or if the places do not fill the shape.
    pub fn pick(&self, places: &[usize], shape: &[usize]) -> Result<Chunk> {
        self.reshape(&[self.len()])?.gather(0, places)?.reshape(shape)
    }

    /// This chunk with `piece` written over the elements whose index on each axis is in that axis' list of `places`
    /// (the outer product of the lists, as `numpy.ix_` has it). A place named twice keeps what comes last.
    ///
    /// # Errors
    /// [`Error::Shape`] if the piece has not the shape of the places, or a place is out of range;
    /// [`Error::DType`] if the dtypes differ.
    ///
    /// ```
    /// use phalanx_chunk::{Chunk, DType};
    /// # fn main() -> phalanx_chunk::Result<()> {
    /// let a = Chunk::zeros(DType::Int64, &[2, 3])?;
    /// let b = a.overwrite(&[vec![1], vec![0, 2]], &Chunk::new(&[1, 2], vec![7_i64, 8])?)?;
    /// assert_eq!(b.values::<i64>()?, &[0, 0, 0, 7, 0, 8]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn overwrite(&self, places: &[Vec<usize>], piece: &Chunk) -> Result<Chunk> {
        let expected: Vec<usize> = places.iter().map(Vec::len).collect();
        if places.len() != self.ndim() || piece.shape() != expected {
            return Err(Error::shape(format!(
                "a piece of shape {:?} does not fit places of shape {expected:?} in shape {:?}",
                piece.shape(),
                self.shape()
            )));
        }
        if piece.dtype() != self.dtype() {
            return Err(Error::dtype("writing over elements", &[self.dtype(), piece.dtype()]));
        }
        for (axis, (list, &length)) in places.iter().zip(self.shape()).enumerate() {
            if let Some(index) = list.iter().find(|&&index| index >= length) {
                return Err(Error::shape(format!("index {index} leaves axis {axis} of length {length}")));
            }
        }
        if element_count(&expected)? == 0 {
            return Ok(self.clone());
        }
        let size = self.dtype().itemsize();
        let strides = strides(self.shape());
        let mut bytes = self.bytes().to_vec();
        let (inner, outer) = match places.split_last() {
            Some((inner, outer)) => (inner.clone(), outer),
            None => (vec![0], places),
        };
        let mut source = piece.bytes().chunks_exact(size);
        // Row by row of the piece, in C order.
        let rows: usize = outer.iter().map(Vec::len).product();
        for row in 0..rows {
            let mut rest = row;
            let mut base = 0;
            for (list, stride) in outer.iter().zip(&strides).rev() {
                base += list[rest % list.len()] * stride;
                rest /= list.len();
            }
            for &index in &inner {
                let at = (base + index) * size;
                if let Some(element) = source.next() {
                    bytes[at..at + size].copy_from_slice(element);
                }
            }
        }
        wire::from_buffer(bytes.into(), self.dtype(), self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    #[test]
    fn places_are_written_and_checked() {
        let a = Chunk::scalar(1_i32).overwrite(&[], &Chunk::scalar(2_i32)).unwrap();
        assert_eq!(a.item::<i32>(), Ok(2));
        let b = Chunk::zeros(DType::Float32, &[3]).unwrap();
        let twice = b.overwrite(&[vec![1, 1]], &Chunk::vector(vec![5.0_f32, 6.0])).unwrap();
        assert_eq!(twice.values::<f32>().unwrap(), &[0.0, 6.0, 0.0]);
        assert!(b.overwrite(&[vec![3]], &Chunk::vector(vec![5.0_f32])).is_err());
        assert!(b.overwrite(&[vec![0]], &Chunk::vector(vec![5.0])).is_err());
        assert!(b.overwrite(&[vec![0]], &Chunk::scalar(5.0_f32)).is_err());
    }

    #[test]
    fn elements_are_picked() {
        let a = Chunk::new(&[2, 2], vec![true, false, false, true]).unwrap();
        assert_eq!(a.pick(&[3, 1, 0], &[3]).unwrap().values::<bool>().unwrap(), &[true, false, true]);
        assert!(a.pick(&[4], &[1]).is_err());
    }
}
