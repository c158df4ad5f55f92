//! From digits to statistics, each rounded once.

use super::digits::{Power, Row};
use super::integer::Natural;
use std::cmp::Ordering;

/// Digits by which a dividend is moved up, so that a quotient by up to 2¹²⁸ keeps more than 53 bits.
const HEADROOM: usize = 7;

/// A finished sum: sign and magnitude of an integer times a power of two.
#[derive(Debug, Clone)]
pub struct Sum {
    negative: bool,
    magnitude: Natural,
    exponent: i64,
}

impl Sum {
    pub fn of(row: Row<'_>) -> Self {
        let negative = row.digits.last().is_some_and(|top| *top < 0);
        let mut digits = Vec::with_capacity(row.digits.len() + 2);
        let mut carry = 0_i64;
        for digit in row.digits {
            // A negative number's magnitude is minus its digits; carries make them natural again.
            let value = if negative { carry - digit } else { carry + digit };
            digits.push(value as u32);
            carry = value >> 32;
        }
        digits.extend([carry as u32, (carry >> 32) as u32]);
        let lowest = match row.power {
            Power::Value => -1074,
            Power::Square => -2148,
        };
        Self { negative, magnitude: Natural::new(digits), exponent: lowest + 32 * row.first as i64 }
    }

    fn signed(&self, value: f64) -> f64 {
        if self.negative { -value } else { value }
    }

    /// The sum, rounded once.
    pub fn value(&self) -> f64 {
        self.signed(self.magnitude.round(self.exponent, false))
    }

    /// The sum divided by `count`, rounded once; `None` if `count` is 0.
    pub fn mean(&self, count: u64) -> Option<f64> {
        if count == 0 {
            return None;
        }
        let (quotient, rest) = self.magnitude.shifted(HEADROOM).divided(count);
        Some(self.signed(quotient.round(self.exponent - 32 * HEADROOM as i64, rest)))
    }

    /// `(n·Σx² − (Σx)²) / (n·(n − 1))`, rounded once, where `self` is Σx; `None` for fewer than two values.
    pub fn variance(&self, squares: &Self, count: u64) -> Option<f64> {
        if count < 2 {
            return None;
        }
        let left = squares.magnitude.times(count);
        let right = self.magnitude.multiplied(&self.magnitude);
        if right.is_zero() && left.is_zero() {
            return Some(0.0);
        }
        // Both as integers over the same power of two; exponents differ by multiples of 32.
        let exponent = match (left.is_zero(), right.is_zero()) {
            (_, true) => squares.exponent,
            (true, _) => 2 * self.exponent,
            _ => squares.exponent.min(2 * self.exponent),
        };
        let aligned = |number: Natural, from: i64| match usize::try_from((from - exponent) / 32) {
            Ok(digits) if from > exponent => number.shifted(digits),
            _ => number,
        };
        let difference = aligned(left, squares.exponent).minus(&aligned(right, 2 * self.exponent));
        let (by_count, rest) = difference.shifted(HEADROOM).divided(count);
        let (variance, more) = by_count.divided(count - 1);
        Some(variance.round(exponent - 32 * HEADROOM as i64, rest || more))
    }
}

/// Not finite values are counted beside the digits; this is what they make of a sum.
pub fn with_infinities(value: f64, positive: bool, negative: bool) -> f64 {
    match positive.cmp(&negative) {
        Ordering::Greater => f64::INFINITY,
        Ordering::Less => f64::NEG_INFINITY,
        Ordering::Equal if positive => f64::NAN,
        Ordering::Equal => value,
    }
}
