//! Lazy chunked arrays with NumPy's API.
//!
//! An [`Array`] is an expression over chunks: random numbers, constants, the client's or persisted data, and whatever
//! is computed from them. Nothing runs until [`Array::compute`] or [`Array::persist`] hands a physical plan to an
//! [`Engine`](phalanx_engine::Engine), and the same plan gives the same bits on each.
//!
//! The idea is *region pull*: every node can say which regions of its inputs a region of itself needs, and compute it
//! from them. Slicing, transposing, broadcasting, reshaping, elementwise functions and random numbers are so evaluated
//! only where they are needed, without rewrite rules; where pulling would repeat work, the expression is cut into
//! stages that exchange exactly the regions that are used.
//!
//! What this crate does not do: it runs nothing itself, starts no thread, opens no file, and computes no element
//! outside of [`phalanx_chunk`].
//!
//! | module | what it is |
//! |---|---|
//! | [`array`], [`construct`], [`ops`], [`reductions`], [`linalg`], [`fft`], [`random`] | the API, by what NumPy calls it |
//! | [`indexing`], [`taking`], [`masks`] | elements by an index as NumPy writes it, by their numbers, where a mask is true |
//! | [`replacing`], [`choosing`] | elements replaced, chosen from several arrays |
//! | [`views`], [`manipulate`], [`diagonals`], [`joining`], [`padding`], [`creation`] | order, shape, several arrays |
//! | [`scans`], [`sorting`], [`sets`], [`counting`] | running sums, order, different elements, histograms |
//! | [`rechunking`], [`blockwise`] | chunks by axis and bytes; functions of the caller's language over blocks |
//! | `deferred` | arrays whose shape depends on data |
//! | [`chunks`], [`index`], [`shape`] | how the caller says chunks, slices, shapes and axes |
//! | `expr`, `node` | expressions; one kind of node a file, with what it needs and how it computes |
//! | `lower`, `physical` | expression → stages → DataFusion plan |
//! | `operator`, `pull`, `rows` | what runs inside of a task: evaluate by pulling, cut, and chunks as rows |
//! | [`rowwise`] | matrices as streams of chunks of rows, for crates with operators over rows |
//! | [`compute`](mod@compute), [`explain`] | running on an engine; showing what would run |
//!
//! ```
//! use phalanx_array::{random::Generator, s};
//! use phalanx_engine::{LocalEngine, Settings};
//! let engine = LocalEngine::new(Settings::default())?;
//! let x = Generator::new(0).random((10_000, 10, 10_000), 1000);
//! let (u, s, vt) = x.reshape((10_000, 100_000)).t().slice(s![..10, ..1000]).svd();
//! let evaluation = phalanx_array::evaluate(&engine, &[&u, &s, &vt])?;
//! assert_eq!(evaluation.evaluated, 10_000); // of 10⁹
//! # Ok::<(), phalanx_engine::Error>(())
//! ```

pub mod array;
pub mod blockwise;
pub mod choosing;
pub mod chunks;
pub mod compute;
pub mod construct;
pub mod counting;
pub mod creation;
mod deferred;
pub mod diagonals;
mod error;
pub mod explain;
mod expr;
pub mod fft;
pub mod index;
pub mod indexing;
pub mod joining;
pub mod linalg;
mod lower;
pub mod manipulate;
pub mod masks;
mod node;
mod operator;
pub mod ops;
pub mod padding;
mod physical;
mod pull;
pub mod random;
pub mod rechunking;
pub mod reductions;
pub mod replacing;
mod rows;
pub mod rowwise;
pub mod scans;
pub mod sets;
pub mod shape;
pub mod sorting;
pub mod taking;
pub mod views;

pub use array::Array;
pub use choosing::{argwhere, choose, flatnonzero, nonzero, select};
pub use chunks::{Auto, ChunkSpec, Chunks, Region};
pub use compute::{Evaluation, compute, evaluate, evaluate_async};
pub use index::Index;
pub use indexing::Key;
pub use joining::{append, atleast, block, broadcast_arrays, concatenate, dstack, hstack, meshgrid, stack, vstack};
pub use node::source::Number;
pub use ops::{Operand, Replacement, Scalar, Side, Tolerance, binary, operands};
pub use padding::PadMode;
pub use rechunking::{AxisChunks, unify_chunks};
pub use reductions::KeepDimensions;
pub use shape::{AllAxes, INFER, IntoAxes, IntoShape, lengths_from};
