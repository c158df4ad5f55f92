use proptest::prelude::*;

use super::*;
use crate::DType;

fn counted(shape: &[usize]) -> Chunk {
    Chunk::new(shape, (0..shape.iter().product::<usize>() as i64).collect()).unwrap()
}

/// The element at `index`, read the slow way.
fn at(chunk: &Chunk, index: &[usize]) -> i64 {
    let flat: usize = index.iter().zip(strides(chunk.shape())).map(|(i, s)| i * s).sum();
    chunk.values::<i64>().unwrap()[flat]
}

fn every_index(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &n in shape {
        all = all.into_iter().flat_map(|p| (0..n).map(move |i| [p.clone(), vec![i]].concat())).collect();
    }
    all
}

fn span_of(n: usize) -> impl Strategy<Value = Span> {
    (0..n, 1..=n, 1..=3isize, any::<bool>()).prop_map(move |(start, len, step, down)| {
        let room = if down { start } else { n - 1 - start };
        let len = len.min(room / step.unsigned_abs() + 1);
        Span::new(start, len, if down { -step } else { step })
    })
}

fn shape_and_region() -> impl Strategy<Value = (Vec<usize>, Vec<Span>)> {
    prop::collection::vec(1usize..12, 0..5)
        .prop_flat_map(|shape| (Just(shape.clone()), shape.into_iter().map(span_of).collect::<Vec<_>>()))
}

fn shape_and_permutation() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    prop::collection::vec(1usize..20, 0..4).prop_flat_map(|shape| {
        let axes: Vec<usize> = (0..shape.len()).collect();
        (Just(shape), Just(axes).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn a_region_is_indexing((shape, region) in shape_and_region()) {
        let a = counted(&shape);
        let cut = a.region(&region).unwrap();
        prop_assert_eq!(cut.shape(), lengths(&region));
        for index in every_index(cut.shape()) {
            let origin: Vec<usize> = index.iter().zip(&region).map(|(&k, s)| s.index(k).unwrap()).collect();
            prop_assert_eq!(at(&cut, &index), at(&a, &origin));
        }
    }

    #[test]
    fn a_region_of_a_region_is_the_composed_region((shape, region) in shape_and_region()) {
        let a = counted(&shape);
        let cut = a.region(&region).unwrap();
        let reversed: Vec<Span> = cut.shape().iter().map(|&n| Span::new(n - 1, n, -1)).collect();
        let composed: Vec<Span> =
            region.iter().zip(&reversed).map(|(&o, &i)| Span::compose(o, i).unwrap()).collect();
        prop_assert!(a.region(&composed).unwrap().same_bits(&cut.region(&reversed).unwrap()));
    }

    #[test]
    fn transposing_moves_every_element((shape, permutation) in shape_and_permutation()) {
        let a = counted(&shape);
        let t = a.transpose(&permutation).unwrap();
        for index in every_index(t.shape()) {
            let mut origin = vec![0; index.len()];
            permutation.iter().zip(&index).for_each(|(&axis, &i)| origin[axis] = i);
            prop_assert_eq!(at(&t, &index), at(&a, &origin));
        }
    }

    #[test]
    fn assembling_is_the_inverse_of_cutting(
        shape in prop::collection::vec(1usize..14, 1..4),
        cuts in prop::collection::vec(1usize..5, 3),
        interleaved in any::<bool>(),
        backwards in any::<bool>(),
    ) {
        let a = counted(&shape);
        let mut regions = vec![vec![]];
        for (&n, &parts) in shape.iter().zip(&cuts) {
            let spans: Vec<Span> = if interleaved {
                (0..parts.min(n)).map(|p| Span::new(p, (n - p).div_ceil(parts), parts as isize)).collect()
            } else {
                (0..n).step_by(parts).map(|s| Span::range(s, parts.min(n - s))).collect()
            };
            let turned = spans.into_iter().map(|s| {
                if backwards { Span::compose(s, Span::new(s.len - 1, s.len, -1)).unwrap() } else { s }
            });
            let turned: Vec<Span> = turned.collect();
            regions = regions.into_iter()
                .flat_map(|r: Vec<Span>| turned.iter().map(move |&s| [r.clone(), vec![s]].concat()))
                .collect();
        }
        let mut pieces: Vec<(Vec<Span>, Chunk)> =
            regions.into_iter().map(|r| (r.clone(), a.region(&r).unwrap())).collect();
        prop_assert!(Chunk::assemble(DType::Int64, &shape, &pieces).unwrap().same_bits(&a));
        // One piece less, or one twice in place of another: refused.
        let last = pieces.pop().unwrap();
        prop_assert!(Chunk::assemble(DType::Int64, &shape, &pieces).is_err());
        if let Some(first) = pieces.first().cloned()
            && first.1.len() == last.1.len()
        {
            pieces.push(first);
            prop_assert!(Chunk::assemble(DType::Int64, &shape, &pieces).is_err());
        }
    }

    #[test]
    fn concatenating_is_the_inverse_of_splitting(
        shape in prop::collection::vec(1usize..9, 1..4), axis in 0usize..3, cut in 0usize..9,
    ) {
        let axis = axis % shape.len();
        let cut = cut.min(shape[axis]);
        let a = counted(&shape);
        let part = |span| {
            let mut region = crate::span::whole(&shape);
            region[axis] = span;
            a.region(&region).unwrap()
        };
        let parts = [part(Span::range(0, cut)), part(Span::range(cut, shape[axis] - cut))];
        prop_assert!(Chunk::concatenate(axis, &parts).unwrap().same_bits(&a));
    }

    #[test]
    fn gathering_is_indexing_one_axis(
        shape in prop::collection::vec(1usize..7, 1..4), axis in 0usize..3, picks in prop::collection::vec(0usize..7, 0..9),
    ) {
        let axis = axis % shape.len();
        let picks: Vec<usize> = picks.into_iter().map(|p| p % shape[axis]).collect();
        let a = counted(&shape);
        let g = a.gather(axis, &picks).unwrap();
        for index in every_index(g.shape()) {
            let mut origin = index.clone();
            origin[axis] = picks[index[axis]];
            prop_assert_eq!(at(&g, &index), at(&a, &origin));
        }
    }

    #[test]
    fn broadcasting_repeats(shape in prop::collection::vec(1usize..6, 0..4), ones in 0usize..16, front in 0usize..3) {
        let own: Vec<usize> =
            shape.iter().enumerate().map(|(i, &n)| if ones >> i & 1 == 1 { 1 } else { n }).collect();
        let target = [vec![2; front], shape].concat();
        let a = counted(&own);
        let b = a.broadcast_to(&target).unwrap();
        for index in every_index(&target) {
            let origin: Vec<usize> = index[front..].iter().zip(&own).map(|(&i, &n)| i.min(n - 1)).collect();
            prop_assert_eq!(at(&b, &index), at(&a, &origin));
        }
    }
}

#[test]
fn large_transposes_cross_blocks() {
    let a = counted(&[131, 3, 201]);
    let t = a.transpose(&[2, 1, 0]).unwrap();
    for (i, j, k) in [(0, 0, 0), (200, 2, 130), (77, 1, 64), (64, 0, 128), (199, 2, 127)] {
        assert_eq!(at(&t, &[i, j, k]), at(&a, &[k, j, i]));
    }
    assert!(t.transpose(&[2, 1, 0]).unwrap().same_bits(&a));
}

#[test]
fn contiguous_regions_share_the_data() {
    let a = counted(&[4, 5]);
    let rows = a.region(&[Span::range(1, 2), Span::all(5)]).unwrap();
    assert_eq!(rows.bytes().as_ptr(), a.bytes()[40..].as_ptr());
    let part_of_a_row = a.region(&[Span::range(2, 1), Span::range(1, 3)]).unwrap();
    assert_eq!(part_of_a_row.bytes().as_ptr(), a.bytes()[88..].as_ptr());
    let one = a.region(&[Span::new(3, 1, -7), Span::new(4, 1, 9)]).unwrap();
    assert_eq!(one.item::<i64>(), Ok(19));
    assert!(a.region(&[Span::range(0, 4), Span::range(0, 4)]).unwrap().bytes().as_ptr() != a.bytes().as_ptr());
    assert_eq!(a.transpose(&[0, 1]).unwrap().bytes().as_ptr(), a.bytes().as_ptr());
}

#[test]
fn nothing_is_allowed_everywhere() {
    let a = counted(&[3, 4]);
    let none = a.region(&[Span::new(0, 0, 1), Span::all(4)]).unwrap();
    assert_eq!(none.shape(), &[0, 4]);
    assert_eq!(none.transpose(&[1, 0]).unwrap().shape(), &[4, 0]);
    assert_eq!(none.broadcast_to(&[2, 0, 4]).unwrap().shape(), &[2, 0, 4]);
    assert_eq!(none.gather(1, &[3]).unwrap().shape(), &[0, 1]);
    assert_eq!(none.reshape(&[7, 0]).unwrap().shape(), &[7, 0]);
    assert!(Chunk::concatenate(0, &[none.clone(), a.clone()]).unwrap().same_bits(&a));
    let whole = crate::span::whole(&[3, 4]);
    let pieces = [(vec![Span::new(0, 0, 1), Span::all(4)], none), (whole, a.clone())];
    assert!(Chunk::assemble(DType::Int64, &[3, 4], &pieces).unwrap().same_bits(&a));
    assert_eq!(Chunk::assemble(DType::Bool, &[0], &[]).unwrap().len(), 0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let a = counted(&[3, 4]);
    let shape = |r: Result<Chunk>| assert!(matches!(r, Err(Error::Shape { .. })), "{r:?}");
    shape(a.region(&[Span::all(3)]));
    shape(a.region(&[Span::all(4), Span::all(4)]));
    shape(a.transpose(&[0]));
    shape(a.broadcast_to(&[3, 5]));
    shape(a.broadcast_to(&[4]));
    shape(a.gather(1, &[4]));
    shape(a.reshape(&[5]));
    shape(Chunk::concatenate(0, &[]));
    shape(Chunk::concatenate(0, &[a.clone(), counted(&[3, 5])]));
    shape(Chunk::assemble(DType::Int64, &[3, 4], &[]));
    shape(Chunk::assemble(DType::Int64, &[3, 5], &[(crate::span::whole(&[3, 4]), a.clone())]));
    assert!(matches!(a.transpose(&[1, 1]), Err(Error::Axis { axis: 1, ndim: 2 })));
    assert!(matches!(a.gather(2, &[]), Err(Error::Axis { axis: 2, ndim: 2 })));
    let piece = [(crate::span::whole(&[3, 4]), a.clone())];
    assert!(matches!(Chunk::assemble(DType::Int32, &[3, 4], &piece), Err(Error::DType { .. })));
    assert!(matches!(a.region(&[Span::new(0, 2, 0), Span::all(4)]), Err(Error::Value { .. })));
    assert!(matches!(a.broadcast_to(&[1 << 62, 3, 4]), Err(Error::Overflow { .. })));
}

#[test]
fn every_dtype_moves() {
    for dtype in DType::ALL {
        let a = counted(&[9, 17]).cast(dtype);
        let t = a.transpose(&[1, 0]).unwrap();
        assert_eq!(t.dtype(), dtype);
        assert!(t.transpose(&[1, 0]).unwrap().same_bits(&a));
    }
    let mixed = Chunk::concatenate(0, &[Chunk::vector(vec![1i32]), Chunk::vector(vec![0.5f32])]).unwrap();
    assert_eq!(mixed.values::<f64>().unwrap(), &[1.0, 0.5]);
}
