//! A copy of an array with some elements replaced, and the triangle that masks are made of.

use super::{Need, Node, Work, count};
use crate::chunks::Region;
use crate::error::ChunkResult;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, DType, Span};
use serde::{Deserialize, Serialize};

/// The indices of an axis that are replaced, and by which element of the value's axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Places {
    Span(Span),
    /// (index, element of the value), ascending by index.
    List(Vec<(usize, usize)>),
}

impl Places {
    /// From indices in the value's order; of one that comes twice the last counts.
    pub(crate) fn list(indices: &[usize]) -> Self {
        let mut list: Vec<(usize, usize)> = indices.iter().copied().enumerate().map(|(k, at)| (at, k)).collect();
        list.sort_unstable();
        list.reverse();
        list.dedup_by_key(|pair| pair.0);
        list.reverse();
        Self::List(list)
    }

    /// (position in `out`, element of the value) for what of `out` is replaced.
    fn within(&self, out: Span) -> Vec<(usize, usize)> {
        let element = |index: usize| match self {
            Self::Span(span) => {
                let distance = index.cast_signed() - span.start.cast_signed();
                let k = usize::try_from(distance.checked_div(span.step)?).ok()?;
                (distance % span.step == 0 && k < span.len).then_some(k)
            }
            Self::List(list) => {
                let at = list.binary_search_by_key(&index, |pair| pair.0).ok()?;
                Some(list[at].1)
            }
        };
        out.indices().enumerate().filter_map(|(at, index)| Some((at, element(index)?))).collect()
    }
}

/// The first input with the second in some places.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetItem {
    pub places: Vec<Places>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

/// What of an axis of the value is pulled, and which elements of that, in order.
fn pulled(pairs: &[(usize, usize)]) -> (Span, Vec<usize>) {
    let (low, high) = pairs.iter().fold((usize::MAX, 0), |(low, high), &(_, k)| (low.min(k), high.max(k)));
    if let [first, second, ..] = pairs {
        let step = second.1.cast_signed() - first.1.cast_signed();
        let span = Span::new(first.1, pairs.len(), step);
        if step != 0 && span.check(high + 1).is_ok() && span.indices().eq(pairs.iter().map(|pair| pair.1)) {
            return (span, (0..pairs.len()).collect());
        }
    }
    (Span::range(low, high + 1 - low), pairs.iter().map(|&(_, k)| k - low).collect())
}

impl SetItem {
    fn pairs(&self, out: &[Span]) -> Option<Vec<Vec<(usize, usize)>>> {
        let pairs: Vec<_> = self.places.iter().zip(out).map(|(places, &span)| places.within(span)).collect();
        (count(out) > 0 && pairs.iter().all(|pairs| !pairs.is_empty())).then_some(pairs)
    }
}

#[typetag::serde(name = "setitem")]
impl Node for SetItem {
    fn name(&self) -> String {
        String::from("setitem")
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let mut needs = vec![Need::new(0, out.to_vec())];
        if let Some(pairs) = self.pairs(out) {
            needs.push(Need::new(1, pairs.iter().map(|pairs| pulled(pairs).0).collect()));
        }
        needs
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let (Some(pairs), [base, value]) = (self.pairs(out), inputs) else { return Ok(inputs[0].clone()) };
        let mut piece = value.clone();
        for (axis, pairs) in pairs.iter().enumerate() {
            let (span, picks) = pulled(pairs);
            if !picks.iter().copied().eq(0..span.len) {
                piece = piece.gather(axis, &picks)?;
            }
        }
        let places: Vec<Vec<usize>> = pairs.iter().map(|pairs| pairs.iter().map(|&(at, _)| at).collect()).collect();
        base.overwrite(&places, &piece)
    }
    fn work(&self) -> Work {
        Work::Whole
    }
}

/// Whether column less row is at most `offset`, over the last two axes of any shape.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Triangle {
    pub offset: i64,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "triangle")]
impl Node for Triangle {
    fn name(&self) -> String {
        format!("lower triangle {}", self.offset)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Bool
    }
    fn needs(&self, _out: &[Span]) -> Vec<Need> {
        vec![]
    }
    fn compute(&self, out: &[Span], _inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let region: &Region = &out.to_vec();
        let mut flags = Vec::with_capacity(count(region));
        if let [rows, columns] = out {
            for row in rows.indices() {
                flags.extend(columns.indices().map(|column| column as i64 - row as i64 <= self.offset));
            }
        }
        Chunk::new(&lengths(out), flags)
    }
}
