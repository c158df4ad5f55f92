//! Choosing between two values.

use super::binary::common_shape;
use super::operand::Operand;
use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::shape::element_count;

/// `condition ? a : b` for each element, in the common dtype of `a` and `b`; anything but zero is true.
///
/// The three are of one shape, or have a single element. Cost: one pass.
///
/// # Errors
/// [`Error::Shape`] for other shapes.
///
/// ```
/// use phalanx_chunk::{Chunk, ufunc::where_};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let chosen = where_(&Chunk::vector(vec![true, false]), &Chunk::vector(vec![1i64, 2]), &Chunk::scalar(0.5))?;
/// assert_eq!(chosen.values::<f64>()?, &[1.0, 0.5]);
/// # Ok(())
/// # }
/// ```
pub fn where_(condition: &Chunk, a: &Chunk, b: &Chunk) -> Result<Chunk> {
    let dtype = DType::promote(a.dtype(), b.dtype());
    let shape = common_shape("where", &[condition, a, b])?;
    let len = element_count(&shape)?;
    let condition = condition.cast(DType::Bool);
    let condition = Operand::of(condition.bytes(), len);
    let (a, b) = (a.cast(dtype), b.cast(dtype));
    macro_rules! select {
        ($($variant:ident),*) => {
            match (a.data(), b.data()) {
                $((Data::$variant(a), Data::$variant(b)) => {
                    Data::$variant(select(condition, Operand::of(a, len), Operand::of(b, len), len).into())
                })*
                _ => return Err(Error::dtype("where", &[a.dtype(), b.dtype()])),
            }
        };
    }
    let data = select!(
        Bool, Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float32, Float64, Complex64, Complex128
    );
    Ok(Chunk::from_data(&shape, data))
}

fn select<T: Copy>(condition: Operand<'_, u8>, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Vec<T> {
    let at = |side: Operand<'_, T>, i: usize| match side {
        Operand::Values(values) => values[i],
        Operand::Scalar(value) => value,
    };
    match condition {
        Operand::Scalar(condition) => {
            let side = if condition != 0 { a } else { b };
            (0..len).map(|i| at(side, i)).collect()
        }
        Operand::Values(condition) => match (a, b) {
            (Operand::Values(a), Operand::Values(b)) => {
                condition.iter().zip(a.iter().zip(b)).map(|(&c, (&a, &b))| if c != 0 { a } else { b }).collect()
            }
            (Operand::Values(a), Operand::Scalar(b)) => {
                condition.iter().zip(a).map(|(&c, &a)| if c != 0 { a } else { b }).collect()
            }
            (Operand::Scalar(a), Operand::Values(b)) => {
                condition.iter().zip(b).map(|(&c, &b)| if c != 0 { a } else { b }).collect()
            }
            (Operand::Scalar(a), Operand::Scalar(b)) => condition.iter().map(|&c| if c != 0 { a } else { b }).collect(),
        },
    }
}
