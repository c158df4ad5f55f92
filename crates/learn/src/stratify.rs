//! Parts of a frame's rows with the same share of every class in each.

use crate::draws::draws;
use datafusion::arrow::array::{ArrayRef, AsArray, UInt8Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::Column;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, col, lit};
use phalanx_chunk::random::Distribution;
use phalanx_engine::{Error, Result, RowFunction, scalar, typetag};
use phalanx_frame::Frame;
use phalanx_frame::kernel::Window;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The first of the streams of random numbers; each class has its own.
const STREAM: u64 = 0x0073_7472_6174_6966; // "stratif"
/// What shares may add up to: as many rows of a class are shuffled and dealt out at a time.
const TOTAL_MAX: u32 = 10_000;
const ORDINAL: &str = "phalanx_ordinal";
const PART: &str = "phalanx_part";

/// The rows in parts that relate as `shares` do, drawn at random within each class of `column`; within a part they are
/// in the order of the frame.
///
/// The rows of a class are dealt out in hands of as many as the shares add up to: each hand is shuffled, and every part
/// gets its share of it. So a part has its share of every class, up to one hand, and where a row goes depends on the
/// seed, its class and its number in the class alone. The parts are lazy; reading one costs a pass over the frame.
///
/// ```
/// use phalanx_engine::{LocalEngine, Settings};
/// use phalanx_frame::datasets;
/// # fn main() -> phalanx_engine::Result<()> {
/// let engine = LocalEngine::new(Settings::default())?;
/// let frame = datasets::timeseries().dates("2000-01-01", "2000-01-02")?.build()?;
/// let parts = phalanx_learn::stratified_split(&frame, "name", &[7, 2, 1], 0)?;
/// let rows: Vec<usize> = parts.iter().map(|part| part.compute(&engine).map(|rows| rows.num_rows())).collect::<Result<_, _>>()?;
/// assert_eq!(rows.iter().sum::<usize>(), 86_400);
/// assert!(rows[0].abs_diff(60_480) <= 26 * 7);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Input`: there is no such column; a share is 0, or they add up to more than 10,000.
pub fn stratified_split(frame: &Frame, column: &str, shares: &[u32], seed: u64) -> Result<Vec<Frame>> {
    let total = shares.iter().try_fold(0_u32, |sum, share| sum.checked_add(*share)).unwrap_or(u32::MAX);
    if shares.is_empty() || shares.len() > usize::from(u8::MAX) || shares.contains(&0) || total > TOTAL_MAX {
        return Err(Error::input(format!("shares of {shares:?}"))
            .with_hint(format!("take whole numbers above 0 that add up to at most {TOTAL_MAX}, as [7, 2, 1]")));
    }
    let dealt = Dealt { seed, shares: shares.to_vec() };
    let count = Window::Count { ascending: true };
    let counted =
        frame.groupby([column])?.dropna(false).windows([(column.to_owned(), count, String::from(ORDINAL))])?;
    let arguments = vec![col(Column::from_name(column)), col(Column::from_name(ORDINAL))];
    let counted = counted.with_column(PART, scalar::call(dealt, arguments)?)?;
    let part = |part: usize| counted.filter(col(PART).eq(lit(part as u8)))?.drop([ORDINAL, PART]);
    (0..shares.len()).map(part).collect()
}

/// The part of each row, by its class and its number in the class.
#[derive(Debug, Serialize, Deserialize)]
struct Dealt {
    seed: u64,
    shares: Vec<u32>,
}

#[typetag::serde(name = "stratified_part")]
impl RowFunction for Dealt {
    fn name(&self) -> &'static str {
        "stratified_part"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new(PART, DataType::UInt8, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let columns = inputs.iter().map(|input| input.to_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let [classes, ordinals] = columns.as_slice() else {
            return Err(Error::internal("a row is dealt by its class and its number").into());
        };
        let (classes, ordinals) = (cast(classes, &DataType::Utf8)?, cast(ordinals, &DataType::Int64)?);
        let total: usize = self.shares.iter().map(|share| *share as usize).sum();
        let mut hands = Hands { dealt: self, total, last: None };
        let parts = classes.as_string::<i32>().iter().zip(ordinals.as_primitive::<Int64Type>().values());
        let parts = parts.map(|(class, ordinal)| hands.part(class, usize::try_from(*ordinal).unwrap_or(0)));
        Ok(Arc::new(UInt8Array::from(parts.collect::<Result<Vec<u8>>>()?)))
    }
}

/// Hands as they are dealt; the last one of each of a few classes would do, and that of one does.
struct Hands<'a> {
    dealt: &'a Dealt,
    total: usize,
    last: Option<(u64, usize, Vec<u8>)>,
}

impl Hands<'_> {
    fn part(&mut self, class: Option<&str>, ordinal: usize) -> Result<u8> {
        let (stream, hand) = (stream_of(class), ordinal / self.total);
        if self.last.as_ref().is_none_or(|(known, number, _)| (*known, *number) != (stream, hand)) {
            self.last = Some((stream, hand, self.deal(stream, hand)?));
        }
        let parts = self.last.as_ref().and_then(|(_, _, parts)| parts.get(ordinal % self.total));
        parts.copied().ok_or_else(|| Error::internal("a hand is too small"))
    }

    fn deal(&self, stream: u64, hand: usize) -> Result<Vec<u8>> {
        let (first, count) = (hand * self.total, self.total);
        let draws = draws(Distribution::Random, self.dealt.seed, stream, first, count)?;
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|left, right| draws[*left].total_cmp(&draws[*right]));
        let mut parts = vec![0; count];
        let owners =
            self.dealt.shares.iter().zip(0_u8..).flat_map(|(share, part)| std::iter::repeat_n(part, *share as usize));
        for (place, part) in order.into_iter().zip(owners) {
            parts[place] = part;
        }
        Ok(parts)
    }
}

/// FNV-1a of the class's text; a missing class is one of its own.
pub(crate) fn stream_of(class: Option<&str>) -> u64 {
    let bytes = class.unwrap_or("\u{0}missing").bytes();
    bytes.fold(STREAM, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hand_is_dealt_out_by_the_shares() {
        let dealt = Dealt { seed: 3, shares: vec![7, 2, 1] };
        let mut hands = Hands { dealt: &dealt, total: 10, last: None };
        let mut first_of_hands = vec![];
        for hand in 0..20 {
            let mut parts: Vec<u8> = (0..10).map(|row| hands.part(Some("1"), hand * 10 + row).unwrap()).collect();
            first_of_hands.push(parts[0]);
            parts.sort_unstable();
            assert_eq!(parts, [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
        }
        assert!(first_of_hands.iter().any(|part| *part != first_of_hands[0]), "{first_of_hands:?}");
        let again = hands.part(Some("1"), 57).unwrap();
        assert_eq!(Hands { dealt: &dealt, total: 10, last: None }.part(Some("1"), 57).unwrap(), again);
        assert_ne!(stream_of(Some("0")), stream_of(None));
    }
}
