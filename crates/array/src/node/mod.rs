//! The nodes of an expression: each can compute any region of itself from regions of its inputs.
//!
//! | file | nodes |
//! |---|---|
//! | `source` | random numbers, constants, ranges, embedded chunks: no input |
//! | `slot` | what an earlier stage, or persisted data, provides |
//! | `elementwise` | functions of one, two and three arrays, with broadcasting; casts |
//! | `view` | transposing, slicing, broadcasting, re-chunking |
//! | `reshape` | by flat index, general |
//! | `join` | concatenating, gathering |
//! | `lines`, `scan` | functions of whole lines along an axis; running sums over blocks |
//! | `pick`, `set` | elements at indices that are data; a copy with some replaced |
//! | `count`, `lookup` | counts of blocks; looking up in a sorted table |
//! | `host` | functions of the caller's own language, or of other crates, block by block |
//! | `reduce` | partial states of reductions, and their merge |
//! | `contract` | products of matrices |
//! | `factor`, `dense` | the parts of TSQR; linear algebra of matrices in one piece |
//! | `fourier` | Fourier transforms |
//! | `random` | random numbers with parameters, permutations, choices, counts |
//! | `fingerprint` | elements mixed with their positions, for checksums |

pub(crate) mod contract;
pub(crate) mod count;
pub(crate) mod dense;
pub(crate) mod elementwise;
pub(crate) mod factor;
pub(crate) mod fingerprint;
pub(crate) mod fourier;
pub(crate) mod host;
pub(crate) mod join;
pub(crate) mod lines;
pub(crate) mod lookup;
pub(crate) mod pick;
pub(crate) mod random;
pub(crate) mod reduce;
pub(crate) mod reshape;
pub(crate) mod scan;
pub(crate) mod set;
pub(crate) mod slot;
pub(crate) mod source;
pub(crate) mod view;

use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Debug;
use std::sync::Arc;

/// A region of an input that a node needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// Which input.
    pub input: usize,
    /// Which region of it.
    pub region: Region,
}

impl Need {
    pub(crate) fn new(input: usize, region: Region) -> Self {
        Self { input, region }
    }
}

/// How a node is best computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// In tiles of any size, at the same cost.
    Tiled,
    /// The region that a chunk needs at once: a part costs as much, or almost.
    Whole,
    /// Whole, but its input passes through in tiles (reductions).
    Folded,
}

/// Where lowering cuts an expression into stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// Cheap: computed wherever it is needed.
    Never,
    /// A stage of its own if its elements would be computed more than once.
    IfRepeated,
    /// Always a stage of its own, because its consumers need many of its chunks.
    Always,
}

/// One step of an expression.
///
/// Everything that is narrow follows from `needs`: pushing slices down, fusing and culling are what pulling does.
#[typetag::serde]
pub(crate) trait Node: Debug + Send + Sync {
    /// What `explain` calls it.
    fn name(&self) -> String;
    fn shape(&self) -> &[usize];
    fn dtype(&self) -> DType;
    /// The regions of the inputs that `out` needs. A part of `out` must not need more than `out` does.
    fn needs(&self, out: &[Span]) -> Vec<Need>;
    /// Computes `out` from those regions, in the order of `needs`.
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk>;
    fn work(&self) -> Work {
        Work::Tiled
    }
    fn boundary(&self) -> Boundary {
        Boundary::Never
    }
    /// Whether a part costs less than the chunk that it lies in.
    fn divisible(&self) -> bool {
        true
    }
    /// Whether its inputs become stages of their own when it would pull their elements again and again.
    fn pulls_again(&self) -> bool {
        false
    }
    /// Elements that computing `out` draws from a generator.
    fn generates(&self, _out: &[Span]) -> u64 {
        0
    }
    /// Memory that computing `out` takes beside inputs and output, in bytes.
    fn work_bytes(&self, _out: &[Span]) -> u64 {
        0
    }
    /// The node as a fold over tiles of its input.
    fn fold(&self) -> Option<&reduce::Partial> {
        None
    }
    /// The node as what a stage is given.
    fn slot(&self) -> Option<&slot::Slot> {
        None
    }
    /// The chunk inside, if the node is one.
    fn embedded(&self) -> Option<&Chunk> {
        None
    }
    /// Whether it only shows elements of its input at other places.
    fn is_view(&self) -> bool {
        false
    }
    /// Whether it is its input with the last two axes exchanged.
    fn is_mirror(&self) -> bool {
        false
    }
}

/// A node of a [`Table`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(serialize_with = "write_node", deserialize_with = "read_node")]
    pub node: Arc<dyn Node>,
    /// Entries before this one.
    pub inputs: Vec<usize>,
}

fn write_node<S: Serializer>(node: &Arc<dyn Node>, serializer: S) -> Result<S::Ok, S::Error> {
    node.as_ref().serialize(serializer)
}

fn read_node<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<dyn Node>, D::Error> {
    Ok(Box::<dyn Node>::deserialize(deserializer)?.into())
}

/// An expression as it travels: inputs come before those who use them, and the last entry is the result. Not nested
/// boxes: `y = y + y` fifty times would be 2⁵⁰ nodes, and a thousand operations would overflow the stack.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    pub entries: Vec<Entry>,
}

impl Table {
    pub(crate) fn root(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }
}

/// The number of elements of a region. Regions are parts of checked shapes, so it does not overflow.
pub(crate) fn count(region: &[Span]) -> usize {
    region.iter().map(|span| span.len).product()
}

/// The bytes of a region of `node`.
pub(crate) fn bytes(node: &dyn Node, region: &[Span]) -> u64 {
    (count(region) * node.dtype().itemsize()) as u64
}
