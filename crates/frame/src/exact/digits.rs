//! The accumulators of many groups, side by side.
//!
//! All groups share one window of digits: most columns need three or four of the 68 (136 for squares), so a group
//! costs some forty bytes, not half a kilobyte. A value beyond the window widens it for all.

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// The values: an integer times 2⁻¹⁰⁷⁴.
    Value,
    /// Their squares: an integer times 2⁻²¹⁴⁸.
    Square,
}

impl Power {
    /// How many digits one term touches.
    const fn touched(self) -> usize {
        match self {
            Power::Value => 3,
            Power::Square => 5,
        }
    }

    /// The lowest digit that a term with this biased exponent touches.
    const fn digit(self, exponent: u64) -> usize {
        let position = exponent.saturating_sub(1);
        match self {
            Power::Value => (position >> 5) as usize,
            Power::Square => (position >> 4) as usize,
        }
    }
}

/// After so many terms the carries are propagated: a term adds less than 2³³ to a digit of 63 bits.
const TERMS_MAX: usize = 1 << 29;

/// Exact sums of float64 values (or of their squares), one for each group.
#[derive(Debug, Clone)]
pub struct Digits {
    power: Power,
    /// The number of the window's lowest digit, which counts units of 2^(32 · first) of the lowest bit.
    first: usize,
    /// Digits of the window; the highest takes carries only.
    width: usize,
    groups: usize,
    /// Row by row: `width` digits for each group.
    digits: Vec<i64>,
    terms: usize,
}

impl Digits {
    pub fn new(power: Power) -> Self {
        Self { power, first: 0, width: 0, groups: 0, digits: vec![], terms: 0 }
    }

    /// Makes room for `groups` groups.
    pub fn resize(&mut self, groups: usize) {
        self.groups = groups;
        self.digits.resize(groups * self.width, 0);
    }

    pub fn bytes(&self) -> usize {
        self.digits.capacity() * size_of::<i64>()
    }

    /// Adds each value to its group's sum. The values are finite; zeros add nothing.
    pub fn add(&mut self, values: &[f64], groups: &[usize]) {
        let (mut low, mut high) = (u64::MAX, 0);
        for value in values {
            let bits = value.to_bits() & (u64::MAX >> 1);
            let exponent = bits >> 52;
            low = low.min(if bits == 0 { u64::MAX } else { exponent });
            high = high.max(exponent);
        }
        if low == u64::MAX {
            return;
        }
        self.cover(self.power.digit(low), self.power.digit(high) + self.power.touched());
        self.count(values.len());
        match self.power {
            Power::Value => self.add_values(values, groups),
            Power::Square => self.add_squares(values, groups),
        }
    }

    fn add_values(&mut self, values: &[f64], groups: &[usize]) {
        let (first, width) = (self.first, self.width);
        for (value, group) in values.iter().zip(groups) {
            let (mantissa, position) = split(*value);
            // A zero has the lowest position there is, and may stand anywhere.
            let at = ((position >> 5) as usize).max(first) - first;
            let term = u128::from(mantissa) << (position & 31);
            let sign = value.to_bits().cast_signed() >> 63;
            let signed = |digit: u32| (i64::from(digit) ^ sign) - sign;
            let row = &mut self.digits[group * width + at..][..3];
            row[0] += signed(term as u32);
            row[1] += signed((term >> 32) as u32);
            row[2] += signed((term >> 64) as u32);
        }
    }

    fn add_squares(&mut self, values: &[f64], groups: &[usize]) {
        let (first, width) = (self.first, self.width);
        for (value, group) in values.iter().zip(groups) {
            let (mantissa, position) = split(*value);
            let at = ((position >> 4) as usize).max(first) - first;
            let square = u128::from(mantissa) * u128::from(mantissa);
            let shift = (position & 15) * 2;
            let (low, high) = (u128::from(square as u64) << shift, (square >> 64) << shift);
            let row = &mut self.digits[group * width + at..][..5];
            row[0] += i64::from(low as u32);
            row[1] += i64::from((low >> 32) as u32);
            row[2] += i64::from((low >> 64) as u32) + i64::from(high as u32);
            row[3] += i64::from((high >> 32) as u32);
            row[4] += i64::from((high >> 64) as u32);
        }
    }

    /// Takes the square of a finite value away from a group's sum, to which it was added before.
    pub fn subtract(&mut self, value: f64, group: usize) {
        let negate = |row: &mut [i64]| row.iter_mut().for_each(|digit| *digit = -*digit);
        let width = self.width;
        negate(&mut self.digits[group * width..][..width]);
        self.add(&[value], &[group]);
        let width = self.width;
        negate(&mut self.digits[group * width..][..width]);
    }

    /// The sum of the first group, which stays.
    pub fn peek(&mut self) -> super::Sum {
        self.carry();
        super::Sum::of(Row { power: self.power, first: self.first, digits: &self.digits[..self.width] })
    }

    /// The digits of the first `groups` groups with their carries propagated, as bytes for [`Digits::merge`]; these
    /// groups are gone then, and the others move down.
    pub fn take(&mut self, groups: usize, mut emit: impl FnMut(Row<'_>)) {
        let groups = groups.min(self.groups);
        self.carry();
        for row in self.digits.chunks(self.width.max(1)).take(groups) {
            emit(Row { power: self.power, first: self.first, digits: row });
        }
        if self.width == 0 {
            (0..groups).for_each(|_| emit(Row { power: self.power, first: 0, digits: &[] }));
        }
        self.groups -= groups;
        if self.groups == 0 {
            self.digits = vec![]; // who gives all away does so for want of memory
        } else {
            self.digits.drain(..groups * self.width);
        }
    }

    /// Adds what [`Row::write`] wrote to a group's sum; `None` if the bytes are not that.
    pub fn merge(&mut self, group: usize, bytes: &[u8]) -> Option<()> {
        let (&first, rest) = bytes.split_first()?;
        let (digits, []) = rest.as_chunks::<8>() else { return None };
        if digits.is_empty() {
            return Some(());
        }
        let first = usize::from(first);
        self.cover(first, first + digits.len());
        self.count(2);
        let row = &mut self.digits[group * self.width + (first - self.first)..][..digits.len()];
        for (digit, bytes) in row.iter_mut().zip(digits) {
            *digit = digit.checked_add(i64::from_le_bytes(*bytes))?;
        }
        Some(())
    }

    /// Widens the window to hold digits `low..high`, and one above for carries.
    fn cover(&mut self, low: usize, high: usize) {
        let (old_first, old_width) = (self.first, self.width);
        let (first, end) = match old_width {
            0 => (low, high + 1),
            _ => (low.min(old_first), (high + 1).max(old_first + old_width)),
        };
        let width = end - first;
        if width == old_width {
            return;
        }
        self.carry();
        let mut digits = vec![0; self.groups * width];
        if old_width > 0 {
            for (new, old) in digits.chunks_mut(width).zip(self.digits.chunks(old_width)) {
                new[old_first - first..][..old_width].copy_from_slice(old);
            }
        }
        (self.first, self.width, self.digits) = (first, width, digits);
    }

    fn count(&mut self, terms: usize) {
        if self.terms.saturating_add(terms) > TERMS_MAX {
            self.carry();
        }
        self.terms += terms;
    }

    /// Brings all digits but the highest into `0..2³²`; the highest has the sign.
    fn carry(&mut self) {
        self.terms = 0;
        for row in self.digits.chunks_mut(self.width.max(1)) {
            let mut carry = 0;
            if let Some((top, lower)) = row.split_last_mut() {
                for digit in lower {
                    let value = *digit + carry;
                    *digit = value & 0xffff_ffff;
                    carry = value >> 32;
                }
                *top += carry;
            }
        }
    }
}

/// Mantissa and position of a finite value: `|value| = mantissa · 2^(position − 1074)`.
#[inline(always)]
fn split(value: f64) -> (u64, u64) {
    let bits = value.to_bits();
    let exponent = bits >> 52 & 0x7ff;
    let normal = u64::from(exponent != 0);
    (bits & ((1 << 52) - 1) | normal << 52, exponent - normal)
}

/// One group's sum, carries propagated.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub power: Power,
    pub first: usize,
    pub digits: &'a [i64],
}

impl Row<'_> {
    /// As bytes, without the zeros at either end: the number of the first digit, then the digits.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let low = self.digits.iter().take_while(|digit| **digit == 0).count();
        let high = self.digits.iter().rposition(|digit| *digit != 0).map_or(low, |last| last + 1);
        bytes.push((self.first + low).min(255) as u8);
        for digit in &self.digits[low..high] {
            bytes.extend_from_slice(&digit.to_le_bytes());
        }
    }
}
