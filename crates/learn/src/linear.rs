//! Kernels over rows: linear predictors, and sums of products of features.
//!
//! Loops run over arrays of a fixed size by index: with iterators, the compiler at times keeps calls in them.

use phalanx_chunk::simd::{self, Kernel};

/// Values that are computed side by side.
const LANES: usize = 8;

/// Lines of a tile of products: 4 × 8 sums stay in registers.
const LINES: usize = 4;

/// Rows that are added at once: so few that their copies stay in the first-level cache.
pub const STRIP_ROWS: usize = 64;

/// For each row of `features` (row-major, `coefficients.len()` values each) its product with the coefficients, plus
/// the intercept, into `out`. One multiplication and one addition a value; eight sums run side by side and are added
/// in a fixed tree, and after them what is left of a row.
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
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.coefficients.len();
        let (factors, factors_left) = self.coefficients.as_chunks::<LANES>();
        let (factors_four, factors_left) = factors_left.as_chunks::<LINES>();
        for row in 0..self.out.len() {
            let (values, values_left) = self.features[row * width..(row + 1) * width].as_chunks::<LANES>();
            let mut sums = [0.0; LANES];
            for chunk in 0..factors.len().min(values.len()) {
                for lane in 0..LANES {
                    sums[lane] += values[chunk][lane] * factors[chunk][lane];
                }
            }
            let [a, b, c, d, e, f, g, h] = sums;
            let mut sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
            // What is left apart: part of a vector, written and read again as a whole one, would wait for its memory.
            let (values_four, values_left) = values_left.as_chunks::<LINES>();
            if let (Some(values), Some(factors)) = (values_four.first(), factors_four.first()) {
                let [a, b, c, d] = [0, 1, 2, 3].map(|lane| values[lane] * factors[lane]);
                sum += (a + b) + (c + d);
            }
            for lane in 0..factors_left.len().min(values_left.len()) {
                sum += values_left[lane] * factors_left[lane];
            }
            self.out[row] = sum + self.intercept;
        }
    }
}

/// Adds to `sums` the rows of `features` (row-major, `sums.len()` values each), each times its factor. The order of the
/// additions is that of the rows.
pub fn combine(features: &[f64], factors: &[f64], sums: &mut [f64]) {
    simd::run(Combine { features, factors, sums });
}

struct Combine<'a> {
    features: &'a [f64],
    factors: &'a [f64],
    sums: &'a mut [f64],
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.sums.len();
        if width < LANES {
            for (row, factor) in self.features.chunks_exact(width.max(1)).zip(self.factors) {
                for (sum, value) in self.sums.iter_mut().zip(row) {
                    *sum += factor * value;
                }
            }
            return;
        }
        // Panels of eight columns; the last one ends with the row, and may have columns of the one before it.
        let panels = width.div_ceil(LANES);
        let place = |panel: usize| (panel * LANES).min(width - LANES);
        let before = self.sums.to_vec();
        let mut panel = 0;
        while panel < panels {
            let (sums, features, factors) = (&mut *self.sums, self.features, self.factors);
            let taken = (panels - panel).min(4);
            match taken {
                4 => add_panels([0, 1, 2, 3].map(|i| place(panel + i)), features, factors, &before, sums),
                3 => add_panels([0, 1, 2].map(|i| place(panel + i)), features, factors, &before, sums),
                2 => add_panels([0, 1].map(|i| place(panel + i)), features, factors, &before, sums),
                _ => add_panels([place(panel)], features, factors, &before, sums),
            }
            panel += taken;
        }
    }
}

/// The sums of the panels of columns that begin at `places`, from what they were before; they stay in registers.
#[inline(always)]
fn add_panels<const COUNT: usize>(
    places: [usize; COUNT],
    features: &[f64],
    factors: &[f64],
    before: &[f64],
    out: &mut [f64],
) {
    let width = out.len();
    let mut sums = [[0.0; LANES]; COUNT];
    for panel in 0..COUNT {
        sums[panel].copy_from_slice(&before[places[panel]..places[panel] + LANES]);
    }
    for (row, factor) in features.chunks_exact(width).zip(factors) {
        for panel in 0..COUNT {
            let values = &row[places[panel]..places[panel] + LANES];
            for lane in 0..LANES {
                sums[panel][lane] += factor * values[lane];
            }
        }
    }
    for panel in 0..COUNT {
        out[places[panel]..places[panel] + LANES].copy_from_slice(&sums[panel]);
    }
}

/// Sums over rows `x = (features, 1)`: of `s · x` and of `v · x xᵀ`, with a factor `s` and a factor `v` for each row.
///
/// Rows are copied in strips into panels of eight columns, so that a tile of 4 × 8 sums runs over contiguous memory.
/// The order of the additions is that of the rows, and nothing is fused: bits depend on no processor.
#[derive(Debug)]
pub struct Products {
    width: usize,
    /// For each panel, [`STRIP_ROWS`] rows of eight columns.
    panels: Vec<[f64; LANES]>,
    /// The same times `v`, in panels of four.
    scaled: Vec<[f64; LINES]>,
    /// Sums of `s · x`, by panel.
    vector: Vec<[f64; LANES]>,
    /// Tiles of sums of `v · x xᵀ`: those on and below the diagonal, line by line.
    tiles: Vec<[[f64; LANES]; LINES]>,
}

impl Products {
    /// No rows yet, of `width` features.
    pub fn new(width: usize) -> Self {
        let panels = width / LANES + 1;
        Self {
            width,
            panels: vec![[0.0; LANES]; panels * STRIP_ROWS],
            scaled: vec![[0.0; LINES]; 2 * panels * STRIP_ROWS],
            vector: vec![[0.0; LANES]; panels],
            tiles: vec![[[0.0; LANES]; LINES]; panels * (panels + 1)],
        }
    }

    /// Adds at most [`STRIP_ROWS`] rows, with their factors. Cost: `rows · width² / 2` multiplications.
    pub fn add(&mut self, features: &[f64], vector_factors: &[f64], matrix_factors: &[f64]) {
        simd::run(Add { products: self, features, vector_factors, matrix_factors });
    }

    /// The sum of `s · x[i]`; `i` is `width` for the 1.
    pub fn vector(&self, i: usize) -> f64 {
        self.vector[i / LANES][i % LANES]
    }

    /// The sum of `v · x[i] · x[j]`.
    pub fn matrix(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (i.max(j), i.min(j));
        self.tiles[first_tile(i / LINES) + j / LANES][i % LINES][j % LANES]
    }
}

/// Tiles before the first one of this line of tiles: each two lines of tiles reach one panel further.
const fn first_tile(line: usize) -> usize {
    let (pairs, odd) = (line / 2, line % 2);
    pairs * (pairs + 1) + odd * (pairs + 1)
}

struct Add<'a> {
    products: &'a mut Products,
    features: &'a [f64],
    vector_factors: &'a [f64],
    matrix_factors: &'a [f64],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rows = self.vector_factors.len().min(self.matrix_factors.len()).min(STRIP_ROWS);
        let Products { width, panels, scaled, vector, tiles } = self.products;
        let count = vector.len();
        for row in 0..rows {
            let (values, left) = self.features[row * *width..(row + 1) * *width].as_chunks::<LANES>();
            let mut last = [0.0; LANES];
            last[..left.len()].copy_from_slice(left);
            last[left.len()] = 1.0;
            for panel in 0..count {
                let value = if panel < values.len() { values[panel] } else { last };
                let factor = self.matrix_factors[row];
                panels[panel * STRIP_ROWS + row] = value;
                let [a, b, c, d, e, f, g, h] = value;
                scaled[2 * panel * STRIP_ROWS + row] = [factor * a, factor * b, factor * c, factor * d];
                scaled[(2 * panel + 1) * STRIP_ROWS + row] = [factor * e, factor * f, factor * g, factor * h];
            }
        }
        for panel in 0..count {
            let right = &panels[panel * STRIP_ROWS..panel * STRIP_ROWS + rows];
            let mut sums = vector[panel];
            for (factor, right) in self.vector_factors.iter().zip(right) {
                for lane in 0..LANES {
                    sums[lane] += factor * right[lane];
                }
            }
            vector[panel] = sums;
            for line in 2 * panel..2 * count {
                let left = &scaled[line * STRIP_ROWS..line * STRIP_ROWS + rows];
                let place = first_tile(line) + panel;
                let mut tile = tiles[place];
                for row in 0..rows {
                    for i in 0..LINES {
                        for lane in 0..LANES {
                            tile[i][lane] += left[row][i] * right[row][lane];
                        }
                    }
                }
                tiles[place] = tile;
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
        for (rows, width) in [(1, 1), (5, 7), (64, 8), (64, 20), (33, 40), (2, 47)] {
            let features = values(rows * width);
            let (s, v) = (values(rows), values(rows + 3)[3..].to_vec());
            let mut products = Products::new(width);
            let (strip, tail) = (rows - rows / 3, rows / 3);
            products.add(&features[..strip * width], &s[..strip], &v[..strip]);
            products.add(&features[strip * width..], &s[strip..], &v[strip..]);
            assert_eq!(strip + tail, rows);
            let x = |row: usize, i: usize| if i == width { 1.0 } else { features[row * width + i] };
            for i in 0..=width {
                assert_eq!(products.vector(i), (0..rows).map(|row| s[row] * x(row, i)).sum::<f64>());
                for j in 0..=width {
                    let plain: f64 = (0..rows).map(|row| v[row] * x(row, i) * x(row, j)).sum();
                    assert_eq!(products.matrix(i, j), plain, "{rows} {width} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn rows_are_combined_by_their_factors() {
        for width in [1, 7, 8, 9, 20, 33, 40, 71] {
            let (features, factors) = (values(width * 10), values(10));
            let mut sums = values(width);
            combine(&features, &factors, &mut sums);
            for (column, sum) in sums.iter().enumerate() {
                let plain = (0..10).map(|row| factors[row] * features[row * width + column]).sum::<f64>();
                assert_eq!(*sum, values(width)[column] + plain, "{width} {column}");
            }
        }
    }

    #[test]
    fn decisions_are_products_with_the_rows() {
        for width in [1, 4, 6, 7, 8, 9, 12, 21] {
            let (features, coefficients) = (values(width * 10), values(width));
            let mut out = vec![0.0; 10];
            decisions(&features, &coefficients, 0.5, &mut out);
            for (row, out) in features.chunks_exact(width).zip(out) {
                assert_eq!(out, 0.5 + row.iter().zip(&coefficients).map(|(a, b)| a * b).sum::<f64>());
            }
        }
    }
}
