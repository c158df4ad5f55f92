//! Expressions as the client holds them: nodes that share their inputs.

use crate::chunks::Chunks;
use crate::node::Node;
use crate::node::slot::Slot;
use crate::node::source::Embedded;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::Persisted;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A node with its inputs and its chunks.
pub(crate) struct Expr {
    pub node: Arc<dyn Node>,
    pub inputs: Vec<Arc<Expr>>,
    pub chunks: Chunks,
    /// Where the chunks are, if the node is persisted data.
    pub stored: Option<Stored>,
    /// Whether it is a view of a generator: cheaper to make again than to send.
    pub cheap: bool,
}

/// Chunks that an engine keeps.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub persisted: Persisted,
    /// The partition of each chunk.
    pub partitions: Arc<[usize]>,
}

impl Expr {
    pub(crate) fn new(node: impl Node + 'static, inputs: Vec<Arc<Expr>>, chunks: Chunks) -> Arc<Self> {
        let node: Arc<dyn Node> = Arc::new(node);
        debug_assert_eq!(node.shape(), chunks.shape(), "{}", node.name());
        let cheap = (inputs.is_empty() || node.is_view()) && inputs.iter().all(|input| input.cheap);
        Arc::new(Self { node, inputs, chunks, stored: None, cheap })
    }

    pub(crate) fn embedded(chunk: Chunk) -> Arc<Self> {
        let chunks = Chunks::single(chunk.shape());
        Self::new(Embedded { chunk }, vec![], chunks)
    }

    pub(crate) fn stored(dtype: DType, chunks: Chunks, stored: Stored) -> Arc<Self> {
        let node = Slot { number: 0, dtype, shape: chunks.shape(), chunks: chunks.clone() };
        Arc::new(Self { node: Arc::new(node), inputs: vec![], chunks, stored: Some(stored), cheap: false })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        self.node.shape()
    }

    pub(crate) fn dtype(&self) -> DType {
        self.node.dtype()
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {} {}", self.node.name(), self.shape(), self.dtype(), self.chunks)
    }
}

impl Drop for Expr {
    /// Iterative: a chain of a hundred thousand operations would overflow the stack.
    fn drop(&mut self) {
        let mut orphans = std::mem::take(&mut self.inputs);
        while let Some(orphan) = orphans.pop() {
            if let Ok(mut last) = Arc::try_unwrap(orphan) {
                orphans.append(&mut last.inputs);
            }
        }
    }
}

/// The expressions under `roots`, each once, inputs before their users; with the place of each.
pub(crate) fn sorted(roots: &[Arc<Expr>]) -> (Vec<Arc<Expr>>, HashMap<*const Expr, usize>) {
    let mut order: Vec<Arc<Expr>> = vec![];
    let mut place: HashMap<*const Expr, usize> = HashMap::new();
    // (expression, the next of its inputs to visit)
    let mut stack: Vec<(&Arc<Expr>, usize)> = vec![];
    for root in roots {
        stack.push((root, 0));
        while let Some((expr, next)) = stack.pop() {
            if place.contains_key(&Arc::as_ptr(expr)) {
                continue;
            }
            match expr.inputs.get(next) {
                Some(input) => {
                    stack.push((expr, next + 1));
                    stack.push((input, 0));
                }
                None => {
                    place.insert(Arc::as_ptr(expr), order.len());
                    order.push(Arc::clone(expr));
                }
            }
        }
    }
    (order, place)
}

/// `roots` with `old` replaced by `new` wherever it is used.
pub(crate) fn substituted(roots: &[Arc<Expr>], old: &Arc<Expr>, new: &Arc<Expr>) -> Vec<Arc<Expr>> {
    let (order, place) = sorted(roots);
    let mut replaced: Vec<Arc<Expr>> = Vec::with_capacity(order.len());
    for expr in &order {
        if Arc::ptr_eq(expr, old) {
            replaced.push(Arc::clone(new));
            continue;
        }
        let inputs: Vec<Arc<Expr>> =
            expr.inputs.iter().map(|input| Arc::clone(&replaced[place[&Arc::as_ptr(input)]])).collect();
        if inputs.iter().zip(&expr.inputs).all(|(new, old)| Arc::ptr_eq(new, old)) {
            replaced.push(Arc::clone(expr));
        } else {
            replaced.push(Arc::new(Expr {
                node: Arc::clone(&expr.node),
                inputs,
                chunks: expr.chunks.clone(),
                stored: expr.stored.clone(),
                cheap: expr.cheap,
            }));
        }
    }
    roots.iter().map(|root| Arc::clone(&replaced[place[&Arc::as_ptr(root)]])).collect()
}
