//! Philox 4×32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), as the
//! reference implementation Random123 has it.

/// Elements that are computed side by side.
pub const LANES: usize = 8;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// What distinguishes one random array from another: 64 bits mixed from seed and stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u32; 2]);

impl Key {
    /// Mixes seed and stream into a key.
    ///
    /// For one seed, different streams give different keys, and for one stream different seeds do: each step below
    /// is a permutation of the 64-bit numbers (SplitMix64's finaliser, Steele, Lea, Flood 2014).
    pub const fn new(seed: u64, stream: u64) -> Key {
        const fn mix(z: u64) -> u64 {
            let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let key = mix(mix(seed.wrapping_add(GOLDEN)).rotate_left(32) ^ mix(stream ^ GOLDEN));
        Key([key as u32, (key >> 32) as u32])
    }
}

/// The counter of one draw of one element.
#[inline(always)]
pub const fn counter(index: u64, draw: u32, lane: u32) -> [u32; 4] {
    [index as u32, (index >> 32) as u32, draw, lane]
}

/// Four random words from a counter and a key.
///
/// ```
/// use phalanx_chunk::random::{Key, philox4x32_10};
/// // The first known answer of Random123's `kat_vectors`.
/// assert_eq!(philox4x32_10([0; 4], Key([0; 2])), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
pub fn philox4x32_10(counter: [u32; 4], key: Key) -> [u32; 4] {
    let lanes = rounds(
        [[u64::from(counter[0])], [u64::from(counter[1])], [u64::from(counter[2])], [u64::from(counter[3])]],
        key,
    );
    lanes.map(|[word]| word as u32)
}

/// Words 0 and 1 of draw 0, lane 0, of each index: word 0 is the lower half. Lengths are equal multiples of
/// [`LANES`].
#[inline(always)]
pub fn first_words(key: Key, index: &[u64], words: &mut [u64]) {
    let (index, _) = index.as_chunks::<LANES>();
    let (words, _) = words.as_chunks_mut::<LANES>();
    for (index, words) in index.iter().zip(words) {
        // Not `index.map`, which the compiler calls instead of vectorizing it here.
        let mut upper = [0; LANES];
        for lane in 0..LANES {
            upper[lane] = index[lane] >> 32;
        }
        let [a, b, _, _] = rounds([*index, upper, [0; LANES], [0; LANES]], key);
        for lane in 0..LANES {
            words[lane] = (a[lane] & 0xffff_ffff) | b[lane] << 32;
        }
    }
}

/// The ten rounds on `N` counters. A lane is a 64-bit register whose lower half is the word: what a round leaves in
/// the upper half is ignored by the next multiplication, so nothing is masked.
#[inline(always)]
fn rounds<const N: usize>(counter: [[u64; N]; 4], key: Key) -> [[u64; N]; 4] {
    let mut c = counter;
    let [mut k0, mut k1] = key.0;
    for _ in 0..ROUNDS {
        let mut next = [[0u64; N]; 4];
        for lane in 0..N {
            let p0 = (c[0][lane] & 0xffff_ffff) * MULTIPLIERS[0] as u64;
            let p1 = (c[2][lane] & 0xffff_ffff) * MULTIPLIERS[1] as u64;
            next[0][lane] = (p1 >> 32) ^ c[1][lane] ^ k0 as u64;
            next[1][lane] = p1;
            next[2][lane] = (p0 >> 32) ^ c[3][lane] ^ k1 as u64;
            next[3][lane] = p0;
        }
        c = next;
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    c
}
