//! Counter-based random numbers: a value depends on seed, stream and its flat C index in the whole array, on
//! nothing else.
//!
//! Every element owns a counter, `(index: 64 bits, draw: 32 bits, lane: 32 bits)`, and Philox turns the counter and
//! a key made of seed and stream into four random words. So any region of an array can be made anywhere, in any
//! order, and chunks, slices, workers and retries never change a value. `draw` counts the words that a sampler takes
//! beyond its first (`draws`); `lane` is 0 for the distributions here and free for others.
//!
//! Cost: 20 integer multiplications an element, in lanes of eight. One core with AVX2 made 340 million uniform, 320
//! million integer and 110 million normal numbers a second (`examples/speed.rs`). The lanes compute with integers and
//! with exactly defined floating-point operations only, so the processor's vector width cannot change a bit.

mod draws;
mod law;
mod normal;
mod permute;
mod philox;
mod rows;

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::{Dim, check_region, collapse, for_each, signed};
use crate::shape::{element_count, strides};
use crate::simd;
use crate::span::{Span, lengths};
use draws::Draws;
pub use law::{Law, PARAMETERS_MAX};
pub use permute::permutation;
use philox::LANES;
pub use philox::{Key, philox4x32_10};
pub use rows::{choose, multinomial};

/// What the elements of a random array are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Distribution {
    /// Uniform on `[0, 1)`: a multiple of 2⁻⁵³ (`float64`).
    Random,
    /// Uniform on `[0, 1)`: a multiple of 2⁻²⁴ (`float32`).
    Single,
    /// Every `int64` with the same probability.
    Bits,
    /// `low + (high - low) * u` with `u` as in [`Distribution::Random`] (`float64`). Rounding may give `high`.
    Uniform {
        /// The lower bound, finite.
        low: f64,
        /// The upper bound, finite and not below `low`.
        high: f64,
    },
    /// The normal distribution, by inversion of the element's own uniform number (`float64`). The quantile function
    /// is Wichura's AS 241 (1988), relative error about 1e-16; the uniform number is an odd multiple of 2⁻⁵³, so
    /// values lie within 8.3 standard deviations.
    Normal {
        /// The mean, finite.
        mean: f64,
        /// The standard deviation, finite and not negative.
        std: f64,
    },
    /// Every integer of `low..high` with the same probability, exactly (`int64`), by Lemire's method (2019).
    Integers {
        /// The smallest value.
        low: i64,
        /// One more than the largest value.
        high: i64,
    },
    /// Any other of NumPy's, with the same parameters for all elements; those behind [`Law::parameters`] are 0.
    Law {
        /// Which.
        law: Law,
        /// NumPy's parameters in NumPy's order.
        parameters: [f64; PARAMETERS_MAX],
    },
}

impl Distribution {
    /// The dtype of the values.
    pub fn dtype(&self) -> DType {
        match self {
            Distribution::Integers { .. } | Distribution::Bits => DType::Int64,
            Distribution::Single => DType::Float32,
            Distribution::Law { law, .. } => law.dtype(),
            _ => DType::Float64,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Value`] that names the parameter.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::value(what));
        match *self {
            Distribution::Uniform { low, high } if !(low <= high && (high - low).is_finite()) => {
                refuse(format!("uniform needs finite low <= high, not {low} and {high}"))
            }
            Distribution::Normal { mean, std } if !(mean.is_finite() && std.is_finite() && std >= 0.0) => {
                refuse(format!("normal needs a finite mean and std >= 0, not {mean} and {std}"))
            }
            Distribution::Integers { low, high } if low >= high => {
                refuse(format!("integers needs low < high, not {low} and {high}"))
            }
            Distribution::Law { law, parameters } => law.check(&parameters[..law.parameters().len()]),
            _ => Ok(()),
        }
    }
}

/// The elements of `region` of the random array of shape `shape` with this seed and stream.
///
/// `shape` is the whole array's and may be larger than memory; only the region is computed.
///
/// # Errors
/// [`Error::Value`] for parameters out of range, [`Error::Shape`] for a region that leaves the array.
///
/// ```
/// use phalanx_chunk::{Span, random::{Distribution, generate}};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let all = generate(Distribution::Random, 7, 0, &[100, 100], &[Span::all(100), Span::all(100)])?;
/// let some = [Span::new(90, 3, -20), Span::range(5, 2)];
/// let part = generate(Distribution::Random, 7, 0, &[100, 100], &some)?;
/// assert!(part.same_bits(&all.region(&some)?));
/// # Ok(())
/// # }
/// ```
pub fn generate(distribution: Distribution, seed: u64, stream: u64, shape: &[usize], region: &[Span]) -> Result<Chunk> {
    distribution.check()?;
    element_count(shape)?;
    check_region(shape, region)?;
    let lengths = lengths(region);
    let count = element_count(&lengths)?;
    let key = Key::new(seed, stream);
    let walk = Walk::new(shape, region);
    match distribution {
        Distribution::Integers { low, high } => {
            let range = high.wrapping_sub(low).cast_unsigned();
            Chunk::new(&lengths, fill(&walk, count, Integers { low, range, key }, key))
        }
        Distribution::Random => Chunk::new(&lengths, fill(&walk, count, Uniform { low: 0.0, width: 1.0 }, key)),
        Distribution::Uniform { low, high } => {
            Chunk::new(&lengths, fill(&walk, count, Uniform { low, width: high - low }, key))
        }
        Distribution::Normal { mean, std } => Chunk::new(&lengths, fill(&walk, count, Normal { mean, std }, key)),
        Distribution::Single => Chunk::new(&lengths, fill(&walk, count, Single, key)),
        Distribution::Bits => Chunk::new(&lengths, fill(&walk, count, Bits, key)),
        Distribution::Law { law, parameters } => {
            let values = fill(&walk, count, One { sample: law.sampler(), parameters, key }, key);
            Ok(Chunk::new(&lengths, values)?.cast(law.dtype()))
        }
    }
}

/// As [`generate`], with parameters that differ from element to element: each has the shape of the region. Where the
/// parameters are equal, so are the values of [`Distribution::Law`].
///
/// # Errors
/// As [`generate`]; [`Error::Shape`] for parameters of another shape, [`Error::Value`] for one that is out of range.
pub fn generate_with(
    law: Law,
    seed: u64,
    stream: u64,
    shape: &[usize],
    region: &[Span],
    parameters: &[Chunk],
) -> Result<Chunk> {
    element_count(shape)?;
    check_region(shape, region)?;
    let lengths = lengths(region);
    if let Some(other) = parameters.iter().find(|p| p.shape() != lengths) {
        let what = format!("parameters of shape {:?} for random values of shape {lengths:?}", other.shape());
        return Err(Error::shape(what));
    }
    let parameters: Vec<Chunk> = parameters.iter().map(|p| p.cast(DType::Float64)).collect();
    let columns = parameters.iter().map(|p| p.values::<f64>()).collect::<Result<Vec<_>>>()?;
    let key = Key::new(seed, stream);
    let sample = law.sampler();
    let words = fill(&Walk::new(shape, region), element_count(&lengths)?, First, key);
    let mut values = Vec::with_capacity(words.len());
    for (at, [index, word]) in words.into_iter().enumerate() {
        let mut own = [0.0; PARAMETERS_MAX];
        own.iter_mut().zip(&columns).for_each(|(own, column)| *own = column[at]);
        law.check(&own[..columns.len().min(PARAMETERS_MAX)])?;
        values.push(sample(&mut Draws::new(key, index, word), &own));
    }
    Ok(Chunk::new(&lengths, values)?.cast(law.dtype()))
}

/// Turns each element's first 64 random bits into its value. Implementations are inlined into the vector loop.
trait Sampler: Copy {
    type Value: Copy + Default;
    fn sample(self, index: &[u64], words: &[u64], out: &mut [Self::Value]);
}

#[derive(Clone, Copy)]
struct Uniform {
    low: f64,
    width: f64,
}

impl Sampler for Uniform {
    type Value = f64;

    #[inline(always)]
    fn sample(self, _index: &[u64], words: &[u64], out: &mut [f64]) {
        for (out, &word) in out.iter_mut().zip(words) {
            // The upper 53 bits as a number of [0, 1).
            let unit = integer_53(word >> 11) * 0.5f64.powi(53);
            *out = self.low + self.width * unit;
        }
    }
}

#[derive(Clone, Copy)]
struct Normal {
    mean: f64,
    std: f64,
}

impl Sampler for Normal {
    type Value = f64;

    #[inline(always)]
    fn sample(self, _index: &[u64], words: &[u64], out: &mut [f64]) {
        normal::fill(words, out);
        out.iter_mut().for_each(|z| *z = self.mean + self.std * *z);
    }
}

#[derive(Clone, Copy)]
struct Integers {
    low: i64,
    range: u64,
    key: Key,
}

impl Sampler for Integers {
    type Value = i64;

    #[inline(always)]
    fn sample(self, index: &[u64], words: &[u64], out: &mut [i64]) {
        for ((out, &word), &index) in out.iter_mut().zip(words).zip(index) {
            *out = self.low.wrapping_add(below(self.range, word, self.key, index).cast_signed());
        }
    }
}

/// One value from the element's own words.
#[derive(Clone, Copy)]
struct One {
    sample: fn(&mut Draws, &[f64; PARAMETERS_MAX]) -> f64,
    parameters: [f64; PARAMETERS_MAX],
    key: Key,
}

impl Sampler for One {
    type Value = f64;

    #[inline(always)]
    fn sample(self, index: &[u64], words: &[u64], out: &mut [f64]) {
        for ((out, &word), &index) in out.iter_mut().zip(words).zip(index) {
            *out = (self.sample)(&mut Draws::new(self.key, index, word), &self.parameters);
        }
    }
}

#[derive(Clone, Copy)]
struct Single;

impl Sampler for Single {
    type Value = f32;

    #[inline(always)]
    fn sample(self, _index: &[u64], words: &[u64], out: &mut [f32]) {
        for (out, &word) in out.iter_mut().zip(words) {
            *out = (word >> 40) as u32 as i32 as f32 * 0.5f32.powi(24);
        }
    }
}

#[derive(Clone, Copy)]
struct Bits;

impl Sampler for Bits {
    type Value = i64;

    #[inline(always)]
    fn sample(self, _index: &[u64], words: &[u64], out: &mut [i64]) {
        out.iter_mut().zip(words).for_each(|(out, &word)| *out = word.cast_signed());
    }
}

/// An element's flat index and its first word, for samplers that go on from there.
#[derive(Clone, Copy)]
struct First;

impl Sampler for First {
    type Value = [u64; 2];

    #[inline(always)]
    fn sample(self, index: &[u64], words: &[u64], out: &mut [[u64; 2]]) {
        out.iter_mut().zip(index.iter().zip(words)).for_each(|(out, (&index, &word))| *out = [index, word]);
    }
}

/// Elements that are computed together: little enough for the first-level cache, a multiple of the lanes.
const BLOCK: usize = 512;

/// The flat indices of a region, in the region's C order.
struct Walk {
    start: usize,
    outer: Vec<Dim>,
    inner: Dim,
    empty: bool,
}

impl Walk {
    fn new(shape: &[usize], region: &[Span]) -> Walk {
        let strides = strides(shape);
        let start = region
            .iter()
            .zip(&strides)
            .map(|(span, &stride)| span.start.wrapping_mul(stride))
            .fold(0, usize::wrapping_add);
        let mut to: isize = 1;
        let mut dims: Vec<Dim> = Vec::with_capacity(shape.len());
        for (span, &stride) in region.iter().zip(&strides).rev() {
            dims.push(Dim { len: span.len, from: span.step.wrapping_mul(signed(stride)), to });
            to = to.wrapping_mul(signed(span.len));
        }
        dims.reverse();
        let empty = dims.iter().any(|d| d.len == 0);
        let mut outer = collapse(dims);
        let inner = outer.pop().unwrap_or(Dim { len: 1, from: 1, to: 1 });
        Walk { start, outer, inner, empty }
    }
}

/// Makes the `count` values of a walk, block by block.
fn fill<S: Sampler>(walk: &Walk, count: usize, sampler: S, key: Key) -> Vec<S::Value> {
    let mut out = vec![S::Value::default(); count];
    if walk.empty {
        return out;
    }
    let mut index = [0u64; BLOCK];
    let (mut filled, mut done) = (0, 0);
    for_each(&walk.outer, walk.start, 0, |start, _| {
        let mut k = 0;
        while k < walk.inner.len {
            let n = (walk.inner.len - k).min(BLOCK - filled);
            let step = walk.inner.from.cast_unsigned();
            let first = start.wrapping_add(step.wrapping_mul(k));
            simd::run(Run { first: first as u64, step: step as u64, out: &mut index[filled..filled + n] });
            filled += n;
            k += n;
            if filled == BLOCK {
                simd::run(Block { index: &index, sampler, key, out: &mut out[done..done + BLOCK] });
                done += BLOCK;
                filled = 0;
            }
        }
    });
    // Short of a block: whole lanes are computed, and what lies behind the end is dropped.
    simd::run(Block { index: &index, sampler, key, out: &mut out[done..done + filled] });
    out
}

/// `first`, and on by `step`.
struct Run<'a> {
    first: u64,
    step: u64,
    out: &'a mut [u64],
}

impl simd::Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut value = self.first;
        for slot in self.out {
            *slot = value;
            value = value.wrapping_add(self.step);
        }
    }
}

/// The values of at most one block of elements.
struct Block<'a, S: Sampler> {
    index: &'a [u64; BLOCK],
    sampler: S,
    key: Key,
    out: &'a mut [S::Value],
}

impl<S: Sampler> simd::Kernel for Block<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut words = [0u64; BLOCK];
        let n = self.out.len();
        let padded = n.next_multiple_of(LANES);
        philox::first_words(self.key, &self.index[..padded], &mut words[..padded]);
        self.sampler.sample(&self.index[..n], &words[..n], self.out);
    }
}

/// An integer below 2⁵³ as a float, without a conversion instruction, which older vector units lack: the halves are
/// put into the mantissas of 2⁵² and taken out again.
#[inline(always)]
fn integer_53(value: u64) -> f64 {
    const MAGIC: u64 = 0x4330_0000_0000_0000; // 2⁵²
    let half = |bits: u64| f64::from_bits(MAGIC | bits) - f64::from_bits(MAGIC);
    half(value >> 32) * 4_294_967_296.0 + half(value & 0xffff_ffff)
}

/// An integer below `range`, each with the same probability: Lemire, "Fast random integer generation in an
/// interval" (2019), with 64-bit words. Further words are the element's own: the other half of the first draw, then
/// the next draws.
fn below(range: u64, word: u64, key: Key, index: u64) -> u64 {
    let multiply = |word: u64| {
        let product = u128::from(word) * u128::from(range);
        ((product >> 64) as u64, product as u64)
    };
    let (mut value, mut rest) = multiply(word);
    if rest < range {
        let threshold = range.wrapping_neg() % range;
        let mut attempt = 1u64;
        while rest < threshold {
            // At least half of all words are accepted: 2³³ attempts do not happen.
            let words = philox4x32_10(philox::counter(index, (attempt / 2) as u32, 0), key);
            let pair = if attempt.is_multiple_of(2) { [words[0], words[1]] } else { [words[2], words[3]] };
            (value, rest) = multiply(u64::from(pair[0]) | u64::from(pair[1]) << 32);
            attempt += 1;
        }
    }
    value
}

#[cfg(test)]
mod tests;
