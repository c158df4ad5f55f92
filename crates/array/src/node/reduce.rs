//! Reductions, as partial states and their merge.
//!
//! [`Partial`] folds blocks of its input into states; [`Finish`] merges the states of all blocks in the blocks'
//! order. The blocks are part of the expression, and a block is folded tile by tile in C order, so the tree of
//! additions is fixed. Since both pull, `x.mean(0)[:10]` reads ten columns of `x`.
//!
//! A state travels as words of 64 bits, one for each of its parts (two for a complex one), along an axis at the end.

use super::{Boundary, Need, Node, Work, count};
use crate::chunks::Region;
use crate::error::{ChunkResult, broken};
use phalanx_chunk::reduce::{self, Place, Reduction};
use phalanx_chunk::span::lengths;
use phalanx_chunk::ufunc::Unary;
use phalanx_chunk::{Chunk, Complex64, DType, Span};
use serde::{Deserialize, Serialize};

/// The states of a reduction's blocks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Partial {
    pub reduction: Reduction,
    /// The axes that go, ascending.
    pub axes: Vec<usize>,
    /// Where the blocks end, for each of `axes`.
    pub blocks: Vec<Vec<usize>>,
    pub input: Vec<usize>,
    pub input_dtype: DType,
    /// The types of a state's parts.
    pub parts: Vec<DType>,
    /// The input's, with the number of blocks for `axes`, and the number of words at the end.
    pub shape: Vec<usize>,
}

impl Partial {
    /// The state of one tile of the input, whose region it is.
    pub(crate) fn of_tile(&self, tile: &Chunk, region: &[Span]) -> ChunkResult<reduce::Partial> {
        // Only where a tile begins on the axes that go has a meaning.
        let start =
            region.iter().enumerate().map(|(axis, span)| if self.axes.contains(&axis) { span.start } else { 0 });
        let start = start.collect();
        self.reduction.partial(tile, &self.axes, &Place { start, shape: self.input.clone() })
    }

    pub(crate) fn merge(&self, earlier: reduce::Partial, later: reduce::Partial) -> ChunkResult<reduce::Partial> {
        self.reduction.merge(earlier, later)
    }

    /// The blocks that `out` names, in C order: (their place in `out`, their region of the input).
    pub(crate) fn blocks(&self, out: &[Span]) -> Vec<(Region, Region)> {
        let mut blocks: Vec<(Region, Region)> = vec![(vec![], vec![])];
        for (axis, span) in out[..self.input.len()].iter().enumerate() {
            let choices: Vec<(Span, Span)> = match self.axes.iter().position(|&reduced| reduced == axis) {
                None => vec![(Span::all(span.len), *span)],
                Some(at) => {
                    let borders = &self.blocks[at];
                    let block = |(place, block): (usize, usize)| {
                        (Span::range(place, 1), Span::range(borders[block], borders[block + 1] - borders[block]))
                    };
                    span.indices().enumerate().map(block).collect()
                }
            };
            let mut longer = Vec::with_capacity(blocks.len() * choices.len());
            for (places, region) in &blocks {
                for (place, span) in &choices {
                    let (mut places, mut region) = (places.clone(), region.clone());
                    places.push(*place);
                    region.push(*span);
                    longer.push((places, region));
                }
            }
            blocks = longer;
        }
        blocks
    }

    /// `out` from the states of its blocks.
    pub(crate) fn pack(&self, out: &[Span], states: Vec<reduce::Partial>) -> ChunkResult<Chunk> {
        let parts = Span::all(words_of(&self.parts));
        let mut shape = lengths(out);
        let wanted = shape.pop().map_or(parts, |_| out[out.len() - 1]);
        shape.push(parts.len);
        let pieces = self
            .blocks(out)
            .into_iter()
            .zip(states)
            .map(|((mut place, _), state)| {
                place.push(parts);
                Ok((place, to_words(&state)?))
            })
            .collect::<ChunkResult<Vec<_>>>()?;
        let mut region: Region = shape.iter().map(|&length| Span::all(length)).collect();
        if let Some(last) = region.last_mut() {
            *last = wanted;
        }
        Chunk::assemble(DType::Int64, &shape, &pieces)?.region(&region)
    }
}

#[typetag::serde(name = "partial")]
impl Node for Partial {
    fn name(&self) -> String {
        format!("partial {} over axes {:?}", self.reduction.name(), self.axes)
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Int64
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        self.blocks(out).into_iter().map(|(_, region)| Need::new(0, region)).collect()
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let blocks = self.blocks(out);
        let state = |((_, region), chunk): (&(Region, Region), &Chunk)| self.of_tile(chunk, region);
        let states = blocks.iter().zip(inputs).map(state).collect::<ChunkResult<Vec<_>>>()?;
        self.pack(out, states)
    }
    fn work(&self) -> Work {
        Work::Folded
    }
    fn boundary(&self) -> Boundary {
        let blocks: usize = self.axes.iter().map(|&axis| self.shape[axis]).product();
        if blocks > 1 { Boundary::Always } else { Boundary::IfRepeated }
    }
    fn fold(&self) -> Option<&Partial> {
        Some(self)
    }
}

/// The merged and finished states.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Finish {
    pub reduction: Reduction,
    /// The axes that go, ascending.
    pub axes: Vec<usize>,
    pub keep_dimensions: bool,
    /// The dtype of what is reduced, and of the parts of its state.
    pub input_dtype: DType,
    pub parts: Vec<DType>,
    /// The shape of the states.
    pub states: Vec<usize>,
    pub dtype: DType,
    pub shape: Vec<usize>,
}

#[typetag::serde(name = "finish")]
impl Node for Finish {
    fn name(&self) -> String {
        self.reduction.name().to_owned()
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        let mut kept = out.iter();
        let span = |(axis, &length): (usize, &usize)| {
            let reduced = self.axes.contains(&axis) || axis + 1 == self.states.len();
            if self.keep_dimensions && axis + 1 < self.states.len() {
                let span = kept.next().copied();
                return if reduced { Span::all(length) } else { span.unwrap_or(Span::all(length)) };
            }
            if reduced { Span::all(length) } else { kept.next().copied().unwrap_or(Span::all(length)) }
        };
        if count(out) == 0 && self.states.contains(&0) {
            return vec![];
        }
        vec![Need::new(0, self.states.iter().enumerate().map(span).collect())]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        if count(out) == 0 {
            return Chunk::zeros(self.dtype, &lengths(out));
        }
        let states = &inputs[0];
        let grid: Vec<usize> = self.axes.iter().map(|&axis| self.states[axis]).collect();
        let mut merged: Option<reduce::Partial> = None;
        for block in 0..grid.iter().product() {
            let mut region = phalanx_chunk::span::whole(states.shape());
            let mut rest = block;
            for (&axis, &length) in self.axes.iter().zip(&grid).rev() {
                region[axis] = Span::range(rest % length, 1);
                rest /= length;
            }
            let state = from_words(&states.region(&region)?, self.input_dtype, &self.parts)?;
            merged = Some(match merged {
                None => state,
                Some(earlier) => self.reduction.merge(earlier, state)?,
            });
        }
        let merged = merged.ok_or_else(|| broken("a reduction without blocks"))?;
        self.reduction.finish(merged)?.reshape(&lengths(out))
    }
    fn work(&self) -> Work {
        Work::Whole
    }
    fn boundary(&self) -> Boundary {
        Boundary::IfRepeated
    }
}

/// How many words a state of these parts is.
pub(crate) fn words_of(parts: &[DType]) -> usize {
    parts.iter().map(|part| if part.is_complex() { 2 } else { 1 }).sum()
}

/// The parts of a state side by side: element `i` of word column `p` is word `i · columns + p`.
fn to_words(state: &reduce::Partial) -> ChunkResult<Chunk> {
    let [first, ..] = state.parts.as_slice() else { return Err(broken("a state without parts")) };
    let mut columns = vec![];
    for part in &state.parts {
        columns.push(words(&Unary::Real.apply(part)?)?);
        if part.dtype().is_complex() {
            columns.push(words(&Unary::Imag.apply(part)?)?);
        }
    }
    let mut shape = first.shape().to_vec();
    shape.push(columns.len());
    let mut values = Vec::with_capacity(first.len() * columns.len());
    for element in 0..first.len() {
        values.extend(columns.iter().map(|column| column[element]));
    }
    Chunk::new(&shape, values)
}

/// Real elements as 64 bits each.
fn words(chunk: &Chunk) -> ChunkResult<Vec<i64>> {
    if chunk.dtype().is_float() {
        let wide = chunk.cast(DType::Float64);
        return Ok(wide.values::<f64>()?.iter().map(|value| value.to_bits().cast_signed()).collect());
    }
    Ok(chunk.cast(DType::Int64).values::<i64>()?.to_vec())
}

fn from_words(words: &Chunk, dtype: DType, parts: &[DType]) -> ChunkResult<reduce::Partial> {
    let mut shape = words.shape().to_vec();
    shape.pop();
    let values = words.values::<i64>()?;
    let columns = words_of(parts);
    let column = |at: usize| values.iter().skip(at).step_by(columns).copied();
    let float = |word: i64| f64::from_bits(word.cast_unsigned());
    let mut at = 0;
    let mut part = |part: &DType| {
        let first = column(at);
        at += 1;
        let part_of = if part.is_complex() {
            let second = column(at);
            at += 1;
            let complex = |(re, im)| Complex64::new(float(re), float(im));
            Chunk::new(&shape, first.zip(second).map(complex).collect())
        } else if part.is_float() {
            Chunk::new(&shape, first.map(float).collect::<Vec<f64>>())
        } else {
            Chunk::new(&shape, first.collect::<Vec<i64>>())
        };
        Ok(part_of?.cast(*part))
    };
    Ok(reduce::Partial { dtype, parts: parts.iter().map(&mut part).collect::<ChunkResult<_>>()? })
}
