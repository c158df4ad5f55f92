//! Sums of products of columns about their means, in one pass.
//!
//! Loops run over arrays of a fixed size by index: with iterators, the compiler at times keeps calls in them.

use phalanx_chunk::simd::{self, Kernel};

/// Columns that are computed side by side.
const LANES: usize = 8;

/// Lines of a tile of products: 4 × 8 sums stay in registers on every processor.
const LINES: usize = 4;

/// Rows that are added at once: so few that their copies stay in the first-level cache.
pub const STRIP_ROWS: usize = 64;

/// The weight of rows, the means of their columns, and the sums of products of columns about these means.
///
/// Each strip of rows is centered at its own means, and strips are merged by the formula of Chan, Golub and LeVeque
/// (1983): columns far from zero keep their digits, and nothing must be known of them before. Rows are copied into
/// panels of eight columns, so that a tile of products runs over contiguous memory. The order of the additions is that
/// of the rows, and nothing is fused: bits depend on no processor.
#[derive(Debug)]
pub struct Centered {
    features: usize,
    columns: usize,
    weight: f64,
    /// By panel.
    mean: Vec<[f64; LANES]>,
    /// Tiles on and below the diagonal: for each panel those of its own lines and of all below.
    tiles: Vec<[[f64; LANES]; LINES]>,
    /// For each panel, [`STRIP_ROWS`] rows of eight columns.
    panels: Vec<[f64; LANES]>,
    /// The same times the rows' weights, if they have any.
    scaled: Vec<[f64; LANES]>,
    /// How far the means of a strip are from those before it.
    shift: Vec<[f64; LANES]>,
}

impl Centered {
    /// No rows yet, of `features` columns, and one more for a target.
    pub fn new(features: usize, has_target: bool) -> Self {
        let columns = features + usize::from(has_target);
        let (panels, lines) = (columns.div_ceil(LANES), columns.div_ceil(LINES));
        let tiles = (0..panels).map(|panel| lines - 2 * panel).sum();
        Self {
            features,
            columns,
            weight: 0.0,
            mean: vec![[0.0; LANES]; panels],
            tiles: vec![[[0.0; LANES]; LINES]; tiles],
            panels: vec![[0.0; LANES]; panels * STRIP_ROWS],
            scaled: vec![],
            shift: vec![[0.0; LANES]; panels],
        }
    }

    /// Adds at most [`STRIP_ROWS`] rows, with their targets, if there is a column for them, and their weights, if they
    /// have any. Cost: `rows · columns² / 2` multiplications.
    pub fn add(&mut self, features: &[f64], targets: &[f64], weights: &[f64]) {
        if !weights.is_empty() && self.scaled.is_empty() {
            self.scaled = self.panels.clone();
        }
        simd::run(Add { sums: self, features, targets, weights });
    }

    /// The sum of the rows' weights.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Of each column the mean.
    pub fn means(&self) -> Vec<f64> {
        self.mean.as_flattened()[..self.columns].to_vec()
    }

    /// The sums of products, packed by rows on and below the diagonal.
    pub fn packed(&self) -> Vec<f64> {
        let lines = self.columns.div_ceil(LINES);
        let at = |i: usize, j: usize| {
            self.tiles[first_tile(lines, j / LANES) + i / LINES - 2 * (j / LANES)][i % LINES][j % LANES]
        };
        (0..self.columns).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
    }
}

/// Tiles of the panels before this one.
const fn first_tile(lines: usize, panel: usize) -> usize {
    panel * lines - panel * panel.saturating_sub(1)
}

/// Whether there are registers for tiles of eight lines; the sums are the same.
fn has_wide_registers() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

struct Add<'a> {
    sums: &'a mut Centered,
    features: &'a [f64],
    targets: &'a [f64],
    weights: &'a [f64],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Centered { features: width, columns, weight, mean, tiles, panels, scaled, shift } = self.sums;
        let (width, lines, count) = (*width, columns.div_ceil(LINES), mean.len());
        let rows = (self.features.len() / width).min(STRIP_ROWS);
        let weights = (!self.weights.is_empty()).then_some(self.weights);
        let has_target = *columns > width;
        for row in 0..rows {
            let (values, left) = self.features[row * width..(row + 1) * width].as_chunks::<LANES>();
            for panel in 0..values.len() {
                panels[panel * STRIP_ROWS + row] = values[panel];
            }
            // What is left goes straight to its place: part of a vector, written and read again as a whole one, would
            // wait for its memory.
            if left.len() + usize::from(has_target) > 0 {
                let last = &mut panels[values.len() * STRIP_ROWS + row];
                last[..left.len()].copy_from_slice(left);
                if has_target {
                    last[left.len()] = self.targets[row];
                }
            }
        }
        let strip_weight = match weights {
            None => rows as f64,
            Some(weights) => weights[..rows].iter().fold(0.0, |sum, weight| sum + weight),
        };
        let total = *weight + strip_weight;
        let share = if total > 0.0 { strip_weight / total } else { 0.0 };
        for panel in 0..count {
            let strip = &mut panels[panel * STRIP_ROWS..panel * STRIP_ROWS + rows];
            let means = center(strip, weights, strip_weight);
            for lane in 0..LANES {
                shift[panel][lane] = means[lane] - mean[panel][lane];
                mean[panel][lane] += shift[panel][lane] * share;
            }
            if let Some(weights) = weights {
                let to = &mut scaled[panel * STRIP_ROWS..panel * STRIP_ROWS + rows];
                for row in 0..rows.min(weights.len()) {
                    for lane in 0..LANES {
                        to[row][lane] = strip[row][lane] * weights[row];
                    }
                }
            }
        }
        let factor = *weight * share;
        let left = if weights.is_some() { &*scaled } else { &*panels };
        let wide = has_wide_registers();
        for panel in 0..count {
            let right = &panels[panel * STRIP_ROWS..panel * STRIP_ROWS + rows];
            let tiles = &mut tiles[first_tile(lines, panel)..];
            for below in panel..count {
                let (from, tile) = (&left[below * STRIP_ROWS..below * STRIP_ROWS + rows], 2 * (below - panel));
                let (shift, side) = (&shift[below], &shift[panel]);
                if wide && 2 * below + 1 < lines {
                    let (upper, lower) = tiles[tile..tile + 2].split_at_mut(1);
                    add_pair(from, right, &mut upper[0], &mut lower[0]);
                } else {
                    add_tile::<0>(from, right, &mut tiles[tile]);
                    if 2 * below + 1 < lines {
                        add_tile::<LINES>(from, right, &mut tiles[tile + 1]);
                    }
                }
                for half in 0..(lines - 2 * below).min(2) {
                    let tile = &mut tiles[tile + half];
                    for i in 0..LINES {
                        let by = factor * shift[half * LINES + i];
                        for lane in 0..LANES {
                            tile[i][lane] += by * side[lane];
                        }
                    }
                }
            }
        }
        *weight = total;
    }
}

/// Subtracts its columns' means from a strip, and gives them; without weight they are those of the first row.
///
/// The first row is subtracted before the means are computed, so that a constant column becomes exactly 0.
#[inline(always)]
fn center(strip: &mut [[f64; LANES]], weights: Option<&[f64]>, weight: f64) -> [f64; LANES] {
    let Some(&first) = strip.first() else { return [0.0; LANES] };
    subtract(strip, &first);
    let mut means = match weights {
        None => summed(strip, |_| 1.0),
        Some(weights) => summed(strip, |row| weights[row]),
    };
    for mean in &mut means {
        *mean = if weight > 0.0 { *mean / weight } else { 0.0 };
    }
    subtract(strip, &means);
    for lane in 0..LANES {
        means[lane] += first[lane];
    }
    means
}

#[inline(always)]
fn subtract(strip: &mut [[f64; LANES]], from_each: &[f64; LANES]) {
    for values in strip {
        for lane in 0..LANES {
            values[lane] -= from_each[lane];
        }
    }
}

/// The weighted sums of a strip's columns. Four run side by side, that additions need not wait for each other.
#[inline(always)]
fn summed(strip: &[[f64; LANES]], by: impl Fn(usize) -> f64) -> [f64; LANES] {
    let (mut a, mut b, mut c, mut d) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let mut row = 0;
    while row + 4 <= strip.len() {
        let (by_a, by_b, by_c, by_d) = (by(row), by(row + 1), by(row + 2), by(row + 3));
        for lane in 0..LANES {
            a[lane] += by_a * strip[row][lane];
            b[lane] += by_b * strip[row + 1][lane];
            c[lane] += by_c * strip[row + 2][lane];
            d[lane] += by_d * strip[row + 3][lane];
        }
        row += 4;
    }
    while row < strip.len() {
        let by = by(row);
        for lane in 0..LANES {
            a[lane] += by * strip[row][lane];
        }
        row += 1;
    }
    for lane in 0..LANES {
        a[lane] = (a[lane] + b[lane]) + (c[lane] + d[lane]);
    }
    a
}

/// Adds the products of four of the columns on the left, from the `FIRST`, with those on the right.
#[inline(always)]
fn add_tile<const FIRST: usize>(left: &[[f64; LANES]], right: &[[f64; LANES]], tile: &mut [[f64; LANES]; LINES]) {
    let mut sums = *tile;
    for row in 0..left.len().min(right.len()) {
        for i in 0..LINES {
            for lane in 0..LANES {
                sums[i][lane] += left[row][FIRST + i] * right[row][lane];
            }
        }
    }
    *tile = sums;
}

/// The same for all eight columns on the left.
#[inline(always)]
fn add_pair(
    left: &[[f64; LANES]],
    right: &[[f64; LANES]],
    upper: &mut [[f64; LANES]; LINES],
    lower: &mut [[f64; LANES]; LINES],
) {
    let (mut first, mut second) = (*upper, *lower);
    for row in 0..left.len().min(right.len()) {
        for i in 0..LINES {
            for lane in 0..LANES {
                first[i][lane] += left[row][i] * right[row][lane];
            }
        }
        for i in 0..LINES {
            for lane in 0..LANES {
                second[i][lane] += left[row][LINES + i] * right[row][lane];
            }
        }
    }
    (*upper, *lower) = (first, second);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(i: usize) -> f64 {
        ((i * 7919) % 101) as f64 / 8.0 - 6.0
    }

    #[test]
    fn products_about_the_means_are_those_of_plain_loops() {
        for (rows, width) in [(1, 1), (5, 7), (64, 8), (150, 20), (129, 40), (200, 47), (70, 3)] {
            for (has_target, is_weighted) in [(false, false), (true, false), (true, true), (false, true)] {
                let features: Vec<f64> = (0..rows * width).map(|i| value(i) + 1e6 * ((i % width) as f64)).collect();
                let targets: Vec<f64> = (0..rows).map(|i| value(3 * i + 1)).collect();
                let weights: Vec<f64> =
                    (0..rows).map(|i| if is_weighted { (i % 3) as f64 + 0.5 } else { 1.0 }).collect();
                let mut sums = Centered::new(width, has_target);
                for first in (0..rows).step_by(STRIP_ROWS) {
                    let end = (first + STRIP_ROWS).min(rows);
                    let of = |there: bool, values: &[f64]| if there { values[first..end].to_vec() } else { vec![] };
                    let strip = &features[first * width..end * width];
                    sums.add(strip, &of(has_target, &targets), &of(is_weighted, &weights));
                }
                let columns = width + usize::from(has_target);
                let x = |row: usize, i: usize| if i == width { targets[row] } else { features[row * width + i] };
                let weight: f64 = weights.iter().sum();
                assert_eq!(sums.weight(), weight);
                let mean = |i: usize| (0..rows).map(|row| weights[row] * x(row, i)).sum::<f64>() / weight;
                let (means, packed) = (sums.means(), sums.packed());
                for i in 0..columns {
                    assert!((means[i] - mean(i)).abs() <= 1e-14 * mean(i).abs().max(1.0), "{rows} {width} {i}");
                    for j in 0..=i {
                        let plain: f64 =
                            (0..rows).map(|row| weights[row] * (x(row, i) - mean(i)) * (x(row, j) - mean(j))).sum();
                        let found = packed[i * (i + 1) / 2 + j];
                        // The means are around 1e7, and the tolerance is for their rounding.
                        assert!((found - plain).abs() < 1e-5, "{rows} {width} {i} {j}: {found} {plain}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_constant_column_has_products_of_zero() {
        let mut sums = Centered::new(2, false);
        for rows in [64, 58, 3] {
            let features: Vec<f64> = (0..rows).flat_map(|row| [3.7, value(row)]).collect();
            sums.add(&features, &[], &[]);
        }
        assert_eq!((sums.means()[0], &sums.packed()[..2]), (3.7, &[0.0, 0.0][..]));
    }

    #[test]
    fn wide_tiles_change_no_bit() {
        let (left, right): (Vec<_>, Vec<_>) = (0..STRIP_ROWS)
            .map(|row| {
                (
                    [0, 1, 2, 3, 4, 5, 6, 7].map(|i| value(row * 8 + i) / 3.0),
                    [1, 5, 2, 7, 4, 3, 6, 8].map(|i| value(row + i) / 7.0),
                )
            })
            .unzip();
        let mut narrow = [[[0.5; LANES]; LINES]; 2];
        let mut wide = narrow;
        add_tile::<0>(&left, &right, &mut narrow[0]);
        add_tile::<LINES>(&left, &right, &mut narrow[1]);
        let [upper, lower] = &mut wide;
        add_pair(&left, &right, upper, lower);
        assert_eq!(narrow, wide);
    }
}
