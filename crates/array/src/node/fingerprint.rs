//! Elements mixed with their positions: what a checksum adds up.

use super::{Need, Node, count};
use crate::error::ChunkResult;
use phalanx_chunk::shape::strides;
use phalanx_chunk::span::lengths;
use phalanx_chunk::{Chunk, Complex64, DType, Span};
use serde::{Deserialize, Serialize};

/// For each element 64 bits from its own bits and its flat index. Their wrapping sum does not depend on the order of
/// addition, so it is the same for any chunks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    pub shape: Vec<usize>,
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What one element adds to a checksum.
pub(crate) fn of_element(bits: u64, index: usize) -> i64 {
    mix(bits ^ mix((index as u64).wrapping_add(0x9e37_79b9_7f4a_7c15))).cast_signed()
}

#[typetag::serde(name = "fingerprint")]
impl Node for Fingerprint {
    fn name(&self) -> String {
        String::from("fingerprint")
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn dtype(&self) -> DType {
        DType::Int64
    }
    fn needs(&self, out: &[Span]) -> Vec<Need> {
        vec![Need::new(0, out.to_vec())]
    }
    fn compute(&self, out: &[Span], inputs: &[Chunk]) -> ChunkResult<Chunk> {
        let mut prints = Vec::with_capacity(count(out));
        let chunk = &inputs[0];
        // Every NaN counts as the same one: which payload an operation gives is the processor's affair.
        match chunk.dtype() {
            DType::Float64 => {
                let bits = |value: &f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
                fill(&self.shape, out, chunk.values::<f64>()?, bits, &mut prints);
            }
            DType::Float32 => {
                let bits = |value: &f32| u64::from(if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() });
                fill(&self.shape, out, chunk.values::<f32>()?, bits, &mut prints);
            }
            // Both parts count, the second one mixed first, so that exchanging them shows.
            DType::Complex64 | DType::Complex128 => {
                let quiet = |part: f64| if part.is_nan() { f64::NAN.to_bits() } else { part.to_bits() };
                let bits = |value: &Complex64| quiet(value.re) ^ mix(quiet(value.im));
                let wide = chunk.cast(DType::Complex128);
                fill(&self.shape, out, wide.values::<Complex64>()?, bits, &mut prints);
            }
            _ => {
                let integers = chunk.cast(DType::Int64);
                fill(&self.shape, out, integers.values::<i64>()?, |value| value.cast_unsigned(), &mut prints);
            }
        }
        Chunk::new(&lengths(out), prints)
    }
}

fn fill<T>(shape: &[usize], out: &[Span], values: &[T], bits: impl Fn(&T) -> u64, prints: &mut Vec<i64>) {
    let strides = strides(shape);
    let Some((inner, outer)) = out.split_last() else {
        prints.extend(values.iter().map(|value| of_element(bits(value), 0)));
        return;
    };
    if inner.len == 0 {
        return;
    }
    for (number, row) in values.chunks_exact(inner.len).enumerate() {
        let mut rest = number;
        let mut base = 0;
        for (span, stride) in outer.iter().zip(&strides).rev() {
            base += span.index(rest % span.len).unwrap_or(0) * stride;
            rest /= span.len;
        }
        prints.extend(row.iter().zip(inner.indices()).map(|(value, index)| of_element(bits(value), base + index)));
    }
}
