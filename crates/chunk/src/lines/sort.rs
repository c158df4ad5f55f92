//! Sorting and selecting.

use crate::chunk::Chunk;
use crate::dtype::Element;
use crate::error::Result;
use crate::order::{Ordered, with_ordered};

pub(super) fn sort(chunk: &Chunk, length: usize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        let start = out.len();
        out.extend_from_slice(line);
        // Equal elements of a type look alike but for the sign of 0, whose order a stable sort keeps.
        out[start..].sort_by(Ordered::order);
    }))))
}

pub(super) fn argsort(chunk: &Chunk, length: usize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        out.extend(ranks(line).into_iter().map(|at| at as i64));
    }))))
}

pub(super) fn top(chunk: &Chunk, length: usize, k: isize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        out.extend(chosen(line, k).into_iter().map(|at| line[at]));
    }))))
}

pub(super) fn arg_top(chunk: &Chunk, length: usize, k: isize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        out.extend(chosen(line, k).into_iter().map(|at| at as i64));
    }))))
}

pub(super) fn firsts(chunk: &Chunk, length: usize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        out.extend((0..line.len()).map(|at| at == 0 || line[at - 1].order(&line[at]).is_ne()));
    }))))
}

pub(super) fn distinct(chunk: &Chunk, length: usize) -> Result<Chunk> {
    with_ordered!(chunk, values => Ok(Chunk::vector(each(values, length, |line, out| {
        out.extend((0..line.len()).filter(|&at| at == 0 || line[at - 1].order(&line[at]).is_ne()).map(|at| line[at]));
    }))))
}

/// `write` for each line, one after the other.
pub(super) fn each<T: Element, U: Element>(
    values: &[T],
    length: usize,
    mut write: impl FnMut(&[T], &mut Vec<U>),
) -> Vec<U> {
    let mut out = Vec::with_capacity(values.len());
    if length > 0 {
        values.chunks_exact(length).for_each(|line| write(line, &mut out));
    }
    out
}

/// The places of the elements in ascending order, equal ones in their order.
fn ranks<T: Ordered>(line: &[T]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..line.len()).collect();
    places.sort_by(|&a, &b| line[a].order(&line[b]));
    places
}

/// The places of the `k` largest, descending, or of the `-k` smallest, ascending; equal ones in their order.
fn chosen<T: Ordered>(line: &[T], k: isize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..line.len()).collect();
    let count = k.unsigned_abs().min(line.len());
    let compare = |&a: &usize, &b: &usize| {
        let order = line[a].order(&line[b]);
        (if k > 0 { order.reverse() } else { order }).then(a.cmp(&b))
    };
    if count > 0 && count < places.len() {
        places.select_nth_unstable_by(count - 1, compare);
    }
    places.truncate(count);
    places.sort_unstable_by(compare);
    places
}
