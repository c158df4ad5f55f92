//! Indexing by arrays and masks.

use crate::array::Array;
use crate::compute::embedded_value;
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::taking::{List, counted};
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Error, Result};

/// One part of an index expression as NumPy has it: basic, or an array of integers or booleans.
#[derive(Clone, Debug)]
pub enum Key {
    /// A slice, a single index, a new axis, or `Rest`.
    Basic(Index),
    /// Integers, of any shape: the slices of those numbers. Booleans: the slices, or elements, where they are true.
    Array(Array),
}

impl From<Index> for Key {
    fn from(index: Index) -> Self {
        Self::Basic(index)
    }
}

impl From<Array> for Key {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl From<&[isize]> for Key {
    fn from(indices: &[isize]) -> Self {
        Self::Array(Array::from_chunk(Chunk::vector(indices.iter().map(|&index| index as i64).collect())))
    }
}

/// An index that is an array, at an axis of the basically indexed array.
enum Advanced {
    List(List),
    Lazy(Array),
    Mask(Array),
}

impl Array {
    /// The part that an index expression names; of basic parts, what [`Array::slice`] gives.
    ///
    /// Integer arrays (of any shape; several broadcast together, as NumPy has it, if the client has their values) take
    /// slices by number. A mask selects where it is true; if it is computed, the number of selected elements is known
    /// only later ([`Array::compute_chunk_sizes`]).
    ///
    /// ```
    /// use phalanx_array::{Array, Key, s};
    /// let x = Array::arange(0, 24, 1, 8).reshape((4, 6));
    /// assert_eq!(x.get([Key::from([3, 1, 1].as_slice())]).shape()?, [3, 6]);
    /// let [rows, columns] = [s![1..][0].into(), Key::from([0, -1].as_slice())];
    /// assert_eq!(x.get([rows, columns]).shape()?, [3, 2]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, keys: impl AsRef<[Key]>) -> Self {
        self.get_parts(keys.as_ref()).unwrap_or_else(Self::failed)
    }

    fn get_parts(&self, keys: &[Key]) -> Result<Self> {
        if keys.iter().all(|key| matches!(key, Key::Basic(_))) {
            let parts: Vec<Index> =
                keys.iter().filter_map(|key| if let Key::Basic(part) = key { Some(*part) } else { None }).collect();
            return Ok(self.slice(parts));
        }
        let ndim = self.shape()?.len();
        let keys = expanded(keys, ndim)?;
        // Basic parts first, arrays as whole axes. A single number beside an array of indices broadcasts with it.
        let lists = keys.iter().any(|key| matches!(key, Key::Array(array) if array.dtype() != Ok(DType::Bool)));
        let mut parts = vec![];
        let mut advanced: Vec<(usize, Advanced)> = vec![];
        // Whether the arrays are neighbours: their axes then stay where they were, else they come first.
        let mut groups = 0;
        let mut before_is_array = false;
        let (mut axis, mut source) = (0, 0);
        for key in &keys {
            let is_array = match key {
                Key::Basic(Index::At(at)) if lists => {
                    let place = counted(*at as i64, source, self.shape()?[source])?;
                    parts.push(Index::from(..));
                    advanced.push((axis, Advanced::List(List { shape: vec![], values: vec![place as i64] })));
                    (axis, source) = (axis + 1, source + 1);
                    true
                }
                Key::Basic(part) => {
                    parts.push(*part);
                    axis += usize::from(!matches!(part, Index::At(_)));
                    source += usize::from(!matches!(part, Index::NewAxis));
                    false
                }
                Key::Array(array) => {
                    let covered = if array.dtype()? == DType::Bool { array.ndim()? } else { 1 };
                    parts.extend(std::iter::repeat_n(Index::from(..), covered));
                    advanced.push((axis, advanced_of(array)?));
                    (axis, source) = (axis + covered, source + covered);
                    true
                }
            };
            groups += usize::from(is_array && !before_is_array);
            before_is_array = is_array;
        }
        let base = self.slice(parts);
        base.check()?;
        match advanced.as_slice() {
            [(axis, Advanced::Mask(mask))] => Ok(base.select_by(mask, *axis)),
            [(axis, Advanced::Lazy(indices))] => Ok(base.take_by(indices, axis.cast_signed())),
            [(axis, Advanced::List(list))] => base.take_list(list, *axis),
            several => base.take_points(several, groups == 1),
        }
    }

    /// Several arrays of indices, point by point: the axes become one, which is taken from by flat indices.
    fn take_points(&self, advanced: &[(usize, Advanced)], stay: bool) -> Result<Self> {
        let refused = || {
            Error::unsupported("several arrays in one index of which one is lazy, or a mask")
                .with_hint("index by one of them at a time, or give integers whose values are known")
        };
        let mut lists = vec![];
        for (axis, one) in advanced {
            let Advanced::List(list) = one else { return Err(refused()) };
            lists.push((*axis, list));
        }
        let shape = self.shape()?.to_vec();
        let points = lists.iter().try_fold(vec![], |points, (_, list)| broadcast(&points, &list.shape)).lift()?;
        let mut flat = vec![0_i64; element_count(&points).lift()?];
        let mut all = 1;
        for &(axis, list) in &lists {
            let places = list.positions(axis, shape[axis])?.into_iter().map(|place| place as i64).collect();
            let spread = Chunk::new(&list.shape, places).and_then(|chunk| chunk.broadcast_to(&points)).lift()?;
            for (flat, place) in flat.iter_mut().zip(spread.values::<i64>().lift()?) {
                *flat = *flat * shape[axis] as i64 + place;
            }
            all *= shape[axis];
        }
        let taken_axes: Vec<usize> = lists.iter().map(|&(axis, _)| axis).collect();
        let others: Vec<usize> = (0..shape.len()).filter(|axis| !taken_axes.contains(axis)).collect();
        let order: Vec<isize> = taken_axes.iter().chain(&others).map(|&axis| axis.cast_signed()).collect();
        let rest: Vec<usize> = others.iter().map(|&axis| shape[axis]).collect();
        let flattened = self.transpose(&order).reshape([&[all][..], &rest].concat());
        let taken = flattened.take_list(&List { shape: vec![flat.len()], values: flat }, 0)?;
        let result = taken.reshape([points.as_slice(), &rest].concat());
        let first = taken_axes.first().copied().unwrap_or(0);
        if !stay || first == 0 {
            return Ok(result);
        }
        // The points' axes go where the first array was.
        let count = points.len();
        let front = (count..count + first).chain(0..count).chain(count + first..count + rest.len());
        Ok(result.transpose(&front.map(usize::cast_signed).collect::<Vec<_>>()))
    }
}

/// The parts with `Rest` spelled out, where an array that is a mask stands for as many axes as it has.
pub(crate) fn expanded(keys: &[Key], ndim: usize) -> Result<Vec<Key>> {
    let mut named = 0;
    for key in keys {
        named += match key {
            Key::Basic(Index::NewAxis | Index::Rest) => 0,
            Key::Array(array) if array.dtype()? == DType::Bool => array.ndim()?,
            _ => 1,
        };
    }
    let rests = keys.iter().filter(|key| matches!(key, Key::Basic(Index::Rest))).count();
    let missing = ndim.checked_sub(named).filter(|_| rests <= 1).ok_or_else(|| {
        Error::input(format!("too many indices for array: array is {ndim}-dimensional, but {named} were indexed"))
            .with_hint("give at most one index for each axis, and at most one `...`")
    })?;
    let whole = || std::iter::repeat_n(Key::Basic(Index::from(..)), missing);
    let mut spelled: Vec<Key> = vec![];
    for key in keys {
        match key {
            Key::Basic(Index::Rest) => spelled.extend(whole()),
            key => spelled.push(key.clone()),
        }
    }
    if rests == 0 {
        spelled.extend(whole());
    }
    Ok(spelled)
}

fn advanced_of(array: &Array) -> Result<Advanced> {
    let dtype = array.dtype()?;
    let known = embedded_value(array.expr()?);
    match known {
        Some(values) if dtype == DType::Bool && values.ndim() == 1 => {
            Ok(Advanced::Mask(Array::from_expr(Expr::embedded(values))))
        }
        _ if dtype == DType::Bool => Ok(Advanced::Mask(array.clone())),
        _ if !dtype.is_integer() => Err(Error::input(format!("an index of type {dtype}"))
            .with_hint("arrays used as indices must be of integer (or boolean) type")),
        Some(values) => Ok(Advanced::List(List::of(&values)?)),
        None => Ok(Advanced::Lazy(array.clone())),
    }
}
