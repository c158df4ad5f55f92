//! The normal quantile function: Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
//! Applied Statistics 37 (1988), routine PPND16. Relative error about 1e-16.

use super::integer_53;
use crate::ufunc::elementary::{Elementary, Log};

/// Where the central approximation ends: `|u - 0.5|`.
const SPLIT: f64 = 0.425;

/// Turns 64 random bits each into a standard normal number.
///
/// `u` is `(k + 1/2) / 2⁵²` with `k` the upper 52 bits: never 0 or 1, symmetric, exact.
#[inline(always)]
pub fn fill(words: &[u64], out: &mut [f64]) {
    for (out, words) in out.chunks_mut(PART).zip(words.chunks(PART)) {
        // The central 85 per cent; the others get a value here that the second pass replaces.
        for (z, &word) in out.iter_mut().zip(words) {
            let q = centred(word);
            let r = 0.180625 - q * q;
            *z = q * ratio(r, &CENTRAL);
        }
        let (mut places, mut tails, mut count) = ([0_u8; PART], [0.0; PART], 0);
        for (place, &word) in words.iter().enumerate() {
            let q = centred(word);
            (places[count], tails[count]) = (place as u8, q);
            count += usize::from(q.abs() > SPLIT);
        }
        let tails = &mut tails[..count];
        tails.iter_mut().for_each(|q| *q = tail(*q));
        for (&place, &z) in places.iter().zip(tails.iter()) {
            let z = if z.is_nan() { far_tail(centred(words[usize::from(place)])) } else { z };
            out[usize::from(place)] = z;
        }
    }
}

/// Numbers whose tails are computed together.
const PART: usize = 256;

/// `u - 1/2`, exactly.
#[inline(always)]
fn centred(word: u64) -> f64 {
    (integer_53((word >> 12) << 1 | 1) - 4_503_599_627_370_496.0) * (0.5f64).powi(53)
}

/// Without a branch; NaN in the far tail, where one number in 10¹⁰ lies.
#[inline(always)]
fn tail(q: f64) -> f64 {
    let r = depth(q);
    let z = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { f64::NAN };
    z.copysign(q)
}

#[cold]
fn far_tail(q: f64) -> f64 {
    ratio(depth(q) - 5.0, &FAR).copysign(q)
}

/// How far out `q` lies: the square root of the logarithm of one over the probability beyond it.
#[inline(always)]
fn depth(q: f64) -> f64 {
    (-Log::fast(0.5 - q.abs())).sqrt()
}

/// Numerator and denominator coefficients, from the constant upwards.
type Rational = [[f64; 8]; 2];

#[inline(always)]
fn ratio(r: f64, [numerator, denominator]: &Rational) -> f64 {
    let horner = |c: &[f64; 8]| c[..7].iter().rev().fold(c[7], |sum, &next| sum.mul_add(r, next));
    horner(numerator) / horner(denominator)
}

#[expect(clippy::excessive_precision, reason = "the digits that were published")]
const CENTRAL: Rational = [
    [
        3.387_132_872_796_366_608_0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561_0e3,
    ],
];

#[expect(clippy::excessive_precision, reason = "the digits that were published")]
const MIDDLE: Rational = [
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_90,
        5.769_497_221_460_691_405_50,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_40,
        6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];

#[expect(clippy::excessive_precision, reason = "the digits that were published")]
const FAR: Rational = [
    [
        6.657_904_643_501_103_777_20,
        5.463_784_911_164_114_369_90,
        1.784_826_539_917_291_335_80,
        2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_are_finite_and_symmetric() {
        let mut out = [0.0; 2];
        fill(&[0, u64::MAX], &mut out);
        assert_eq!(out[0], -out[1]);
        assert!((8.2..8.3).contains(&out[1]), "{out:?}");
    }
}
