//! Copies with some elements replaced: what setting items does to a NumPy array.

use crate::array::Array;
use crate::compute::embedded_value;
use crate::expr::Expr;
use crate::index::{Index, index};
use crate::indexing::{Key, expanded};
use crate::masks::nonzero_of;
use crate::node::set::{Places, SetItem};
use crate::ops::Operand;
use crate::taking::List;
use phalanx_chunk::DType;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

impl Array {
    /// A copy with the part that `keys` name replaced by `value`, which broadcasts to it and is cast: what
    /// `x[keys] = value` does to a NumPy array.
    ///
    /// A mask takes a single value or an array of the mask's whole shape; arrays of integers may stand for one axis
    /// each, and cross (as `numpy.ix_` has it).
    #[must_use]
    pub fn with_item(&self, keys: impl AsRef<[Key]>, value: impl Operand) -> Self {
        let made = self.dtype().and_then(|dtype| self.replaced(keys.as_ref(), &value.beside(dtype)));
        made.unwrap_or_else(Self::failed)
    }

    fn replaced(&self, keys: &[Key], value: &Self) -> Result<Self> {
        let (expr, shape) = (self.expr()?, self.shape()?);
        let value = value.astype(expr.dtype());
        if let [Key::Array(mask)] = keys
            && mask.dtype()? == DType::Bool
        {
            return self.replaced_where(mask, &value);
        }
        let keys = expanded(keys, shape.len())?;
        let mut parts = vec![];
        let mut lists: Vec<(usize, Vec<usize>)> = vec![];
        let mut source = 0;
        for key in &keys {
            match key {
                Key::Basic(part) => {
                    parts.push(*part);
                    source += usize::from(!matches!(part, Index::NewAxis));
                }
                Key::Array(array) => {
                    let Some(known) = embedded_value(array.expr()?).filter(|known| known.ndim() == 1) else {
                        return Err(Error::unsupported("setting elements by a lazy or many-dimensional index")
                            .with_hint("use `where`, or indices of one dimension whose values are known"));
                    };
                    let list =
                        if known.dtype() == DType::Bool { List::of(&nonzero_of(&known)?)? } else { List::of(&known)? };
                    lists.push((source, list.positions(source, shape[source])?));
                    parts.push(Index::from(..));
                    source += 1;
                }
            }
        }
        let indexed = index(shape, &parts)?;
        let mut places: Vec<Places> = indexed.spans.iter().map(|span| Places::Span(*span)).collect();
        let mut lengths: Vec<usize> = indexed.spans.iter().map(|span| span.len).collect();
        for (axis, list) in &lists {
            places[*axis] = Places::list(list);
            lengths[*axis] = list.len();
        }
        // The value in the shape of the part that is named, and then with an axis for each of the array's.
        let named: Vec<usize> = indexed.axes.iter().map(|axis| axis.map_or(1, |axis| lengths[axis])).collect();
        let spread = fit(&value, &named)?.reshape(lengths);
        let spread = spread.expr()?;
        let node = SetItem { places, dtype: expr.dtype(), shape: shape.to_vec() };
        Ok(Self::from_expr(Expr::new(node, vec![Arc::clone(expr), Arc::clone(spread)], expr.chunks.clone())))
    }

    fn replaced_where(&self, mask: &Self, value: &Self) -> Result<Self> {
        let (shape, of) = (self.shape()?, mask.shape()?);
        if !shape.starts_with(of) {
            return Err(Error::input(format!(
                "boolean index of shape {of:?} did not match indexed array of shape {shape:?}"
            ))
            .with_hint("a mask must have the lengths of the axes that it selects from"));
        }
        if value.ndim()? > shape.len() - of.len() {
            return Err(Error::unsupported("setting the elements under a mask to those of an array, one by one")
                .with_hint("use `where(mask, values, x)` with values of the array's whole shape"));
        }
        let mut wide = of.to_vec();
        wide.extend(vec![1; shape.len() - of.len()]);
        Ok(mask.reshape(wide).broadcast_to(shape).choose(value.broadcast_to(shape), self))
    }
}

/// `value` broadcast to `shape`; leading axes of length 1 that it has too many go, as in NumPy's assignment.
fn fit(value: &Array, shape: &[usize]) -> Result<Array> {
    let own = value.shape()?;
    let surplus = own.len().saturating_sub(shape.len());
    let trimmed = if own[..surplus].iter().all(|&length| length == 1) {
        value.reshape(own[surplus..].to_vec())
    } else {
        value.clone()
    };
    let spread = trimmed.broadcast_to(shape);
    spread.check().map_err(|_| {
        Error::input(format!("could not broadcast input array from shape {own:?} into shape {shape:?}"))
            .with_hint("a value must have the shape of the part that it replaces, or broadcast to it")
    })?;
    Ok(spread)
}
