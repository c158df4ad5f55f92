//! Natural numbers of any size: what finishing a sum needs, and no more. Finishing happens once a group, over a few
//! digits, so the schoolbook methods are the fast ones.

/// A natural number, in digits of 32 bits from the lowest; no zero at the top.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Natural(Vec<u32>);

impl Natural {
    pub fn new(mut digits: Vec<u32>) -> Self {
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of bits up to the highest that is set.
    pub fn bits(&self) -> i64 {
        match self.0.last() {
            None => 0,
            Some(top) => 32 * self.0.len() as i64 - i64::from(top.leading_zeros()),
        }
    }

    pub fn times(&self, factor: u64) -> Self {
        self.multiplied(&Self::new(vec![factor as u32, (factor >> 32) as u32]))
    }

    pub fn multiplied(&self, other: &Self) -> Self {
        let mut product = vec![0_u32; self.0.len() + other.0.len()];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (slot, &b) in product[i..].iter_mut().zip(&other.0) {
                let sum = u64::from(a) * u64::from(b) + u64::from(*slot) + carry;
                *slot = sum as u32;
                carry = sum >> 32;
            }
            product[i + other.0.len()] = carry as u32;
        }
        Self::new(product)
    }

    /// `self · 2^(32 · digits)`.
    pub fn shifted(&self, digits: usize) -> Self {
        let mut shifted = vec![0; digits];
        shifted.extend_from_slice(&self.0);
        Self::new(shifted)
    }

    /// `self − other`, where `other` is not larger.
    pub fn minus(&self, other: &Self) -> Self {
        let mut borrow = 0_i64;
        let difference = self
            .0
            .iter()
            .enumerate()
            .map(|(i, &digit)| {
                let value = i64::from(digit) - i64::from(other.0.get(i).copied().unwrap_or(0)) + borrow;
                borrow = value >> 32;
                value as u32
            })
            .collect();
        debug_assert_eq!(borrow, 0, "a natural number can't be negative");
        Self::new(difference)
    }

    /// The quotient, and whether a remainder was left. `divisor` is not 0.
    pub fn divided(&self, divisor: u64) -> (Self, bool) {
        let mut remainder = 0_u128;
        let mut quotient = vec![0_u32; self.0.len()];
        for (slot, &digit) in quotient.iter_mut().zip(&self.0).rev() {
            let part = remainder << 32 | u128::from(digit);
            *slot = (part / u128::from(divisor)) as u32;
            remainder = part % u128::from(divisor);
        }
        (Self::new(quotient), remainder != 0)
    }

    fn bit(&self, position: i64) -> bool {
        usize::try_from(position / 32)
            .ok()
            .and_then(|index| self.0.get(index))
            .is_some_and(|digit| position >= 0 && digit >> (position % 32) & 1 == 1)
    }

    /// Is any bit below `position` set?
    fn any_below(&self, position: i64) -> bool {
        let whole = usize::try_from(position / 32).unwrap_or(0);
        self.0.iter().take(whole).any(|&digit| digit != 0)
            || self.0.get(whole).is_some_and(|&digit| digit & ((1_u32 << (position % 32)) - 1) != 0)
    }

    /// Bits `from..from + 64`.
    fn window(&self, from: i64) -> u64 {
        let start = usize::try_from(from / 32).unwrap_or(0);
        let digit = |index: usize| u128::from(self.0.get(index).copied().unwrap_or(0));
        let wide = digit(start) | digit(start + 1) << 32 | digit(start + 2) << 64;
        (wide >> (from % 32)) as u64
    }

    /// `(self + rest) · 2^exponent` as the nearest float64, ties to even; `rest` is a number in `(0, 1)` if `inexact`,
    /// else 0. Too large a number is infinite, as IEEE 754 rounds it.
    pub fn round(&self, exponent: i64, inexact: bool) -> f64 {
        let bits = self.bits();
        if bits == 0 {
            return 0.0;
        }
        // The lowest bit that the result keeps: 53 bits, or fewer among the subnormal numbers.
        let drop = (bits - 53).max(-1074 - exponent);
        let (mantissa, exponent) = if drop <= 0 {
            (self.window(0) << (-drop).min(53), exponent + drop)
        } else {
            let kept = if drop < bits { self.window(drop) & ((1 << 53) - 1) } else { 0 };
            let half = self.bit(drop - 1);
            let beyond = inexact || self.any_below(drop - 1);
            (kept + u64::from(half && (beyond || kept & 1 == 1)), exponent + drop)
        };
        // mantissa · 2^exponent with mantissa in 2⁵²..=2⁵³, or below 2⁵² at the smallest exponent: the bits of a
        // float64 are that sum, carries into the exponent included.
        let biased = exponent + 1074;
        if biased >= 2046 {
            return f64::INFINITY;
        }
        f64::from_bits((biased as u64).wrapping_shl(52).wrapping_add(mantissa))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn natural(value: u128) -> Natural {
        Natural::new((0..4).map(|i| (value >> (32 * i)) as u32).collect())
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_integers(a in any::<u64>(), b in any::<u64>(), c in 1_u64..) {
            let (wide_a, wide_b) = (u128::from(a), u128::from(b));
            prop_assert_eq!(natural(wide_a).times(b), natural(wide_a * wide_b));
            prop_assert_eq!(natural(wide_a * wide_b).divided(c).0, natural(wide_a * wide_b / u128::from(c)));
            prop_assert_eq!(natural(wide_a * wide_b).divided(c).1, wide_a * wide_b % u128::from(c) != 0);
            prop_assert_eq!(natural(wide_a.max(wide_b)).minus(&natural(wide_a.min(wide_b))), natural(wide_a.abs_diff(wide_b)));
            prop_assert_eq!(natural(wide_a).shifted(2), natural(wide_a << 64));
        }

        #[test]
        fn rounding_is_that_of_the_processor(value in any::<u128>(), shift in 0_u32..127) {
            let value = value >> shift;
            prop_assert_eq!(natural(value).round(0, false), value as f64);
        }

        #[test]
        fn rounding_keeps_every_float(bits in 0_u64..0x7ff0_0000_0000_0000) {
            let value = f64::from_bits(bits);
            let (field, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
            let (mantissa, exponent) = if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field as i64 - 1075) };
            prop_assert_eq!(natural(u128::from(mantissa)).round(exponent, false).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn ties_go_to_even_and_a_rest_breaks_them() {
        let tie = natural((1 << 54) + 2); // halfway between 2⁵⁴ and 2⁵⁴ + 4
        assert_eq!(tie.round(0, false), (1_u64 << 54) as f64);
        assert_eq!(tie.round(0, true), ((1_u64 << 54) + 4) as f64);
        assert_eq!(natural(1).round(-1075, false), 0.0); // half of the smallest number
        assert_eq!(natural(1).round(-1075, true), f64::from_bits(1));
        assert_eq!(natural(3).round(-1076, false), f64::from_bits(1));
        assert_eq!(natural(1).round(1024, false), f64::INFINITY);
        assert_eq!(natural((1 << 53) - 1).round(971, false), f64::MAX);
    }
}
