//! Where elements are not 0, and elements chosen from several arrays.

use crate::array::Array;
use crate::compute::embedded_value;
use phalanx_chunk::DType;
use phalanx_engine::{Error, ErrorKind, Result};

/// The flat indices of the elements that are not 0.
pub fn flatnonzero(array: &Array) -> Array {
    let make = || {
        let flat = array.flatten().astype(DType::Bool);
        let (length, chunks) = (flat.shape()?[0] as i64, vec![flat.chunks()?.sizes(0)]);
        Ok(Array::arange(0, length, 1, chunks).compress(&flat, 0))
    };
    make().unwrap_or_else(Array::failed)
}

/// For each axis the indices of the elements that are not 0.
///
/// # Errors
/// As [`Array::check`]; `Input` for an array without axes.
pub fn nonzero(array: &Array) -> Result<Vec<Array>> {
    let shape = array.shape()?.to_vec();
    if shape.is_empty() {
        return Err(Error::input("nonzero of an array of no dimension").with_hint("use `atleast_1d(x).nonzero()`"));
    }
    let flat = flatnonzero(array);
    flat.check()?;
    if shape.len() == 1 {
        return Ok(vec![flat]);
    }
    Ok(crate::manipulate::unravel_index(&flat, &shape))
}

/// The indices of the elements that are not 0, a row each.
pub fn argwhere(array: &Array) -> Array {
    let columns = match nonzero(array) {
        Ok(columns) => columns,
        Err(error) => return Array::failed(error),
    };
    let make = |columns: &[Array]| crate::joining::stack(&columns.iter().collect::<Vec<_>>(), 1);
    Array::after("argwhere", &columns.iter().collect::<Vec<_>>(), make).unwrap_or_else(|| make(&columns))
}

/// Element by element the choice whose number `index` says, NumPy's `choose` (`mode="raise"` where the client has
/// the indices; an index out of range else gives the last choice).
pub fn choose(index: &Array, choices: &[Array]) -> Array {
    if let Some(known) = index.expr().ok().and_then(embedded_value) {
        let wrong = known.cast(DType::Int64).values::<i64>().ok().and_then(|values| {
            values.iter().copied().find(|&at| usize::try_from(at).ok().is_none_or(|at| at >= choices.len()))
        });
        if let Some(at) = wrong {
            return Array::failed(
                Error::new(ErrorKind::Input, format!("invalid entry in choice array: {at} of {}", choices.len()))
                    .with_hint("indices must be from 0 to below the number of choices"),
            );
        }
    }
    let Some((last, rest)) = choices.split_last() else {
        return Array::failed(Error::input("choose without choices").with_hint("give at least one"));
    };
    let chosen = rest
        .iter()
        .enumerate()
        .rev()
        .fold(last.clone(), |other, (number, choice)| index.equal(number as i64).choose(choice, &other));
    // One choice still has the shape of both.
    index.equal(0).choose(&chosen, &chosen)
}

/// Element by element the choice of the first condition that is true, else `default`.
pub fn select(conditions: &[Array], choices: &[Array], default: &Array) -> Array {
    if conditions.len() != choices.len() || conditions.is_empty() {
        return Array::failed(
            Error::input("list of cases must be same length as list of conditions, and not empty")
                .with_hint("give one choice for each condition"),
        );
    }
    let pairs = conditions.iter().zip(choices).rev();
    pairs.fold(default.clone(), |other, (condition, choice)| condition.choose(choice, &other))
}
