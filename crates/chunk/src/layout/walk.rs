//! The strided copy on which every layout operation rests.

/// One axis of a copy: its length and, in elements, how far the source and the target move from index to index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dim {
    pub len: usize,
    pub from: isize,
    pub to: isize,
}

/// Rows and columns of the tiles of a transposing copy: eight doubles are a cache line.
const TILE: usize = 8;
/// Rows and columns of a block of tiles: enough for the TLB, little enough for the first-level cache.
const BLOCK: usize = 64;

/// A stride as a signed number. Strides are below the number of elements, which is below 2⁶⁰.
pub fn signed(stride: usize) -> isize {
    stride.cast_signed()
}

/// The same copy with as few axes as possible: axes of one index go, neighbours that walk on become one.
pub fn collapse(dims: impl IntoIterator<Item = Dim>) -> Vec<Dim> {
    let mut collapsed: Vec<Dim> = Vec::new();
    for dim in dims.into_iter().filter(|d| d.len != 1) {
        match collapsed.last_mut() {
            Some(outer)
                if outer.from == dim.from.wrapping_mul(signed(dim.len))
                    && outer.to == dim.to.wrapping_mul(signed(dim.len)) =>
            {
                *outer = Dim { len: outer.len * dim.len, ..dim };
            }
            _ => collapsed.push(dim),
        }
    }
    collapsed
}

/// Calls `visit(source, target)` for every index of `dims`, the last axis fastest.
pub fn for_each(dims: &[Dim], from: usize, to: usize, mut visit: impl FnMut(usize, usize)) {
    if dims.iter().any(|d| d.len == 0) {
        return;
    }
    let mut index = vec![0usize; dims.len()];
    let (mut from, mut to) = (from, to);
    loop {
        visit(from, to);
        let mut axis = dims.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            let dim = dims[axis];
            index[axis] += 1;
            if index[axis] < dim.len {
                from = from.wrapping_add_signed(dim.from);
                to = to.wrapping_add_signed(dim.to);
                break;
            }
            // Back to the first index of this axis, and on to the next outer one.
            index[axis] = 0;
            let steps = signed(dim.len - 1);
            from = from.wrapping_add_signed(dim.from.wrapping_mul(steps).wrapping_neg());
            to = to.wrapping_add_signed(dim.to.wrapping_mul(steps).wrapping_neg());
        }
    }
}

/// Copies `dims` of `source`, from its element `from`, into `target`, from its element `to`.
///
/// Every index must lie within both slices; the callers have checked their regions.
pub fn copy<T: Copy + Default>(source: &[T], from: usize, target: &mut [T], to: usize, dims: &[Dim]) {
    let Some((&inner, outer)) = dims.split_last() else {
        target[to] = source[from];
        return;
    };
    // A transposition: the target runs along one axis and the source along another.
    let across = outer.iter().position(|d| d.from == 1 && d.len >= TILE);
    if let (Some(across), 1, true) = (across, inner.to, inner.from > 1 && inner.len >= TILE) {
        let column = outer[across];
        let rest: Vec<Dim> = outer.iter().enumerate().filter(|&(i, _)| i != across).map(|(_, &d)| d).collect();
        for_each(&rest, from, to, |from, to| transpose(source, from, target, to, column, inner));
        return;
    }
    for_each(outer, from, to, |from, to| copy_run(source, from, target, to, inner));
}

fn copy_run<T: Copy>(source: &[T], from: usize, target: &mut [T], to: usize, dim: Dim) {
    let n = dim.len;
    match (dim.from, dim.to) {
        (1, 1) => target[to..to + n].copy_from_slice(&source[from..from + n]),
        (0, 1) => target[to..to + n].fill(source[from]),
        (-1, 1) => {
            let run = &source[from + 1 - n..=from];
            target[to..to + n].iter_mut().zip(run.iter().rev()).for_each(|(t, &s)| *t = s);
        }
        (step, 1) if step > 0 => {
            let run = source[from..].iter().step_by(step.unsigned_abs());
            target[to..to + n].iter_mut().zip(run).for_each(|(t, &s)| *t = s);
        }
        (1, step) if step > 0 => {
            let run = target[to..].iter_mut().step_by(step.unsigned_abs());
            run.zip(&source[from..from + n]).for_each(|(t, &s)| *t = s);
        }
        _ => for_each(&[dim], from, to, |from, to| target[to] = source[from]),
    }
}

/// `target[to + i * column.to + j] = source[from + i + j * row.from]`, in tiles that fit into registers and lines.
fn transpose<T: Copy + Default>(source: &[T], from: usize, target: &mut [T], to: usize, column: Dim, row: Dim) {
    let (target_stride, source_stride) = (column.to.unsigned_abs(), row.from.unsigned_abs());
    for j_block in (0..row.len).step_by(BLOCK) {
        let j_end = row.len.min(j_block + BLOCK);
        for i_block in (0..column.len).step_by(BLOCK) {
            let i_end = column.len.min(i_block + BLOCK);
            for i in (i_block..i_end).step_by(TILE) {
                for j in (j_block..j_end).step_by(TILE) {
                    let (rows, columns) = (TILE.min(j_end - j), TILE.min(i_end - i));
                    let source = &source[from + i + j * source_stride..];
                    let target = &mut target[to + i * target_stride + j..];
                    if rows == TILE && columns == TILE {
                        transpose_tile(source, source_stride, target, target_stride);
                    } else {
                        for a in 0..columns {
                            for b in 0..rows {
                                target[a * target_stride + b] = source[a + b * source_stride];
                            }
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn transpose_tile<T: Copy + Default>(source: &[T], source_stride: usize, target: &mut [T], target_stride: usize) {
    let mut tile = [[T::default(); TILE]; TILE];
    for b in 0..TILE {
        let line = &source[b * source_stride..b * source_stride + TILE];
        for a in 0..TILE {
            tile[a][b] = line[a];
        }
    }
    for (a, line) in tile.iter().enumerate() {
        target[a * target_stride..a * target_stride + TILE].copy_from_slice(line);
    }
}
