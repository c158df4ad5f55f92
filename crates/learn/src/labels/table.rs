//! Tables of keys: by the key itself where keys are near to each other, else by their hash.

use phalanx_chunk::simd::{self, Kernel};

/// Keys that lie within so many integers are looked up by their distance from the least.
const DENSE_MAX: usize = 1 << 16;

/// Stands where no key is.
const NONE: u32 = u32::MAX;

/// The least and the largest key.
struct Extent<'a>(&'a [i64]);

impl Kernel for Extent<'_> {
    type Output = (i64, i64);

    #[inline(always)]
    fn run(self) -> (i64, i64) {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for &key in self.0 {
            least = if key < least { key } else { least };
            most = if key > most { key } else { most };
        }
        (least, most)
    }
}

/// How many integers there are from the least to the largest key, if that is few enough.
fn dense(keys: &[i64]) -> Option<(i64, usize)> {
    let (least, most) = simd::run(Extent(keys));
    let count = usize::try_from(most.checked_sub(least)?).ok()?.checked_add(1)?;
    (count <= DENSE_MAX).then_some((least, count))
}

/// The different keys, in no order; none, if they are more than `most`.
pub fn different(keys: &[i64], most: usize) -> Option<Vec<i64>> {
    if keys.is_empty() {
        return Some(vec![]);
    }
    if let Some((least, count)) = dense(keys) {
        let mut is_there = vec![false; count];
        for &key in keys {
            // It is within: the least and the most of these keys say so.
            is_there[key.wrapping_sub(least) as usize] = true;
        }
        let there = (0..count).filter(|place| is_there[*place]).map(|place| least + place as i64);
        let found: Vec<i64> = there.take(most + 1).collect();
        return (found.len() <= most).then_some(found);
    }
    let mut table = Hashed::with_room(most + 1);
    let mut found = vec![];
    for &key in keys {
        let place = table.place(key);
        if table.numbers[place] == NONE {
            if found.len() == most {
                return None;
            }
            table.set(place, key, found.len() as u32);
            found.push(key);
        }
    }
    Some(found)
}

/// Keys and their numbers.
#[derive(Debug)]
pub enum Table {
    /// The number of each key from the first on.
    Dense { first: i64, numbers: Vec<u32> },
    /// By their hash.
    Hashed(Hashed),
}

impl Table {
    /// Numbers keys as they come; of one that comes twice, the first counts.
    pub fn new(keys: &[i64]) -> Self {
        if let Some((first, count)) = dense(keys) {
            let mut numbers = vec![NONE; count];
            for (number, key) in keys.iter().enumerate().rev() {
                numbers[key.wrapping_sub(first) as usize] = number as u32;
            }
            return Self::Dense { first, numbers };
        }
        let mut table = Hashed::with_room(keys.len());
        for (number, &key) in keys.iter().enumerate() {
            let place = table.place(key);
            if table.numbers[place] == NONE {
                table.set(place, key, number as u32);
            }
        }
        Self::Hashed(table)
    }

    /// The number of each key, or -1; whether all are known.
    pub fn look_up(&self, keys: &[i64], numbers: &mut [i64]) -> bool {
        let mut least = 0;
        match self {
            Self::Dense { first, numbers: known } => {
                for (number, &key) in numbers.iter_mut().zip(keys) {
                    let place = key.wrapping_sub(*first).cast_unsigned();
                    let found = known.get(usize::try_from(place).unwrap_or(usize::MAX)).copied().unwrap_or(NONE);
                    *number = i64::from(found.cast_signed());
                    least = least.min(*number);
                }
            }
            Self::Hashed(table) => {
                for (number, &key) in numbers.iter_mut().zip(keys) {
                    *number = i64::from(table.numbers[table.place(key)].cast_signed());
                    least = least.min(*number);
                }
            }
        }
        least >= 0
    }
}

/// Open addressing, at most half full.
#[derive(Debug)]
pub struct Hashed {
    keys: Vec<i64>,
    numbers: Vec<u32>,
    shift: u32,
}

impl Hashed {
    fn with_room(count: usize) -> Self {
        let places = (2 * count + 2).next_power_of_two();
        Self { keys: vec![0; places], numbers: vec![NONE; places], shift: 64 - places.trailing_zeros() }
    }

    /// Where the key is, or would be. (Fibonacci hashing: Knuth, "The Art of Computer Programming" 3, section 6.4.)
    fn place(&self, key: i64) -> usize {
        let mixed = (key.cast_unsigned() ^ (key.cast_unsigned() >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut place = (mixed >> self.shift) as usize;
        while self.numbers[place] != NONE && self.keys[place] != key {
            place = (place + 1) & (self.keys.len() - 1);
        }
        place
    }

    fn set(&mut self, place: usize, key: i64, number: u32) {
        (self.keys[place], self.numbers[place]) = (key, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_near_and_far() {
        for scale in [1, 1 << 40] {
            let keys: Vec<i64> = (0..300).map(|i| ((i * 7919) % 101 - 50) * scale).collect();
            let mut found = different(&keys, 101).unwrap();
            assert_eq!(found.len(), 101);
            assert_eq!(different(&keys, 100), None);
            found.sort_unstable();
            let table = Table::new(&found);
            let mut numbers = vec![0; keys.len()];
            assert!(table.look_up(&keys, &mut numbers));
            assert!(keys.iter().zip(&numbers).all(|(key, number)| found[*number as usize] == *key));
            let mut numbers = [0; 4];
            assert!(!table.look_up(&[51 * scale, -51 * scale, i64::MIN, 50 * scale], &mut numbers));
            assert_eq!(numbers, [-1, -1, -1, 100]);
        }
        assert_eq!(different(&[], 0).unwrap(), [0_i64; 0]);
        assert_eq!(different(&[i64::MIN, i64::MAX], 5).unwrap().len(), 2);
        assert!(!Table::new(&[]).look_up(&[1], &mut [0]));
    }
}
