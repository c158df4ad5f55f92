//! A random permutation of which any part can be computed alone.

use super::philox::{Key, counter, philox4x32_10};
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::span::Span;

/// Up to here a permutation is the order of random keys; longer ones are a Feistel network.
const SORTED_MAX: usize = 1 << 16;
const ROUNDS: u32 = 12;

/// The elements `span` of a random permutation of `0..n` (`int64`), which depends on seed and stream alone.
///
/// Short permutations are the order of 64-bit random keys, so every permutation has the same probability (but for the
/// 2⁻³³ of two equal keys). Longer ones are a Feistel network of twelve rounds on the next power of four, walked until
/// it comes back below `n` (Black, Rogaway, "Ciphers with arbitrary finite domains", 2002): about two steps an
/// element, whichever elements are asked for.
///
/// # Errors
/// [`Error::Shape`] for a span that leaves the permutation.
///
/// ```
/// use phalanx_chunk::{Span, random::permutation};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let all = permutation(1, 0, 100, Span::all(100))?;
/// let mut sorted = all.values::<i64>()?.to_vec();
/// sorted.sort_unstable();
/// assert!(sorted.into_iter().eq(0..100));
/// # Ok(())
/// # }
/// ```
pub fn permutation(seed: u64, stream: u64, n: usize, span: Span) -> Result<Chunk> {
    span.check(n)?;
    if i64::try_from(n).is_err() {
        return Err(Error::overflow(format!("a permutation of {n} elements")));
    }
    let key = Key::new(seed, stream);
    if n <= SORTED_MAX {
        let mut order: Vec<(u64, i64)> = (0..n as u64).map(|at| (word(key, at, 0), at.cast_signed())).collect();
        order.sort_unstable();
        return Ok(Chunk::vector(span.indices().map(|at| order[at].1).collect()));
    }
    let network = Network::new(key, n as u64);
    Ok(Chunk::vector(span.indices().map(|at| network.apply(at as u64).cast_signed()).collect()))
}

fn word(key: Key, index: u64, draw: u32) -> u64 {
    let words = philox4x32_10(counter(index, draw, 0), key);
    u64::from(words[0]) | u64::from(words[1]) << 32
}

struct Network {
    n: u64,
    half_bits: u32,
    rounds: [u64; ROUNDS as usize],
}

impl Network {
    fn new(key: Key, n: u64) -> Network {
        let bits = u64::BITS - (n - 1).leading_zeros();
        let mut rounds = [0; ROUNDS as usize];
        rounds.iter_mut().zip(0..).for_each(|(round, draw)| *round = word(key, u64::MAX, draw));
        Network { n, half_bits: bits.div_ceil(2), rounds }
    }

    fn apply(&self, mut value: u64) -> u64 {
        loop {
            value = self.step(value);
            if value < self.n {
                return value;
            }
        }
    }

    fn step(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in self.rounds {
            // SplitMix64's finaliser.
            let z = right ^ round;
            let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (left, right) = (right, left ^ ((z ^ (z >> 31)) & mask));
        }
        left << self.half_bits | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_comes_once_and_parts_are_those_of_the_whole() {
        for n in [1, 2, 5, 1000, SORTED_MAX, SORTED_MAX + 1, 100_003] {
            let all = permutation(3, 1, n, Span::all(n)).unwrap();
            let values = all.values::<i64>().unwrap();
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..n as i64), "{n}");
            let part = permutation(3, 1, n, Span::new(n - 1, n.div_ceil(3), -3)).unwrap();
            assert!(part.values::<i64>().unwrap().iter().eq(values.iter().rev().step_by(3)), "{n}");
        }
        assert!(permutation(3, 1, 5, Span::range(3, 3)).is_err());
    }

    #[test]
    fn short_permutations_are_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for seed in 0..6000 {
            let values = permutation(seed, 0, 3, Span::all(3)).unwrap();
            *counts.entry(values.values::<i64>().unwrap().to_vec()).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|&count| (880..1120).contains(&count)), "{counts:?}");
    }

    #[test]
    fn long_permutations_move_elements_anywhere() {
        let n = 200_000;
        let all = permutation(7, 0, n, Span::all(n)).unwrap();
        let mut tenths = [[0u32; 10]; 10];
        for (at, &value) in all.values::<i64>().unwrap().iter().enumerate() {
            tenths[at * 10 / n][value as usize * 10 / n] += 1;
        }
        // 2,000 each; the standard deviation is about 42.
        assert!(tenths.iter().flatten().all(|&count| (1790..2210).contains(&count)), "{tenths:?}");
    }
}
