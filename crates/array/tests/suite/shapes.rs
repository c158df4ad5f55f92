//! Indexing, manipulating, sorting and counting against what a dense model gives, on any chunks.

use super::{computed, distance};
use phalanx_array::counting::{Bins, Density};
use phalanx_array::sorting::Skip;
use phalanx_array::{AllAxes, Array, KeepDimensions, Key, PadMode, concatenate, nonzero, s};
use phalanx_chunk::lines::{Method, Running};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, ErrorKind};

fn integers(engine: &dyn Engine, array: &Array) -> (Vec<usize>, Vec<i64>) {
    let chunk = array.compute(engine).unwrap_or_else(|error| panic!("{array}: {error}"));
    (chunk.shape().to_vec(), chunk.cast(DType::Int64).values::<i64>().unwrap().to_vec())
}

fn list(indices: &[isize]) -> Key {
    Key::from(indices)
}

/// x[i, j] = 10 i + j, of shape (4, 6).
fn grid(chunks: (usize, usize)) -> Array {
    let rows = Array::arange(0, 4, 1, 4).expand_dims(1) * 10;
    (rows + Array::arange(0, 6, 1, 6)).rechunk(chunks)
}

const CHUNKS: [(usize, usize); 4] = [(4, 6), (1, 1), (3, 4), (2, 6)];

pub fn indexing(engine: &dyn Engine) -> Vec<u8> {
    for chunks in CHUNKS {
        let x = grid(chunks);
        let check = |keys: &[Key], shape: &[usize], values: &[i64]| {
            assert_eq!(integers(engine, &x.get(keys)), (shape.to_vec(), values.to_vec()), "{keys:?} of {x}");
        };
        check(
            &[list(&[3, 1, 1])].map(|key| key),
            &[3, 6],
            &(0..18).map(|k| [30, 10, 10][k / 6] + (k % 6) as i64).collect::<Vec<_>>(),
        );
        check(&[s![1..3][0].into(), list(&[5, 0])], &[2, 2], &[15, 10, 25, 20]);
        check(&[s![2][0].into(), list(&[-1, 0])], &[2], &[25, 20]);
        // Point by point, broadcast, and with the points' axes first where a slice lies between.
        check(&[list(&[0, 3]), list(&[5, -6])], &[2], &[5, 30]);
        let square = Array::from_vec((2, 1), vec![0_i64, 3]);
        check(&[Key::Array(square), list(&[1, 2])], &[2, 2], &[1, 2, 31, 32]);
        let cube = x.reshape((4, 2, 3));
        let parts = [Key::from(s![1][0]), Key::from(s![..][0]), list(&[2, 0])];
        assert_eq!(integers(engine, &cube.get(parts)), (vec![2, 2], vec![12, 15, 10, 13]));
        // An index that is computed.
        let lazy = Array::arange(0, 6, 2, 1);
        check(&[s![1..][0].into(), Key::Array(lazy)], &[3, 3], &[10, 12, 14, 20, 22, 24, 30, 32, 34]);
        // Masks: the client's, a computed one, one of all axes.
        check(
            &[Key::Array(Array::from_vec(4, vec![true, false, false, true]))],
            &[2, 6],
            &[0, 1, 2, 3, 4, 5, 30, 31, 32, 33, 34, 35],
        );
        let columns = (Array::arange(0, 6, 1, 4) % 4).equal(1);
        check(&[s![..;-2][0].into(), Key::Array(columns)], &[2, 2], &[31, 35, 11, 15]);
        check(&[Key::Array((&x % 7).equal(0))], &[4], &[0, 14, 21, 35]);
        let selected = x.get([Key::Array((&x % 7).equal(0))]);
        assert_eq!(selected.known_shape().unwrap(), [None]);
        assert_eq!(integers(engine, &(&selected * 2 + 1).sum(AllAxes)), (vec![], vec![144]));
        let error = selected.reshape((4, 1)).compute(engine).unwrap_err();
        assert!(error.hint().unwrap().contains("compute_chunk_sizes()"), "{error}");
        let known = selected.compute_chunk_sizes(engine).unwrap();
        assert_eq!(integers(engine, &known.slice(s![..;-1])).1, [35, 21, 14, 0]);
        let places = nonzero(&x.greater(32)).unwrap();
        assert_eq!(integers(engine, &places[0]).1, [3, 3, 3]);
        assert_eq!(integers(engine, &places[1]).1, [3, 4, 5]);
        assert_eq!(integers(engine, &phalanx_array::argwhere(&x.greater(33))), (vec![2, 2], vec![3, 4, 3, 5]));
        // Copies with something replaced.
        let set = |keys: &[Key], value: Array| integers(engine, &x.with_item(keys, value)).1;
        let mut expected: Vec<i64> = (0..24).map(|k| k / 6 * 10 + k % 6).collect();
        let part = Array::from_vec((2, 1), vec![-1_i64, -2]);
        for (at, value) in [(20, -1), (18, -1), (8, -2), (6, -2)] {
            expected[at] = value;
        }
        assert_eq!(set(&[s![3..;-2][0].into(), s![..4;2][0].into()], part), expected);
        let expected: Vec<i64> = (0..24)
            .map(|k| {
                if k % 6 == 4 {
                    7
                } else if k % 6 == 1 {
                    9
                } else {
                    k / 6 * 10 + k % 6
                }
            })
            .collect();
        assert_eq!(set(&[s![..][0].into(), list(&[1, 4, 1])], Array::from_vec(3, vec![8_i64, 7, 9])), expected);
        let expected: Vec<i64> = (0..24).map(|k| k / 6 * 10 + k % 6).map(|v| if v > 20 { 0 } else { v }).collect();
        assert_eq!(set(&[Key::Array(x.greater(20))], Array::from_vec((), vec![0_i64])), expected);
    }
    let x = grid((3, 4));
    for (array, text) in [
        (x.get([list(&[4])]), "index 4 is out of bounds for axis 0 with size 4"),
        (x.get([Key::Array(Array::from_vec(3, vec![true; 3]))]), "boolean index"),
        (x.get([Key::Array(Array::ones(2, 2))]), "float64"),
        (x.get([list(&[0]), list(&[0]), list(&[0])]), "too many indices"),
        (x.with_item([Key::from(s![0][0])], Array::ones(5, 5)), "could not broadcast"),
    ] {
        let error = array.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(error.message().contains(text) && error.hint().is_some(), "{error}");
    }
    vec![]
}

pub fn large_masks(engine: &dyn Engine) -> Vec<u8> {
    // Above a megabyte the mask stays where it is, and the blocks are counted.
    let x = Array::arange(0, 3_000_000, 1, 400_000);
    let thirds = x.get([Key::Array((&x % 3).equal(0))]);
    let known = thirds.compute_chunk_sizes(engine).unwrap();
    assert_eq!(known.shape().unwrap(), [1_000_000]);
    assert_eq!(known.chunks().unwrap().count(), 8);
    assert_eq!(integers(engine, &known.slice(s![999_998..;7])).1, [2_999_994]);
    assert_eq!(integers(engine, &thirds.max(AllAxes)).1, [2_999_997]);
    let none = x.get([Key::Array(x.less(0))]);
    assert_eq!(integers(engine, &none).0, [0]);
    vec![]
}

pub fn manipulated(engine: &dyn Engine) -> Vec<u8> {
    let mut digests = vec![];
    for chunks in CHUNKS {
        let x = grid(chunks);
        let v = Array::arange(0, 5, 1, chunks.0);
        let check = |array: &Array, shape: &[usize], values: &[i64]| {
            assert_eq!(integers(engine, array), (shape.to_vec(), values.to_vec()), "{array}");
        };
        check(&v.flip(AllAxes), &[5], &[4, 3, 2, 1, 0]);
        check(&v.roll(7, 0), &[5], &[3, 4, 0, 1, 2]);
        check(&x.rot90(1, (0, 1)).slice(s![..2]), &[2, 4], &[5, 15, 25, 35, 4, 14, 24, 34]);
        check(&x.rot90(-1, (0, 1)).slice(s![0]), &[4], &[30, 20, 10, 0]);
        check(&v.tile(&[2, 2]).slice(s![1]), &[10], &[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        check(&v.repeat(2, 0), &[10], &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
        check(&v.repeat_each(&[0, 2, 0, 1, 1], 0), &[4], &[1, 1, 3, 4]);
        check(&(&v * &v).diff(2, 0), &[3], &[2, 2, 2]);
        check(&v.pad(&[(2, 6)], &PadMode::Wrap), &[13], &[3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0]);
        check(&v.pad(&[(2, 2)], &PadMode::Symmetric), &[9], &[1, 0, 0, 1, 2, 3, 4, 4, 3]);
        check(&v.pad(&[(4, 0)], &PadMode::LinearRamp(vec![(-8.0, 0.0)])), &[9], &[-8, -6, -4, -2, 0, 1, 2, 3, 4]);
        check(&x.slice(s![..2, ..2]).tril(0), &[2, 2], &[0, 0, 10, 11]);
        check(&x.slice(s![..2, ..2]).triu(1), &[2, 2], &[0, 1, 0, 0]);
        check(&x.diagonal(1, (0, 1)), &[4], &[1, 12, 23, 34]);
        check(&x.diagonal(-2, (0, 1)), &[2], &[20, 31]);
        check(&x.trace(0, (0, 1)), &[], &[66]);
        check(&v.slice(s![1..3]).diag(-1), &[3, 3], &[0, 0, 0, 1, 0, 0, 0, 2, 0]);
        check(
            &x.insert(&[1, 1], &Array::from_vec((2, 1), vec![-1_i64, -2]), 0).slice(s![.., 0]),
            &[6],
            &[0, -1, -2, 10, 20, 30],
        );
        check(&x.delete(&[0, -1, 3], 1).slice(s![0]), &[3], &[1, 2, 4]);
        check(
            &x.coarsen(
                phalanx_chunk::reduce::Reduction::Sum,
                &[(0, 2), (1, 3)],
                phalanx_array::rechunking::Trim::Refuse,
            ),
            &[2, 2],
            &[36, 54, 156, 174],
        );
        check(&v.scan(Running::Sum, 0), &[5], &[0, 1, 3, 6, 10]);
        check(&x.cumsum(0).slice(s![3..;-2, 1]), &[2], &[64, 12]);
        check(&(&v + 1).cumprod(0), &[5], &[1, 2, 6, 24, 120]);
        let mixed = (&v * 7) % 5;
        check(&mixed.sort(0), &[5], &[0, 1, 2, 3, 4]);
        check(&mixed.argsort(0), &[5], &[0, 3, 1, 4, 2]);
        check(&mixed.topk(2, 0), &[2], &[4, 3]);
        check(&mixed.argtopk(2, 0), &[2], &[2, 4]);
        check(&mixed.take_along_axis(&mixed.argsort(0), 0), &[5], &[0, 1, 2, 3, 4]);
        check(&(&mixed % 2).unique(), &[2], &[0, 1]);
        let unique = (&mixed % 3).unique_all();
        check(&unique.values, &[3], &[0, 1, 2]);
        check(&unique.counts, &[3], &[2, 2, 1]);
        check(&unique.index, &[3], &[0, 2, 1]);
        check(&unique.inverse, &[5], &[0, 2, 1, 1, 0]);
        check(&mixed.bincount(None, Some(6)), &[6], &[1, 1, 1, 1, 1, 0]);
        check(&mixed.bincount(None, None), &[5], &[1, 1, 1, 1, 1]);
        check(&v.isin(&Array::from_vec(2, vec![3_i64, 0])), &[5], &[1, 0, 0, 1, 0]);
        check(&v.digitize(&[3.0, 1.0], phalanx_chunk::search::Search::Right), &[5], &[2, 1, 1, 0, 0]);
        let (counts, edges) = x.histogram(&Bins::Count(7, None), None, Density::Counts);
        check(&counts, &[7], &[5, 1, 5, 1, 5, 1, 6]);
        let quantiles = x.quantile(&[0.5, 0.25], 1, Method::Linear, KeepDimensions::No, Skip::Nothing);
        let middle = x.median(AllAxes, KeepDimensions::Yes, Skip::Nothing);
        let slope = (&v * &v).gradient(0.5, 0);
        for (array, expected) in [
            (&quantiles, vec![2.5, 12.5, 22.5, 32.5, 1.25, 11.25, 21.25, 31.25]),
            (&middle, vec![17.5]),
            (&slope, vec![2.0, 4.0, 8.0, 12.0, 14.0]),
            (&edges, vec![0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0]),
        ] {
            let got = computed(engine, array);
            assert_eq!(got.values::<f64>().unwrap(), expected, "{array}");
            digests.extend(got.digest_bytes());
        }
    }
    digests
}

/// What a scan draws of its source: twice, for the totals and for itself; and only what a slice of it needs.
pub fn evaluated(engine: &dyn Engine) -> Vec<u8> {
    use phalanx_array::evaluate;
    use phalanx_array::random::Generator;
    let drawn = |array: &Array| evaluate(engine, &[array]).unwrap().evaluated;
    let x = Generator::new(1).random((1000, 100), (100, 100));
    for (array, expected) in [
        (x.slice(s![3, ..;7]), 15),
        (x.flip(0).slice(s![..2]), 200),
        (x.roll(10, 0).slice(s![5..15, 0]), 10),
        (x.get([list(&[7, 900, 7])]), 200),
        (x.pad(&[(1, 1), (0, 0)], &PadMode::Reflect).slice(s![..2, 0]), 2),
        (concatenate(&[&x, &x], 1).slice(s![0, 99..102]), 3),
        (x.diagonal(0, (0, 1)), 100),
        (x.tril(0).slice(s![0]), 100),
        (x.sort(1).slice(s![5, ..3]), 100),
        (x.sort(0).slice(s![.., 3]), 1000),
        (x.tile(&[2, 1]).slice(s![999..1001, 0]), 2),
        (x.repeat(3, 1).slice(s![0, 3..9]), 2),
        (x.with_item([Key::from(s![0][0])], 1.0).slice(s![..2]), 200),
        (x.median(1, KeepDimensions::No, Skip::Nothing).slice(s![..3]), 300),
        (x.topk(2, 0).slice(s![.., 0]), 1000),
        (x.rechunk(10).slice(s![..5, ..5]), 25),
        (x.moveaxis(&[0], &[1]).slice(s![0, ..10]), 10),
        (x.diff(1, 0).slice(s![0, ..]), 200),
        ((&x + &x.flip(1)).slice(s![0]), 200),
        (x.cumsum(1).slice(s![0, ..50]), 50),
        (
            x.coarsen(phalanx_chunk::reduce::Reduction::Mean, &[(0, 10)], phalanx_array::rechunking::Trim::Refuse)
                .slice(s![0, 0]),
            10,
        ),
    ] {
        assert_eq!(drawn(&array), expected, "{array}");
        assert_eq!(told(engine, &array), expected, "explain of {array}");
    }
    // What is mirrored at the diagonal is drawn once, where chunks are the mirrors of chunks.
    for (chunks, once) in [((500, 500), true), ((600, 500), false)] {
        let x = Generator::new(3).random((1000, 1000), chunks);
        let sum = &x + &x.t();
        for array in [sum.mean(0), sum.sum(1), sum.std(AllAxes), (&sum * 2.0).max(AllAxes)] {
            assert_eq!(drawn(&array) == 1_000_000, once, "{array}");
            assert_eq!(told(engine, &array), drawn(&array), "explain of {array}");
        }
        let (columns, rows) = (computed(engine, &sum.mean(0)), computed(engine, &sum.mean(1)));
        assert!(distance(&columns, &rows) < 1e-12);
        assert!(distance(&columns, &computed(engine, &(x.mean(0) + x.mean(1)))) < 1e-12);
    }
    // In many tiles and chunks, in several stages, and of what one source is wanted for twice.
    let wide = Generator::new(2).random((300, 4000), (64, 900));
    for array in [
        &wide + &wide.slice(s![0]),
        (&wide + &wide.flip(0)).std(AllAxes),
        (wide.slice(s![1.., ..]) * wide.slice(s![..-1, ..])).sum(1),
        wide.matmul(&wide.t()).sum(AllAxes),
        wide.cumsum(0).rechunk((300, 50)),
        wide.sort(1).svd().1,
    ] {
        assert_eq!(told(engine, &array), drawn(&array), "{array}");
    }
    vec![]
}

/// The elements that `explain` says are evaluated, of all that is random.
fn told(engine: &dyn Engine, array: &Array) -> u64 {
    let text = array.explain(engine.settings()).unwrap();
    let sources = text.split("sources\n").nth(1).unwrap().split("physical plan").next().unwrap();
    let random = sources.lines().filter(|line| line.contains(" random "));
    random.map(|line| line.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Arrays ten times the memory of a task.
pub fn larger_than_memory(engine: &dyn Engine) -> Vec<u8> {
    use phalanx_array::random::Generator;
    let x = Generator::new(9).random((2000, 2000), 250);
    let spread = computed(engine, &(&x + x.t()).std(AllAxes));
    assert!((spread.item::<f64>().unwrap() - (1.0_f64 / 6.0).sqrt()).abs() < 1e-3);
    let moved = x.rechunk((2000, 100)).persist(engine).unwrap().rechunk((100, 2000));
    let sums = computed(engine, &(moved.checksum() - x.checksum()));
    assert_eq!(sums.item::<i64>().unwrap(), 0);
    Chunk::digest_bytes(&spread)
}
