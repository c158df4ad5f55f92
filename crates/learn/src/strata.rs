//! Two parts of a frame's rows with an exact number of rows of each class in each.

use crate::stratify::stream_of;
use datafusion::arrow::array::{ArrayRef, AsArray, UInt8Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::Column;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, col, lit};
use phalanx_chunk::random::{Key, philox4x32_10};
use phalanx_engine::{Engine, Error, Result, RowFunction, scalar, typetag};
use phalanx_frame::kernel::Window;
use phalanx_frame::{Aggregate, Frame, Statistic};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

const ORDINAL: &str = "phalanx_ordinal";
const PART: &str = "phalanx_part";
const ROWS: &str = "phalanx_rows";

/// Turns of the network that permutes the rows of a class.
const TURNS: usize = 8;

/// A class of rows, by the text of its label; a missing label is a class of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// The label.
    pub label: Option<String>,
    /// How many rows have it.
    pub rows: u64,
}

/// How many rows each class of `column` has, by label. One job.
///
/// # Errors
/// `Input`: there is no such column. Otherwise the engine's.
pub async fn strata(engine: &dyn Engine, frame: &Frame, column: &str) -> Result<Vec<Stratum>> {
    let labels = frame.reset_index().select([column])?;
    let size = Aggregate::new(column, Statistic::Size).named(ROWS);
    let counted = labels.groupby([column])?.dropna(false).agg([size])?.compute_async(engine).await?;
    let labels = cast(&counted.column(column)?, &DataType::Utf8)?;
    let rows = cast(&counted.column(ROWS)?, &DataType::Int64)?;
    let pairs = labels.as_string::<i32>().iter().zip(rows.as_primitive::<Int64Type>().values());
    Ok(pairs.map(|(label, rows)| Stratum { label: label.map(str::to_owned), rows: rows.cast_unsigned() }).collect())
}

/// Two parts of the rows: of each class the first number of `parts` for the first, the second for the second; what is left
/// is in neither. Rows keep their order. Lazy; reading a part costs a pass over the frame.
///
/// Where a row goes depends on the seed, its class, how many rows that has, and the row's number in it alone: the numbers
/// are permuted, and those that come first are the first part. `column` is not among the columns of the parts if
/// `without` says so.
///
/// # Errors
/// `Input`: there is no such column, or a class has fewer rows than its parts.
pub fn stratified_parts(
    frame: &Frame,
    column: &str,
    strata: &[Stratum],
    parts: &[(u64, u64)],
    seed: u64,
    without: bool,
) -> Result<(Frame, Frame)> {
    if strata.len() != parts.len() {
        return Err(Error::input(format!("parts of {} classes, and there are {}", parts.len(), strata.len())));
    }
    let mut classes = vec![];
    for (stratum, &(first, second)) in strata.iter().zip(parts) {
        if first.checked_add(second).is_none_or(|both| both > stratum.rows) {
            let what = format!("{first} and {second} rows of the {} of class {:?}", stratum.rows, stratum.label);
            return Err(Error::input(what).with_hint("take no more rows than there are"));
        }
        classes.push(Class { stratum: stratum.clone(), first, second });
    }
    let count = Window::Count { ascending: true };
    let counted =
        frame.groupby([column])?.dropna(false).windows([(column.to_owned(), count, String::from(ORDINAL))])?;
    let arguments = vec![col(Column::from_name(column)), col(Column::from_name(ORDINAL))];
    let counted = counted.with_column(PART, scalar::call(Drawn { seed, classes }, arguments)?)?;
    let mut helpers = vec![ORDINAL, PART];
    helpers.extend(without.then_some(column));
    let part = |part: u8| counted.filter(col(PART).eq(lit(part)))?.drop(helpers.iter().copied());
    Ok((part(1)?, part(2)?))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Class {
    stratum: Stratum,
    first: u64,
    second: u64,
}

/// The part of each row, by its class and its number in the class: 1, 2, or 0 for neither.
#[derive(Debug, Serialize, Deserialize)]
struct Drawn {
    seed: u64,
    classes: Vec<Class>,
}

#[typetag::serde(name = "drawn_part_of_class")]
impl RowFunction for Drawn {
    fn name(&self) -> &'static str {
        "drawn_part_of_class"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new(PART, DataType::UInt8, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let columns = inputs.iter().map(|input| input.to_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let [labels, ordinals] = columns.as_slice() else {
            return Err(Error::internal("a row is drawn by its class and its number").into());
        };
        let (labels, ordinals) = (cast(labels, &DataType::Utf8)?, cast(ordinals, &DataType::Int64)?);
        let of = |class: &Class| Permutation::new(self.seed, class.stratum.label.as_deref(), class.stratum.rows);
        let classes: HashMap<Option<&str>, (&Class, Permutation)> =
            self.classes.iter().map(|class| (class.stratum.label.as_deref(), (class, of(class)))).collect();
        let part = |(label, ordinal): (Option<&str>, &i64)| {
            let (class, permutation) = classes.get(&label).ok_or_else(|| {
                Error::data(format!("class {label:?} was not there when rows were counted"))
                    .with_hint("persist the frame first, if its rows change")
            })?;
            let place = permutation.of(ordinal.cast_unsigned().min(class.stratum.rows.saturating_sub(1)));
            Ok::<_, Error>(match place {
                place if place < class.first => 1,
                place if place < class.first + class.second => 2,
                _ => 0,
            })
        };
        let parts = labels.as_string::<i32>().iter().zip(ordinals.as_primitive::<Int64Type>().values()).map(part);
        Ok(Arc::new(UInt8Array::from(parts.collect::<Result<Vec<u8>>>()?)))
    }
}

/// A permutation of the numbers below `count`: a balanced Feistel network over the next power of four, walked until it
/// comes back below (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). It holds no table, so that a row
/// needs to know its own number only.
#[derive(Debug)]
struct Permutation {
    count: u64,
    half_bits: u32,
    keys: [u32; TURNS],
}

impl Permutation {
    fn new(seed: u64, label: Option<&str>, count: u64) -> Self {
        let bits = 64 - count.max(2).saturating_sub(1).leading_zeros();
        let key = Key::new(seed, stream_of(label));
        let mut keys = [0; TURNS];
        for (block, keys) in keys.chunks_exact_mut(4).enumerate() {
            keys.copy_from_slice(&philox4x32_10([block as u32, 0, 0, 0], key));
        }
        Self { count, half_bits: bits.div_ceil(2), keys }
    }

    fn of(&self, number: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let mut place = number;
        loop {
            let (mut left, mut right) = (place >> self.half_bits, place & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mixed(right as u32 ^ key) & mask));
            }
            place = left << self.half_bits | right;
            if place < self.count {
                return place;
            }
        }
    }
}

/// The finalizer of MurmurHash3 (Appleby, 2011).
fn mixed(word: u32) -> u64 {
    let word = (word ^ word >> 16).wrapping_mul(0x85eb_ca6b);
    let word = (word ^ word >> 13).wrapping_mul(0xc2b2_ae35);
    u64::from(word ^ word >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_permuted() {
        for count in [1_u64, 2, 3, 7, 64, 100, 1000, 4097] {
            let permutation = Permutation::new(5, Some("a"), count);
            let mut places: Vec<u64> = (0..count).map(|number| permutation.of(number)).collect();
            let other = Permutation::new(5, Some("b"), count);
            if count > 50 {
                assert!((0..count).any(|number| other.of(number) != places[number as usize]));
                // About half of the first half stays there.
                let half = places[..count as usize / 2].iter().filter(|place| **place < count / 2).count() as f64;
                let share = half / (count as f64 / 2.0);
                assert!((0.1..0.9).contains(&share), "{share} of {count}");
            }
            places.sort_unstable();
            assert!(places.iter().copied().eq(0..count));
        }
    }
}
