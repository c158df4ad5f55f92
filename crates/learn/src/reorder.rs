//! Rows of arrays, some of them, in another order: what splits of arrays are made of.

use crate::draws::draws;
use phalanx_array::blockwise::{BlockFunction, BlockInput, blockwise_native};
use phalanx_array::chunks::ChunkSpec;
use phalanx_array::{Array, Index, concatenate};
use phalanx_chunk::random::Distribution;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result, typetag};
use serde::{Deserialize, Serialize};

/// The stream of random numbers that rows of a block are drawn from.
const STREAM: u64 = 0x0062_6c6f_636b; // "block"

/// So many neighbouring pieces at most are put together again: with more, each block of the result takes its rows from
/// the whole array.
const PIECES_MAX: usize = 4096;

/// Numbers of rows up to here travel in a plan, and are handed to the engine beyond.
const EMBEDDED_BYTES_MAX: usize = 1 << 20;

/// The rows `places` of an array, in that order, in chunks of about `chunk_rows` rows; lazy, but that which rows these
/// are is handed to the engine now, if they are more than 131,072. Blocks.
///
/// Each row is moved twice: to its place among those that go from its chunk to a chunk of the result, and from there to
/// its place in the result. Of arrays whose chunks, times those of the result, are more than 4096, each chunk of the
/// result reads the whole array.
///
/// # Errors
/// `Input`: the array has no axis, or there is no such row. Otherwise the engine's.
pub fn take_rows(engine: &dyn Engine, array: &Array, places: &[usize], chunk_rows: usize) -> Result<Array> {
    let rows = array.shape()?.first().copied().ok_or_else(|| Error::input("an array without axes has no rows"))?;
    if let Some(place) = places.iter().find(|place| **place >= rows) {
        return Err(Error::input(format!("row {place} of {rows} rows")));
    }
    let sizes: Vec<usize> =
        (0..places.len()).step_by(chunk_rows.max(1)).map(|at| chunk_rows.max(1).min(places.len() - at)).collect();
    let (array, borders) = (of_whole_rows(array)?, borders_with_rows(array, places)?);
    let (sources, results) = (borders.len() - 1, sizes.len());
    if places.is_empty() || sources.saturating_mul(results) > PIECES_MAX {
        let numbers = scattered(engine, places.iter().map(|place| *place as i64).collect(), sizes)?;
        return Ok(array.take_by(&numbers, 0));
    }

    // Of each source, the rows that go to the first chunk, to the second, …, each in the order that they have there.
    let mut sorted: Vec<Vec<Vec<i64>>> = vec![vec![vec![]; results]; sources];
    let mut origins = Vec::with_capacity(places.len());
    let mut source_of = vec![0_u32; rows];
    for source in 0..sources {
        source_of[borders[source]..borders[source + 1]].fill(source as u32);
    }
    for (number, &place) in places.iter().enumerate() {
        let source = source_of[place] as usize;
        sorted[source][number / chunk_rows.max(1)].push((place - borders[source]) as i64);
        origins.push(source as u32);
    }
    let lengths: Vec<usize> = sorted.iter().map(|parts| parts.iter().map(Vec::len).sum()).collect();
    // Where each part begins among the rows that are sorted by source.
    let mut begins = vec![vec![0; results]; sources];
    let mut next = 0;
    for (parts, begins) in sorted.iter().zip(&mut begins) {
        for (part, begin) in parts.iter().zip(begins) {
            *begin = next;
            next += part.len();
        }
    }
    let numbers: Vec<i64> = sorted.iter().flatten().flatten().copied().collect();
    let numbers = scattered(engine, numbers, lengths.clone())?;
    let sorted_rows = rows_at(&array, Some(borders), &numbers, &lengths)?;

    let mut pieces = vec![];
    for result in 0..results {
        for source in 0..sources {
            let (begin, length) = (begins[source][result], sorted[source][result].len());
            if length > 0 {
                let range = begin.cast_signed()..(begin + length).cast_signed();
                pieces.push(sorted_rows.slice(vec![Index::from(range)]));
            }
        }
    }
    let together = concatenate(&pieces.iter().collect::<Vec<_>>(), 0);
    // Where each row is among those of its chunk, which come by source.
    let mut orders = Vec::with_capacity(places.len());
    for (result, origins) in origins.chunks(chunk_rows.max(1)).enumerate() {
        let mut next: Vec<i64> = Vec::with_capacity(sources);
        let mut sum = 0;
        for parts in &sorted {
            next.push(sum);
            sum += parts[result].len() as i64;
        }
        orders.extend(origins.iter().map(|source| {
            let place = &mut next[*source as usize];
            *place += 1;
            *place - 1
        }));
    }
    let ends = sizes.iter().scan(0, |end, size| {
        *end += size;
        Some(*end)
    });
    let borders = std::iter::once(0).chain(ends).collect();
    let orders = scattered(engine, orders, sizes.clone())?;
    rows_at(&together, Some(borders), &orders, &sizes)
}

/// Two parts of the rows, of so many rows, drawn within each chunk: no row leaves its chunk, which takes part with its
/// share of both. Chunks with too few rows for both parts are drawn from together with their neighbours.
///
/// Lazy. Which rows these are depends on the seed and on the borders of the chunks, which is why arrays with the same
/// borders are split alike.
///
/// # Errors
/// `Input`: the array has no axis, or less rows than both parts together; a part is empty.
pub fn split_within_chunks(array: &Array, first: usize, second: usize, seed: u64) -> Result<(Array, Array)> {
    let rows = array.shape()?.first().copied().ok_or_else(|| Error::input("an array without axes has no rows"))?;
    let both = first.saturating_add(second);
    if first == 0 || second == 0 || both > rows {
        return Err(Error::input(format!("parts of {first} and {second} of {rows} rows"))
            .with_hint("take parts with at least one row each, and no more rows than there are"));
    }
    let array = of_whole_rows(array)?;
    // How many rows are in the parts up to a border, and how many of these are in the first.
    let share = |of: usize, part: usize, whole: usize| (of as u128 * part as u128 / whole as u128) as usize;
    let (mut borders, mut table) = (vec![0], vec![]);
    let (mut firsts, mut seconds) = (vec![], vec![]);
    let (mut end, mut done_both, mut done_first) = (0, 0, 0);
    for size in array.chunks()?.sizes(0) {
        end += size;
        let until_both = share(end, both, rows);
        let until_first = share(until_both, first, both);
        let here_first = until_first - done_first;
        let here_second = until_both - done_both - here_first;
        if here_first == 0 || here_second == 0 {
            continue; // with the next chunk
        }
        table.push([borders.len() as i64 - 1, here_first as i64, here_second as i64]);
        firsts.push(here_first);
        seconds.push(here_second);
        borders.push(end);
        (done_both, done_first) = (until_both, until_first);
    }
    if let (Some(last), true) = (borders.last_mut(), end > 0) {
        // What the last chunks lack goes to the last group.
        let (left_first, left_second) = (first - done_first, second - (done_both - done_first));
        *last = end;
        if let (Some(first), Some(second), Some(row)) = (firsts.last_mut(), seconds.last_mut(), table.last_mut()) {
            (*first, *second) = (*first + left_first, *second + left_second);
            (row[1], row[2]) = (*first as i64, *second as i64);
        }
    }
    let groups = table.len();
    let table = Chunk::new(&[groups, 3], table.concat())
        .map_err(|error| Error::internal("the parts are no table").caused_by(&error))?;
    let table = Array::from_chunk(table).rechunk(ChunkSpec::Sizes(vec![vec![1; groups], vec![3]]));
    let part = |is_second: bool, sizes: Vec<usize>| {
        let inputs = [by_rows(&table, None)?, by_rows(&array, Some(borders.clone()))?];
        of_rows(DrawnRows { seed, is_second }, &inputs, &array, sizes)
    };
    Ok((part(false, firsts)?, part(true, seconds)?))
}

/// The array in chunks of whole rows.
fn of_whole_rows(array: &Array) -> Result<Array> {
    let (shape, chunks) = (array.shape()?, array.chunks()?);
    let rest = shape[1..].iter().map(|length| vec![*length]);
    Ok(array.rechunk(ChunkSpec::Sizes(std::iter::once(chunks.sizes(0)).chain(rest).collect())))
}

/// Borders between the array's chunks such that some of the rows `places` are between any two.
fn borders_with_rows(array: &Array, places: &[usize]) -> Result<Vec<usize>> {
    let rows = array.shape()?[0];
    let mut is_taken = vec![false; rows];
    places.iter().for_each(|place| is_taken[*place] = true);
    let (mut borders, mut end) = (vec![0], 0);
    for size in array.chunks()?.sizes(0) {
        let begin = borders.last().copied().unwrap_or(0);
        end += size;
        if is_taken[begin..end].contains(&true) {
            borders.push(end);
        }
    }
    if borders.len() > 1
        && let Some(last) = borders.last_mut()
    {
        *last = rows;
    }
    Ok(borders)
}

fn scattered(engine: &dyn Engine, numbers: Vec<i64>, sizes: Vec<usize>) -> Result<Array> {
    let chunk = Chunk::new(&[numbers.len()], numbers)
        .map_err(|error| Error::internal("the numbers of rows are no chunk").caused_by(&error))?;
    let sizes = ChunkSpec::Sizes(vec![if sizes.is_empty() { vec![0] } else { sizes }]);
    match chunk.nbytes() > EMBEDDED_BYTES_MAX {
        // What is in a plan can be made again where a worker is lost; what is handed in can not.
        false => Ok(Array::from_chunk(chunk).rechunk(sizes)),
        true => Array::scatter(engine, &chunk, sizes),
    }
}

/// Of each block of rows those that the block of numbers counts, from the block's first row.
fn rows_at(array: &Array, borders: Option<Vec<usize>>, numbers: &Array, sizes: &[usize]) -> Result<Array> {
    let inputs = [by_rows(array, borders)?, by_rows(numbers, None)?];
    of_rows(RowsAt, &inputs, array, sizes.to_vec())
}

/// An input that is cut where the result is, along its rows.
fn by_rows(array: &Array, borders: Option<Vec<usize>>) -> Result<BlockInput> {
    let axes = array.shape()?.len();
    Ok(BlockInput {
        array: array.clone(),
        axes: (0..axes).map(|axis| (axis == 0).then_some((0, 0, 0))).collect(),
        borders: std::iter::once(borders).chain(std::iter::repeat_n(None, axes.saturating_sub(1))).collect(),
    })
}

/// What a function makes of rows of `like`: as many in each block as `sizes` says.
fn of_rows(
    function: impl BlockFunction + 'static,
    inputs: &[BlockInput],
    like: &Array,
    sizes: Vec<usize>,
) -> Result<Array> {
    let mut shape = like.shape()?.to_vec();
    shape[0] = sizes.iter().sum();
    let rest = shape[1..].iter().map(|length| vec![*length]);
    let chunks = ChunkSpec::Sizes(std::iter::once(sizes).chain(rest).collect());
    Ok(blockwise_native(function, inputs, shape, chunks, like.dtype()?))
}

fn gathered(rows: &Chunk, places: &[usize]) -> Result<Chunk> {
    rows.gather(0, places).map_err(|error| Error::internal("rows can't be taken").caused_by(&error))
}

fn integers(numbers: &Chunk) -> Result<Vec<usize>> {
    let numbers = numbers.cast(DType::Int64);
    let values = numbers.values::<i64>().map_err(|error| Error::internal("numbers are none").caused_by(&error))?;
    Ok(values.iter().map(|number| *number as usize).collect())
}

/// Takes the rows of its first input that its second counts.
#[derive(Debug, Serialize, Deserialize)]
struct RowsAt;

#[typetag::serde(name = "learn.rows_at")]
impl BlockFunction for RowsAt {
    fn name(&self) -> &'static str {
        "rows at"
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let [rows, numbers] = inputs else { return Err(Error::internal("rows are taken from one input by another")) };
        gathered(rows, &integers(numbers)?)
    }
}

/// Draws one of two parts of the rows of its second input; its first says the block's number and how many are in each.
#[derive(Debug, Serialize, Deserialize)]
struct DrawnRows {
    seed: u64,
    is_second: bool,
}

#[typetag::serde(name = "learn.drawn_rows")]
impl BlockFunction for DrawnRows {
    fn name(&self) -> &'static str {
        if self.is_second { "second part" } else { "first part" }
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let [table, rows] = inputs else { return Err(Error::internal("rows are drawn by a table")) };
        let &[block, first, second] = integers(table)?.as_slice() else {
            return Err(Error::internal("a table of parts has three columns"));
        };
        let count = rows.shape().first().copied().unwrap_or(0);
        let until = if self.is_second { first + second } else { first };
        let drawn = drawn(self.seed, block as u64, count, until)?;
        gathered(rows, if self.is_second { &drawn[first..] } else { &drawn })
    }
}

/// The first so many of `rows` numbers in a random order (Fisher and Yates; Durstenfeld, 1964).
fn drawn(seed: u64, block: u64, rows: usize, count: usize) -> Result<Vec<usize>> {
    let mut places: Vec<usize> = (0..rows).collect();
    let count = count.min(rows);
    let draws = draws(Distribution::Random, seed, STREAM.wrapping_add(block), 0, count)?;
    for (step, draw) in draws.into_iter().enumerate() {
        // A multiple of what is left, rounded down: off by at most one part in 2⁵³ ÷ rows.
        let beyond = (draw * (rows - step) as f64) as usize;
        places.swap(step, (step + beyond).min(rows - 1));
    }
    places.truncate(count);
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::{LocalEngine, Settings};

    fn values(engine: &dyn Engine, array: &Array) -> Vec<f64> {
        array.compute(engine).unwrap().values::<f64>().unwrap().to_vec()
    }

    fn table(rows: usize, chunk: usize) -> Array {
        Array::arange(0, 3 * rows.cast_signed() as i64, 1, 3 * rows)
            .astype(DType::Float64)
            .reshape((rows, 3))
            .rechunk((chunk, 2))
    }

    #[test]
    fn rows_come_in_the_order_that_is_asked_for() {
        let engine = LocalEngine::new(Settings::default()).unwrap();
        for (rows, chunk, chunk_rows) in [(1000, 90, 70), (1000, 1000, 1000), (1000, 1, 2), (37, 5, 50), (12, 4, 1)] {
            let order = drawn(rows as u64, 0, rows, rows).unwrap();
            // All, a part, repeated ones, and those of two chunks.
            let repeated: Vec<usize> = order.iter().chain(&order).copied().collect();
            let few: Vec<usize> = order.iter().copied().filter(|place| *place < 3 || *place + 2 > rows).collect();
            for places in [&order[..], &order[..rows / 3], &repeated, &few, &[]] {
                let taken = take_rows(&engine, &table(rows, chunk), places, chunk_rows).unwrap();
                let expected: Vec<f64> =
                    places.iter().flat_map(|place| (0..3).map(move |column| (3 * place + column) as f64)).collect();
                assert_eq!(values(&engine, &taken), expected, "{rows} {chunk} {chunk_rows}");
                assert!(taken.chunks().unwrap().sizes(0).iter().all(|size| *size <= chunk_rows));
            }
        }
        let error = take_rows(&engine, &table(10, 5), &[3, 10], 5).unwrap_err();
        assert_eq!(error.message(), "row 10 of 10 rows");
    }

    #[test]
    fn parts_are_drawn_within_chunks() {
        let engine = LocalEngine::new(Settings::default()).unwrap();
        for (rows, chunk, first, second) in [(1000, 100, 200, 800), (1000, 7, 3, 500), (50, 1, 10, 40), (9, 9, 1, 1)] {
            let (one, two) = split_within_chunks(&table(rows, chunk), first, second, 5).unwrap();
            let numbers = |part: &Array| -> Vec<usize> {
                values(&engine, part).chunks(3).map(|row| row[0] as usize / 3).collect()
            };
            let (one, two) = (numbers(&one), numbers(&two));
            assert_eq!((one.len(), two.len()), (first, second));
            let mut all: Vec<usize> = one.iter().chain(&two).copied().collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), first + second, "no row is in both");
            if chunk == 100 {
                assert!(!one.is_sorted());
                // Each chunk gives its share.
                assert!((0..10).all(|at| one[at * 20..(at + 1) * 20].iter().all(|row| row / 100 == at)));
            }
            // The target of one column is split alike, and another seed splits otherwise.
            let target = table(rows, chunk).slice(phalanx_array::s![.., 0]);
            let (targets, _) = split_within_chunks(&target, first, second, 5).unwrap();
            assert_eq!(values(&engine, &targets).iter().map(|row| *row as usize / 3).collect::<Vec<_>>(), one);
            let (other, _) = split_within_chunks(&target, first, second, 6).unwrap();
            assert!(first < 5 || values(&engine, &other) != values(&engine, &targets));
        }
        assert!(split_within_chunks(&table(10, 5), 0, 5, 1).unwrap_err().hint().is_some());
    }
}
