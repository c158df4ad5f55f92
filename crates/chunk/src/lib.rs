//! One block of an array, and what can be computed with it: the lowest level of Phalanx.
//!
//! A [`Chunk`] is a small dense array in C order. Everything a cluster does with arrays ends here, in a function
//! from chunks to chunks that runs on one thread and whose bits depend on its arguments alone: not on threads, on
//! the length of a slice, on where memory was allocated. (The one machine property that may show is the CPU's SIMD
//! level, and only in [`linalg`].)
//!
//! What this crate never does: it knows no plan, no file, no network, no thread and no `async`; it does not
//! broadcast on its own (the array level decides shapes), and it never guesses: shapes, axes and dtypes that do not
//! fit are errors with their numbers.
//!
//! | module | what it holds |
//! |---|---|
//! | [`dtype`] | the thirteen element types and NumPy's promotion |
//! | [`span`] | start, length, step on one axis |
//! | [`chunk`] | the block itself: build, read, cast, reshape, hash |
//! | [`layout`] | regions, assembling, transposing, broadcasting, gathering |
//! | [`ufunc`] | elementwise functions with NumPy's semantics |
//! | [`reduce`] | reductions as partial states that merge in a fixed order |
//! | [`lines`] | functions of whole lines: sorting, selecting, quantiles, running sums |
//! | [`search`], [`bins`] | looking up in a sorted table; counting by bins and values |
//! | [`place`] | picking and overwriting elements by lists of indices |
//! | [`linalg`] | products, decompositions and solves, on faer |
//! | [`fft`] | Fourier transforms along an axis, on rustfft |
//! | [`random`] | counter-based random numbers: a value depends on seed, stream and position alone |
//! | [`simd`] | loops with the widest vector instructions of the processor |
//! | [`wire`] | to and from Arrow buffers |
//!
//! ```
//! use phalanx_chunk::{Chunk, reduce::{Place, Reduction}, ufunc::Binary};
//!
//! # fn main() -> phalanx_chunk::Result<()> {
//! let a = Chunk::new(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
//! let b = Binary::Multiply.apply(&a, &Chunk::scalar(10.0))?;
//! let partial = Reduction::Sum.partial(&b, &[0], &Place::whole(&b))?;
//! let sums = Reduction::Sum.finish(partial)?;
//! assert_eq!(sums.shape(), &[1, 3]); // reduced axes stay, with length 1
//! assert_eq!(sums.values::<f64>()?, &[50.0, 70.0, 90.0]);
//! # Ok(())
//! # }
//! ```

pub mod bins;
mod cast;
pub mod chunk;
pub mod dtype;
pub mod error;
pub mod fft;
pub mod layout;
pub mod linalg;
pub mod lines;
mod memory;
#[cfg(test)]
mod oracle;
mod order;
pub mod place;
pub mod random;
pub mod reduce;
pub mod search;
pub mod shape;
pub mod simd;
pub mod span;
pub mod ufunc;
mod values;
pub mod wire;

pub use chunk::Chunk;
pub use dtype::{DType, Element, Kind};
pub use error::{Error, Result};
pub use num_complex::{Complex32, Complex64};
pub use span::Span;
