//! The different values of columns of arrays, and the number of each value among them: what encoders are made of.
//!
//! A value is known by its key, 64 bits: of integers and truth values themselves, of floats their bits, with one 0 and one
//! NaN.

mod table;
mod texts;

use phalanx_array::Array;
use phalanx_array::blockwise::{BlockFunction, BlockInput, blockwise_native};
use phalanx_array::chunks::ChunkSpec;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result, typetag};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use table::{Table, different};
pub use texts::numbers_of_texts;

/// The most different values of a column that [`distinct`] finds in a chunk.
pub const DISTINCT_MAX: usize = 1024;

/// The most columns that [`distinct`] takes: each chunk answers with 8 KiB for each.
pub const COLUMNS_MAX: usize = 256;

/// Chunks of [`one_hot`] are of so many bytes, whatever those that they are made of: memory that stays in the cache.
pub const HOT_BYTES_MAX: usize = 4 << 20;

/// What a value is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// By itself, as an integer of 64 bits; those without a sign by their bits.
    Integer,
    /// By its bits as `float64`.
    Float,
}

impl Key {
    /// What values of this type are known by.
    ///
    /// # Errors
    /// `Input`: complex numbers.
    pub fn of(dtype: DType) -> Result<Self> {
        match dtype {
            DType::Float32 | DType::Float64 => Ok(Self::Float),
            DType::Complex64 | DType::Complex128 => Err(Error::input("labels and categories of complex numbers")
                .with_hint("take their real and imaginary parts as columns")),
            _ => Ok(Self::Integer),
        }
    }

    /// The key of NaN.
    pub const NAN: i64 = f64::NAN.to_bits().cast_signed();

    fn of_float(value: f64) -> i64 {
        let bits = if value.is_nan() { f64::NAN } else { value + 0.0 };
        bits.to_bits().cast_signed()
    }
}

/// The keys of a chunk's values, in C order.
fn keys(chunk: &Chunk, key: Key) -> Result<Cow<'_, [i64]>> {
    let lift = |error: &phalanx_chunk::Error| Error::internal("values have no keys").caused_by(error);
    match key {
        Key::Integer if chunk.dtype() == DType::Int64 => {
            Ok(Cow::Borrowed(chunk.values::<i64>().map_err(|error| lift(&error))?))
        }
        Key::Integer => {
            let chunk = chunk.cast(DType::Int64);
            Ok(Cow::Owned(chunk.values::<i64>().map_err(|error| lift(&error))?.to_vec()))
        }
        Key::Float => {
            let chunk = chunk.cast(DType::Float64);
            let values = chunk.values::<f64>().map_err(|error| lift(&error))?;
            Ok(Cow::Owned(values.iter().map(|value| Key::of_float(*value)).collect()))
        }
    }
}

/// The keys of one of `width` columns.
fn column<'a>(keys: &'a [i64], width: usize, number: usize) -> Cow<'a, [i64]> {
    match width {
        1 => Cow::Borrowed(keys),
        _ => Cow::Owned(keys.iter().skip(number).step_by(width).copied().collect()),
    }
}

/// Of each column of a matrix, or of an array of one axis, the keys of its different values, in no order. One job, which
/// sends only these. None, if there are more than [`DISTINCT_MAX`] in a chunk, or more columns than [`COLUMNS_MAX`].
///
/// # Errors
/// `Input`: the array has other axes, or holds complex numbers. Otherwise an error of the expression, or the engine's.
pub async fn distinct(engine: &dyn Engine, array: &Array) -> Result<Option<Vec<Vec<i64>>>> {
    let (shape, key) = (array.shape()?.to_vec(), Key::of(array.dtype()?)?);
    let (rows, width) = rows_and_columns(&shape)?;
    if width > COLUMNS_MAX {
        return Ok(None);
    }
    if rows == 0 || width == 0 {
        return Ok(Some(vec![vec![]; width]));
    }
    let input = whole_rows(array, usize::MAX)?;
    let blocks = input.array.chunks()?.sizes(0).len();
    let line = width * (DISTINCT_MAX + 1);
    let chunks = ChunkSpec::Sizes(vec![vec![line; blocks]]);
    let found = blockwise_native(Different { key, width }, &[input], vec![line * blocks], chunks, DType::Int64);
    let found = found.compute_async(engine).await?;
    let found = found.values::<i64>().map_err(|error| Error::internal("keys are no integers").caused_by(&error))?;
    let mut columns = vec![BTreeSet::new(); width];
    for (number, answer) in found.chunks_exact(DISTINCT_MAX + 1).enumerate() {
        let Ok(count) = usize::try_from(answer[0]) else { return Ok(None) };
        columns[number % width].extend(&answer[1..=count]);
    }
    Ok(Some(columns.into_iter().map(|keys| keys.into_iter().collect()).collect()))
}

fn rows_and_columns(shape: &[usize]) -> Result<(usize, usize)> {
    match *shape {
        [rows] => Ok((rows, 1)),
        [rows, columns] => Ok((rows, columns)),
        _ => Err(Error::input(format!("an array of shape {shape:?} has no columns")).with_hint("give one or two axes")),
    }
}

/// The array in chunks of whole rows, and of so many rows at most, cut along them.
fn whole_rows(array: &Array, rows_max: usize) -> Result<BlockInput> {
    let (shape, chunks) = (array.shape()?, array.chunks()?);
    let rest = shape[1..].iter().map(|length| vec![*length]);
    let pieces = |rows: usize| {
        let count = rows.div_ceil(rows_max).max(1);
        (0..count).map(move |piece| rows * (piece + 1) / count - rows * piece / count)
    };
    let rows = chunks.sizes(0).into_iter().flat_map(pieces).collect();
    let array = array.rechunk(ChunkSpec::Sizes(std::iter::once(rows).chain(rest).collect()));
    let axes = (0..shape.len()).map(|axis| (axis == 0).then_some((0, 0, 0))).collect();
    Ok(BlockInput { array, axes, borders: vec![None; shape.len()] })
}

/// What becomes of values that are none of the categories.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Unknown {
    /// They are an error, when it is computed.
    Refused,
    /// They are this.
    Is(f64),
}

/// For each value its number among the `categories` of its column, which are given by their keys; of the type `dtype`.
/// Missing values, NaN, are `missing` if NaN is among the categories. Lazy.
///
/// # Errors
/// `Input`: as [`distinct`]; there are not as many lists of categories as columns.
pub fn codes(
    array: &Array,
    categories: Vec<Vec<i64>>,
    key: Key,
    unknown: Unknown,
    missing: f64,
    dtype: DType,
) -> Result<Array> {
    let shape = array.shape()?.to_vec();
    need_columns(&shape, &categories)?;
    let input = whole_rows(array, usize::MAX)?;
    let rest = shape[1..].iter().map(|length| vec![*length]);
    let chunks = ChunkSpec::Sizes(std::iter::once(input.array.chunks()?.sizes(0)).chain(rest).collect());
    let function = Codes { key, categories, unknown, missing, dtype };
    Ok(blockwise_native(function, &[input], shape, chunks, dtype))
}

/// One column of 0 and 1 for each of the `categories` of each column, of the type `dtype`, but for those whose number is in
/// `left_out`. Values that are none of the categories have 0 everywhere. Chunks have fewer rows than the array's where they
/// would be larger than [`HOT_BYTES_MAX`]. Lazy.
///
/// # Errors
/// As [`codes`].
pub fn one_hot(
    array: &Array,
    categories: Vec<Vec<i64>>,
    left_out: Vec<Option<usize>>,
    key: Key,
    dtype: DType,
) -> Result<Array> {
    let shape = array.shape()?.to_vec();
    let (rows, _) = need_columns(&shape, &categories)?;
    if left_out.len() != categories.len() {
        return Err(Error::input(format!("{} columns and {} categories left out", categories.len(), left_out.len())));
    }
    let function = OneHot { key, categories, left_out, dtype };
    let width = function.width();
    let input = whole_rows(array, HOT_BYTES_MAX / (width * dtype.itemsize()).max(1) + 1)?;
    let chunks = ChunkSpec::Sizes(vec![input.array.chunks()?.sizes(0), vec![width]]);
    Ok(blockwise_native(function, &[input], vec![rows, width], chunks, dtype))
}

fn need_columns(shape: &[usize], categories: &[Vec<i64>]) -> Result<(usize, usize)> {
    let (rows, width) = rows_and_columns(shape)?;
    match width == categories.len() {
        true => Ok((rows, width)),
        false => Err(Error::input(format!("{} lists of categories for {width} columns", categories.len()))),
    }
}

/// The different values of each column of a block: how many, or -1 if they are too many, and their keys.
#[derive(Debug, Serialize, Deserialize)]
struct Different {
    key: Key,
    width: usize,
}

#[typetag::serde(name = "learn.different")]
impl BlockFunction for Different {
    fn name(&self) -> &'static str {
        "different values"
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let [rows] = inputs else { return Err(Error::internal("different values of one input")) };
        let keys = keys(rows, self.key)?;
        let mut answer = vec![0; self.width * (DISTINCT_MAX + 1)];
        for (number, line) in answer.chunks_exact_mut(DISTINCT_MAX + 1).enumerate() {
            match different(&column(&keys, self.width, number), DISTINCT_MAX) {
                None => line[0] = -1,
                Some(found) => {
                    line[0] = found.len() as i64;
                    line[1..=found.len()].copy_from_slice(&found);
                }
            }
        }
        Ok(Chunk::vector(answer))
    }
}

/// The number of each value among the categories of its column.
#[derive(Debug, Serialize, Deserialize)]
struct Codes {
    key: Key,
    categories: Vec<Vec<i64>>,
    unknown: Unknown,
    missing: f64,
    dtype: DType,
}

#[typetag::serde(name = "learn.codes")]
impl BlockFunction for Codes {
    fn name(&self) -> &'static str {
        "number of the category"
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let [rows] = inputs else { return Err(Error::internal("categories of one input")) };
        let keys = keys(rows, self.key)?;
        let width = self.categories.len();
        let has_missing = self.key == Key::Float && self.categories.iter().any(|column| column.contains(&Key::NAN));
        if let ([categories], DType::Int64, Unknown::Refused, false) =
            (self.categories.as_slice(), self.dtype, self.unknown, has_missing)
        {
            let mut codes = vec![0_i64; keys.len()];
            if Table::new(categories).look_up(&keys, &mut codes) {
                return Chunk::new(rows.shape(), codes).map_err(|error| unmade(&error));
            }
        }
        let mut values = vec![0.0; keys.len()];
        for (number, categories) in self.categories.iter().enumerate() {
            let keys = column(&keys, width, number);
            let mut codes = vec![0_i64; keys.len()];
            let all_known = Table::new(categories).look_up(&keys, &mut codes);
            let nan = categories.iter().position(|category| self.key == Key::Float && *category == Key::NAN);
            let value = |code: i64| match (usize::try_from(code), self.unknown) {
                (Ok(code), _) if Some(code) == nan => self.missing,
                (Ok(code), _) => code as f64,
                (Err(_), Unknown::Is(value)) => value,
                (Err(_), Unknown::Refused) => f64::NAN, // is refused below
            };
            if !all_known && self.unknown == Unknown::Refused {
                return Err(self.unseen(&keys, &codes));
            }
            for (place, code) in values.iter_mut().skip(number).step_by(width).zip(&codes) {
                *place = value(*code);
            }
        }
        let made = Chunk::new(rows.shape(), values).map_err(|error| unmade(&error))?;
        Ok(made.cast(self.dtype))
    }
}

impl Codes {
    /// Says the first of the values that are none of the categories.
    fn unseen(&self, keys: &[i64], codes: &[i64]) -> Error {
        let unseen: BTreeSet<i64> =
            keys.iter().zip(codes).filter(|(_, code)| **code < 0).map(|(key, _)| *key).collect();
        let say = |key: &i64| match self.key {
            Key::Integer => key.to_string(),
            Key::Float => f64::from_bits(key.cast_unsigned()).to_string(),
        };
        let said: Vec<String> = unseen.iter().take(10).map(say).collect();
        Error::data(format!("y contains previously unseen labels: [{}]", said.join(", ")))
            .with_hint("fit on all labels")
    }
}

/// Columns of 0 and 1.
#[derive(Debug, Serialize, Deserialize)]
struct OneHot {
    key: Key,
    categories: Vec<Vec<i64>>,
    left_out: Vec<Option<usize>>,
    dtype: DType,
}

impl OneHot {
    /// Columns that are made.
    fn width(&self) -> usize {
        let kept = |(categories, out): (&Vec<i64>, &Option<usize>)| {
            categories.len() - usize::from(out.is_some_and(|out| out < categories.len()))
        };
        self.categories.iter().zip(&self.left_out).map(kept).sum()
    }
}

#[typetag::serde(name = "learn.one_hot")]
impl BlockFunction for OneHot {
    fn name(&self) -> &'static str {
        "columns of categories"
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let [rows] = inputs else { return Err(Error::internal("categories of one input")) };
        let keys = keys(rows, self.key)?;
        let (width, columns) = (self.width(), self.categories.len());
        let count = rows.shape().first().copied().unwrap_or(0);
        let mut hot = vec![0.0_f64; count * width];
        let mut first = 0;
        for (number, (categories, out)) in self.categories.iter().zip(&self.left_out).enumerate() {
            let keys = column(&keys, columns, number);
            let mut codes = vec![0_i64; keys.len()];
            Table::new(categories).look_up(&keys, &mut codes);
            // Of each category its column.
            let mut next = first;
            let place = |code: usize| {
                let there = *out != Some(code);
                next += usize::from(there);
                there.then_some(next - 1)
            };
            let places: Vec<Option<usize>> = (0..categories.len()).map(place).collect();
            first = next;
            for (row, code) in codes.iter().enumerate() {
                if let Some(place) = usize::try_from(*code).ok().and_then(|code| places[code]) {
                    hot[row * width + place] = 1.0;
                }
            }
        }
        let made = Chunk::new(&[count, width], hot).map_err(|error| unmade(&error))?;
        Ok(made.cast(self.dtype))
    }
}

fn unmade(error: &phalanx_chunk::Error) -> Error {
    Error::internal("categories make no chunk").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::{LocalEngine, Settings};

    fn run<T>(future: impl Future<Output = T>) -> T {
        futures::executor::block_on(future)
    }

    fn small() -> Array {
        Array::from_chunk(
            Chunk::new(&[6, 2], vec![3.0, 0.0, 1.0, -0.0, 3.0, f64::NAN, 2.0, 7.0, 1.0, 0.0, 3.0, 7.0]).unwrap(),
        )
        .rechunk(ChunkSpec::Sizes(vec![vec![4, 2], vec![1, 1]]))
    }

    fn bits(values: &[f64]) -> Vec<i64> {
        values.iter().map(|value| Key::of_float(*value)).collect()
    }

    #[test]
    fn different_values_are_found_and_numbered() {
        let engine = LocalEngine::new(Settings::default()).unwrap();
        let found = run(distinct(&engine, &small())).unwrap().unwrap();
        assert_eq!(found, [bits(&[1.0, 2.0, 3.0]), bits(&[0.0, 7.0, f64::NAN])]);
        let made = codes(&small(), found.clone(), Key::Float, Unknown::Refused, -5.0, DType::Float64).unwrap();
        let values = made.compute(&engine).unwrap();
        assert_eq!(values.values::<f64>().unwrap(), [2.0, 0.0, 0.0, 0.0, 2.0, -5.0, 1.0, 1.0, 0.0, 0.0, 2.0, 1.0]);
        let hot = one_hot(&small(), found.clone(), vec![Some(0), None], Key::Float, DType::Int8).unwrap();
        let hot = hot.compute(&engine).unwrap();
        assert_eq!(hot.shape(), [6, 5]);
        assert_eq!(hot.values::<i8>().unwrap()[..15], [0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1]);
        let few = vec![bits(&[1.0, 2.0]), bits(&[0.0, 7.0])];
        let refused = codes(&small(), few.clone(), Key::Float, Unknown::Refused, 0.0, DType::Int64).unwrap();
        let error = refused.compute(&engine).unwrap_err();
        assert!(error.message().contains("unseen labels: [3]"), "{error}");
        let given = codes(&small(), few, Key::Float, Unknown::Is(-1.0), 0.0, DType::Int64).unwrap();
        assert_eq!(given.compute(&engine).unwrap().values::<i64>().unwrap()[..6], [-1, 0, 0, 0, -1, -1]);
    }

    #[test]
    fn too_many_are_not_found() {
        let engine = LocalEngine::new(Settings::default()).unwrap();
        let many = Array::arange(0, 5000, 1, 5000);
        assert_eq!(run(distinct(&engine, &many)).unwrap(), None);
        let enough = Array::arange(0, 1024, 1, 100);
        assert_eq!(run(distinct(&engine, &enough)).unwrap().unwrap()[0].len(), 1024);
        assert!(run(distinct(&engine, &many.reshape((10, 50, 10)))).is_err());
    }
}
