//! Kernels over rows: linear predictors, and sums of products of features.

use crate::simd::{self, Kernel};

/// Values that are summed side by side; the lanes' sums are added in a fixed tree.
const LANES: usize = 8;

/// Side of a tile of products that stays in registers: 4 × 8 sums.
const TILE: usize = 4;

/// `width` rounded up to whole lanes.
pub fn padded(width: usize) -> usize {
    width.next_multiple_of(LANES)
}

/// For each row of `features` (row-major, `coefficients.len()` values each) its product with the coefficients, plus
/// the intercept, into `out`. One multiplication and one addition a value.
pub fn decisions(features: &[f64], coefficients: &[f64], intercept: f64, out: &mut [f64]) {
    simd::run(Decisions { features, coefficients, intercept, out });
}

struct Decisions<'a> {
    features: &'a [f64],
    coefficients: &'a [f64],
    intercept: f64,
    out: &'a mut [f64],
}

impl Kernel for Decisions<'_> {
    #[inline(always)]
    fn run(self) {
        let width = self.coefficients.len().max(1);
        for (row, out) in self.features.chunks_exact(width).zip(self.out) {
            let mut sums = [0.0; LANES];
            let (rows, row_rest) = row.as_chunks::<LANES>();
            let (factors, factor_rest) = self.coefficients.as_chunks::<LANES>();
            for (values, factors) in rows.iter().zip(factors) {
                for lane in 0..LANES {
                    sums[lane] += values[lane] * factors[lane];
                }
            }
            for (sum, (value, factor)) in sums.iter_mut().zip(row_rest.iter().zip(factor_rest)) {
                *sum += value * factor;
            }
            let [a, b, c, d, e, f, g, h] = sums;
            *out = ((a + b) + (c + d)) + ((e + f) + (g + h)) + self.intercept;
        }
    }
}

/// Adds to `sums` (`width` × `width`, row-major; on and below the diagonal) the products of the columns of `left` with
/// those of `right`: `sums[i, j] += Σ left[row, i] · right[row, j]`. Both are row-major with `width` columns, a
/// multiple of the lanes. The order of the additions is that of the rows, whatever the processor.
///
/// Cost: `rows · width² / 2` multiplications; 4 × 8 sums stay in registers, so rows are read `width / 8` times: take
/// few enough at once for the cache.
pub fn add_products(sums: &mut [f64], left: &[f64], right: &[f64], width: usize) {
    simd::run(AddProducts { sums, left, right, width });
}

struct AddProducts<'a> {
    sums: &'a mut [f64],
    left: &'a [f64],
    right: &'a [f64],
    width: usize,
}

impl Kernel for AddProducts<'_> {
    #[inline(always)]
    fn run(self) {
        let width = self.width.max(LANES);
        for i in (0..width).step_by(TILE) {
            for j in (0..i + TILE).step_by(LANES) {
                let mut tile = [[0.0; LANES]; TILE];
                for (line, sums) in tile.iter_mut().zip(self.sums[i * width..].chunks_exact(width)) {
                    line.copy_from_slice(&sums[j..j + LANES]);
                }
                for (left, right) in self.left.chunks_exact(width).zip(self.right.chunks_exact(width)) {
                    let (Some(left), Some(right)) =
                        (left[i..].first_chunk::<TILE>(), right[j..].first_chunk::<LANES>())
                    else {
                        continue; // width is a multiple of both
                    };
                    for line in 0..TILE {
                        for lane in 0..LANES {
                            tile[line][lane] += left[line] * right[lane];
                        }
                    }
                }
                for (line, sums) in tile.iter().zip(self.sums[i * width..].chunks_exact_mut(width)) {
                    sums[j..j + LANES].copy_from_slice(line);
                }
            }
        }
    }
}

/// Adds to `sums` (`width`) each row of `right` times its factor: `sums[j] += Σ factors[row] · right[row, j]`.
pub fn add_scaled(sums: &mut [f64], factors: &[f64], right: &[f64], width: usize) {
    simd::run(AddScaled { sums, factors, right, width });
}

struct AddScaled<'a> {
    sums: &'a mut [f64],
    factors: &'a [f64],
    right: &'a [f64],
    width: usize,
}

impl Kernel for AddScaled<'_> {
    #[inline(always)]
    fn run(self) {
        for (row, factor) in self.right.chunks_exact(self.width.max(1)).zip(self.factors) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += factor * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f64> {
        (0..count).map(|i| ((i * 7919) % 101) as f64 - 50.0).collect()
    }

    #[test]
    fn products_are_those_of_plain_loops() {
        // Integers, so that sums are exact in any order.
        for (rows, width) in [(1, 8), (5, 8), (64, 24), (33, 40)] {
            let (left, right) = (values(rows * width), values(rows * width + 3)[3..].to_vec());
            let mut sums = vec![1.0; width * width];
            add_products(&mut sums, &left, &right, width);
            for i in 0..width {
                for j in 0..=i {
                    let plain: f64 = (0..rows).map(|row| left[row * width + i] * right[row * width + j]).sum();
                    assert_eq!(sums[i * width + j], 1.0 + plain, "{rows} {width} {i} {j}");
                }
            }
            let mut scaled = vec![2.0; width];
            add_scaled(&mut scaled, &left[..rows], &right, width);
            let plain: f64 = (0..rows).map(|row| left[row] * right[row * width + 1]).sum();
            assert_eq!(scaled[1], 2.0 + plain);
        }
    }

    #[test]
    fn decisions_are_products_with_the_rows() {
        for width in [1, 7, 8, 9, 21] {
            let (features, coefficients) = (values(width * 10), values(width));
            let mut out = vec![0.0; 10];
            decisions(&features, &coefficients, 0.5, &mut out);
            for (row, out) in features.chunks_exact(width).zip(out) {
                assert_eq!(out, 0.5 + row.iter().zip(&coefficients).map(|(a, b)| a * b).sum::<f64>());
            }
        }
    }
}
