//! Indexing by arrays and masks.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::compute::{EMBED_BYTES_MAX, embedded_value};
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::join::Gather;
use crate::node::pick::{Compress, TakeAlong, TakeBy};
use crate::shape::axis_of;
use phalanx_chunk::bins::Count;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result};
use std::sync::Arc;

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

/// `index` of an axis of length `length`, from its end where negative.
fn counted(index: i64, axis: usize, length: usize) -> Result<usize> {
    let at = if index < 0 { index.saturating_add(length as i64) } else { index };
    usize::try_from(at).ok().filter(|&at| at < length).ok_or_else(|| {
        Error::input(format!("index {index} is out of bounds for axis {axis} with size {length}"))
            .with_hint("indices count from 0, or from the end where negative")
    })
}

/// An array of indices whose values the client has.
pub(crate) struct List {
    shape: Vec<usize>,
    values: Vec<i64>,
}

impl List {
    pub fn of(chunk: &Chunk) -> Result<Self> {
        Ok(Self { shape: chunk.shape().to_vec(), values: chunk.cast(DType::Int64).values::<i64>().lift()?.to_vec() })
    }

    pub fn positions(&self, axis: usize, length: usize) -> Result<Vec<usize>> {
        self.values.iter().map(|&index| counted(index, axis, length)).collect()
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

    /// The slices number `indices` along `axis`, in that order, negative ones from the end.
    #[must_use]
    pub fn take(&self, indices: &[isize], axis: isize) -> Self {
        let list = List { shape: vec![indices.len()], values: indices.iter().map(|&index| index as i64).collect() };
        let taken = self.ndim().and_then(|ndim| self.take_list(&list, axis_of(axis, ndim)?));
        taken.unwrap_or_else(Self::failed)
    }

    /// The slices along `axis` whose numbers are the elements of an array of indices, in its shape: NumPy's `take`.
    /// Where the indices are computed, a chunk pulls its lines whole.
    #[must_use]
    pub fn take_by(&self, indices: &Self, axis: isize) -> Self {
        let make = || {
            let (expr, given) = (self.expr()?, indices.expr()?);
            let axis = axis_of(axis, expr.shape().len())?;
            if !given.dtype().is_integer() {
                return Err(Error::input(format!("indices of type {}", given.dtype()))
                    .with_hint("arrays used as indices must be of integer (or boolean) type"));
            }
            if let Some(values) = embedded_value(given) {
                return self.take_list(&List::of(&values)?, axis)?.expr().cloned();
            }
            let shape = [&expr.shape()[..axis], given.shape(), &expr.shape()[axis + 1..]].concat();
            element_count(&shape).lift()?;
            let borders = (0..axis)
                .map(|at| expr.chunks.borders(at))
                .chain((0..given.shape().len()).map(|at| given.chunks.borders(at)))
                .chain((axis + 1..expr.shape().len()).map(|at| expr.chunks.borders(at)));
            let chunks = Chunks::from_borders(borders.map(Arc::clone).collect());
            let length = expr.shape()[axis];
            let node = TakeBy { axis, ndim: given.shape().len(), length, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr), Arc::clone(given)], chunks))
        };
        Self::from_result(make())
    }

    fn take_list(&self, list: &List, axis: usize) -> Result<Self> {
        let length = self.shape()?[axis];
        let places = list.positions(axis, length)?;
        let taken = self.then(|expr| {
            let mut shape = expr.shape().to_vec();
            shape[axis] = places.len();
            element_count(&shape).lift()?;
            let size = expr.chunks.sizes(axis).into_iter().max().unwrap_or(1).max(1);
            let own = Chunks::new(&[places.len()], size)?;
            let borders = (0..shape.len()).map(|at| if at == axis { own.borders(0) } else { expr.chunks.borders(at) });
            let chunks = Chunks::from_borders(borders.map(Arc::clone).collect());
            let node = Gather { axis, indices: places, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        });
        if list.shape.len() == 1 {
            return Ok(taken);
        }
        let shape = taken.shape()?;
        Ok(taken.reshape([&shape[..axis], &list.shape, &shape[axis + 1..]].concat()))
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

    /// For each index the element of its line along `axis`, NumPy's `take_along_axis`: what undoes an `argsort`.
    #[must_use]
    pub fn take_along_axis(&self, indices: &Self, axis: isize) -> Self {
        let make = || {
            let (ndim, given) = (self.shape()?.len(), indices.shape()?);
            let axis = axis_of(axis, ndim)?;
            if given.len() != ndim || !indices.dtype()?.is_integer() {
                return Err(Error::input(format!(
                    "indices of shape {given:?} and type {} for an array of {ndim} dimension(s)",
                    indices.dtype()?
                ))
                .with_hint("indices must be integers, and have as many dimensions as the array"));
            }
            let (mut own, mut other) = (self.shape()?.to_vec(), given.to_vec());
            (own[axis], other[axis]) = (1, 1);
            let mut shape = broadcast(&own, &other).lift()?;
            shape[axis] = self.shape()?[axis];
            let values = self.broadcast_to(&shape);
            shape[axis] = given[axis];
            let spread = indices.broadcast_to(&shape);
            let (values, spread) = (values.expr()?, spread.expr()?);
            let node = TakeAlong { axis, length: values.shape()[axis], dtype: values.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(values), Arc::clone(spread)], spread.chunks.clone()))
        };
        Self::from_result(make())
    }

    /// The slices along `axis` where `condition` (one axis, possibly shorter) is true.
    #[must_use]
    pub fn compress(&self, condition: &Self, axis: isize) -> Self {
        let make = || {
            let axis = axis_of(axis, self.shape()?.len())?;
            let &[length] = condition.shape()? else {
                return Err(Error::input("the condition of compress has not one dimension").with_hint("give a vector"));
            };
            let mut parts = vec![Index::from(..); axis];
            parts.push(Index::from(..length.cast_signed()));
            Ok(self.slice(parts).select_by(&condition.astype(DType::Bool), axis))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The elements where `condition` is not 0, in C order: NumPy's `extract`.
    #[must_use]
    pub fn extract(&self, condition: &Self) -> Self {
        self.flatten().compress(&condition.flatten(), 0)
    }

    /// The elements, or slices, of the axes from `axis` on where `mask` is true.
    fn select_by(&self, mask: &Self, axis: usize) -> Self {
        let make = || {
            let (shape, of) = (self.shape()?.to_vec(), mask.shape()?.to_vec());
            let covered = axis..axis + of.len();
            if shape.get(covered.clone()) != Some(&of) {
                let differs = (0..of.len()).find(|&at| shape.get(axis + at) != Some(&of[at])).unwrap_or_default();
                return Err(Error::input(format!(
                    "boolean index did not match indexed array along axis {}; size of axis is {} but size of corresponding \
                     boolean axis is {}",
                    axis + differs,
                    shape.get(axis + differs).copied().unwrap_or_default(),
                    of[differs]
                ))
                .with_hint("a mask must have the lengths of the axes that it selects from"));
            }
            if of.len() == 1 {
                return Ok(select_later(self, mask, axis));
            }
            let count = of.iter().product();
            let flat = self.reshape([&shape[..axis], &[count], &shape[covered.end..]].concat());
            Ok(select_later(&flat, &mask.reshape(vec![count]), axis))
        };
        make().unwrap_or_else(Self::failed)
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

/// The indices of the elements that are true.
pub(crate) fn nonzero_of(mask: &Chunk) -> Result<Chunk> {
    let flags = mask.cast(DType::Bool);
    let flags = flags.values::<bool>().lift()?.iter().enumerate();
    Ok(Chunk::vector(flags.filter_map(|(at, &flag)| flag.then_some(at as i64)).collect()))
}

/// The slices along `axis` where a mask of one axis is true: at once if the client has the mask, else later.
fn select_later(values: &Array, mask: &Array, axis: usize) -> Array {
    let known = mask.expr().ok().and_then(embedded_value);
    if let Some(known) = known {
        let taken = nonzero_of(&known).and_then(|kept| values.take_list(&List::of(&kept)?, axis));
        return taken.unwrap_or_else(Array::failed);
    }
    let described = || {
        let mut shape: Vec<Option<usize>> = values.shape()?.iter().copied().map(Some).collect();
        shape[axis] = None;
        Ok((values.dtype()?, shape))
    };
    let (dtype, shape) = match described() {
        Ok(described) => described,
        Err(error) => return Array::failed(error),
    };
    Array::program("a boolean index", dtype, shape, vec![values.clone(), mask.clone()], move |engine, inputs| {
        Box::pin(selected(engine, inputs, axis))
    })
}

async fn selected(engine: &dyn Engine, inputs: Vec<Array>, axis: usize) -> Result<Array> {
    let [values, mask] = inputs.as_slice() else { return Err(Error::internal("a selection has two inputs")) };
    let expr = values.expr()?;
    if mask.shape()?[0] as u64 <= EMBED_BYTES_MAX {
        // One job, and what is pulled of the values is what the mask selects.
        let known = mask.compute_async(engine).await?;
        return values.take_list(&List::of(&nonzero_of(&known)?)?, axis);
    }
    let mask = if mask.expr()?.stored.is_some() { mask.clone() } else { mask.persist_async(engine).await? };
    let before = Chunks::from_borders(vec![Arc::clone(expr.chunks.borders(axis))]);
    let counts = mask.count_blocks(&Count::Nonzero, &[], &before, None, &[]).compute_async(engine).await?;
    let sizes: Vec<usize> = counts.values::<i64>().lift()?.iter().map(|&count| count as usize).collect();
    // Blocks that are left empty stay blocks: their numbers are those of the mask's.
    let after = Chunks::from_borders(vec![crate::chunks::borders_of(&sizes)]);
    let mut kept: Vec<usize> = after.borders(0).to_vec();
    kept.dedup();
    if kept.len() == 1 {
        kept.push(0);
    }
    let grid: Arc<[usize]> = kept.into();
    let mut shape = expr.shape().to_vec();
    shape[axis] = sizes.iter().sum();
    let borders =
        (0..shape.len()).map(|at| if at == axis { Arc::clone(&grid) } else { Arc::clone(expr.chunks.borders(at)) });
    let node = Compress { axis, before, after, dtype: expr.dtype(), shape };
    let chunks = Chunks::from_borders(borders.collect());
    Ok(Array::from_expr(Expr::new(node, vec![Arc::clone(expr), Arc::clone(mask.expr()?)], chunks)))
}
