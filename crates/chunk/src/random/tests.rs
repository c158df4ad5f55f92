use proptest::prelude::*;

use super::*;
use crate::oracle::{cases, chunk};
use crate::span::whole;

fn all(distribution: Distribution, seed: u64, shape: &[usize]) -> Chunk {
    generate(distribution, seed, 0, shape, &whole(shape)).unwrap()
}

#[test]
fn philox_gives_the_known_answers_of_random123() {
    // kat_vectors of Random123 1.14, "philox4x32 10".
    let known = [
        ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
        (
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
            [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
        ),
    ];
    for (counter, key, words) in known {
        assert_eq!(philox4x32_10(counter, Key(key)), words);
    }
}

#[test]
fn lanes_are_single_counters() {
    let key = Key::new(3, 9);
    let index: Vec<u64> = (0..64).map(|i| i * 0x1_0000_0001 + u64::from(u32::MAX)).collect();
    let mut words = vec![0; 64];
    philox::first_words(key, &index, &mut words);
    for (&index, &word) in index.iter().zip(&words) {
        let [a, b, _, _] = philox4x32_10([index as u32, (index >> 32) as u32, 0, 0], key);
        assert_eq!(word, u64::from(a) | u64::from(b) << 32);
    }
}

#[test]
fn values_are_pinned() {
    // Written down once, and computed a second time apart from this code: a change of any bit breaks every stored
    // result of a user. The last integer is one whose first draw is rejected.
    let region = [Span::new(5, 3, 1 << 37)];
    let reals = |d| generate(d, 42, 1, &[1 << 40], &region).unwrap().values::<f64>().unwrap().to_vec();
    assert_eq!(reals(Distribution::Random), [0.6734607261299025, 0.8005752782954547, 0.8727050941307114]);
    let d = Distribution::Uniform { low: -1.0, high: 3.0 };
    assert_eq!(reals(d), [1.69384290451961, 2.202301113181819, 2.4908203765228456]);
    let d = Distribution::Normal { mean: 1.0, std: 2.0 };
    assert_eq!(reals(d), [1.8989790918783407, 2.6873557173934604, 3.2785435749875966]);
    let d = Distribution::Integers { low: -1000, high: 1 << 62 };
    let integers = generate(d, 42, 1, &[1 << 40], &region).unwrap();
    let expected = [3105789414653227610, 3692001817613763394, 948370637045092560];
    assert_eq!(integers.values::<i64>().unwrap(), &expected);
}

#[test]
fn seeds_and_streams_give_other_values() {
    let first = |seed, stream| generate(Distribution::Random, seed, stream, &[], &[]).unwrap().item::<f64>().unwrap();
    assert_ne!(first(42, 1), first(42, 2));
    assert_ne!(first(42, 1), first(43, 1));
    assert_ne!(Key::new(0, 1), Key::new(1, 0));
}

/// The chi-square statistic of counts that should be equal, as a number of standard deviations.
fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    let statistic: f64 = counts.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
    let freedom = counts.len() as f64 - 1.0;
    (statistic - freedom) / (2.0 * freedom).sqrt()
}

#[test]
fn random_is_uniform_also_in_its_low_bits_and_pairs() {
    let values = all(Distribution::Random, 2024, &[1 << 20]);
    let values = values.values::<f64>().unwrap();
    let (mut high, mut low, mut pairs) = (vec![0; 1024], vec![0; 1024], vec![0; 1024]);
    for (i, &u) in values.iter().enumerate() {
        assert!((0.0..1.0).contains(&u));
        let bits = (u * 9_007_199_254_740_992.0) as u64;
        high[(bits >> 43) as usize] += 1;
        low[(bits & 1023) as usize] += 1;
        if i % 2 == 1 {
            pairs[(u * 32.0) as usize * 32 + (values[i - 1] * 32.0) as usize] += 1;
        }
    }
    for counts in [high, low, pairs] {
        let z = chi_square(&counts);
        assert!(z.abs() < 4.0, "{z} standard deviations");
    }
}

#[test]
fn integers_are_uniform_and_in_range() {
    // Three quarters of 2^64: a biased method would make the first third twice as likely; one in four is rejected.
    let (low, high) = (i64::MIN, 1i64 << 62);
    let values = all(Distribution::Integers { low, high }, 5, &[300_000]);
    let mut thirds = vec![0; 3];
    let width = (high.wrapping_sub(low) as u64) / 3 + 1;
    for &v in values.values::<i64>().unwrap() {
        assert!(v >= low && v < high);
        thirds[(v.wrapping_sub(low) as u64 / width) as usize] += 1;
    }
    let z = chi_square(&thirds);
    assert!(z.abs() < 4.0, "{z}: {thirds:?}");
    let dice = all(Distribution::Integers { low: 1, high: 7 }, 5, &[60_000]);
    let mut faces = vec![0; 6];
    dice.values::<i64>().unwrap().iter().for_each(|&face| faces[(face - 1) as usize] += 1);
    assert!(chi_square(&faces).abs() < 4.0, "{faces:?}");
    assert!(all(Distribution::Integers { low: 4, high: 5 }, 5, &[99]).values::<i64>().unwrap().iter().all(|&v| v == 4));
    assert_eq!(all(Distribution::Integers { low: i64::MIN, high: i64::MAX }, 5, &[3]).len(), 3);
}

#[test]
fn normal_quantiles_are_those_of_scipy() {
    let file = cases("random");
    let (u, z) = (chunk(&file["u"]), chunk(&file["z"]));
    for (&u, &z) in u.values::<f64>().unwrap().iter().zip(z.values::<f64>().unwrap()) {
        // The number whose upper 52 bits are nearest to u; at the ends the quantile moves with the rounding.
        let k = (u * 4_503_599_627_370_496.0) as u64;
        let mut got = [0.0];
        normal::fill(&[k << 12], &mut got);
        let rounding = 2.3e-16 / (u.min(1.0 - u)).max(1e-16) * 3.0;
        assert!((got[0] - z).abs() <= (1e-14 + rounding) * z.abs() + 1e-15, "{u}: {} is not {z}", got[0]);
    }
}

#[test]
fn normal_has_its_moments() {
    let values = all(Distribution::Normal { mean: 3.0, std: 2.0 }, 11, &[1 << 20]);
    let values = values.values::<f64>().unwrap();
    let n = values.len() as f64;
    let moment = |power: i32| values.iter().map(|v| ((v - 3.0) / 2.0).powi(power)).sum::<f64>() / n;
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let error = (moment(power) - expected).abs() / (variance / n).sqrt();
        assert!(error < 4.0, "moment {power} is {}, {error} standard deviations off", moment(power));
    }
    let tail = values.iter().filter(|v| ((*v - 3.0) / 2.0).abs() > 3.0).count() as f64 / n;
    assert!((tail - 0.0027).abs() < 4.0 * (0.0027 / n).sqrt(), "{tail}");
}

#[test]
fn parameters_are_checked() {
    let refused = |d: Distribution| assert!(matches!(d.check(), Err(Error::Value { .. })), "{d:?}");
    refused(Distribution::Uniform { low: 1.0, high: 0.0 });
    refused(Distribution::Uniform { low: f64::MIN, high: f64::MAX });
    refused(Distribution::Uniform { low: f64::NAN, high: 1.0 });
    refused(Distribution::Normal { mean: 0.0, std: -1.0 });
    refused(Distribution::Normal { mean: f64::INFINITY, std: 1.0 });
    refused(Distribution::Integers { low: 3, high: 3 });
    let d = Distribution::Random;
    assert!(matches!(generate(d, 0, 0, &[4], &[Span::range(3, 2)]), Err(Error::Shape { .. })));
    assert!(matches!(generate(d, 0, 0, &[4], &[]), Err(Error::Shape { .. })));
    assert!(matches!(generate(d, 0, 0, &[usize::MAX, 4], &[Span::all(1), Span::all(1)]), Err(Error::Overflow { .. })));
    assert_eq!(generate(d, 0, 0, &[], &[]).unwrap().shape(), &[] as &[usize]);
    assert!(generate(d, 0, 0, &[4], &[Span::range(0, 0)]).unwrap().is_empty());
}

proptest! {
    #[test]
    fn a_region_is_a_part_of_the_whole(
        shape in prop::collection::vec(1usize..15, 1..4),
        spans in prop::collection::vec((0usize..15, 1usize..15, 1isize..4, any::<bool>()), 3),
        seed in any::<u64>(),
    ) {
        let region: Vec<Span> = shape.iter().zip(spans).map(|(&n, (start, len, step, down))| {
            let start = start % n;
            let room = if down { start } else { n - 1 - start };
            Span::new(start, len.min(room / step.unsigned_abs() + 1), if down { -step } else { step })
        }).collect();
        for d in [
            Distribution::Random,
            Distribution::Uniform { low: -1.0, high: 2.5 },
            Distribution::Normal { mean: 1.0, std: 0.5 },
            Distribution::Integers { low: -5, high: 1 << 62 },
        ] {
            let part = generate(d, seed, 1, &shape, &region).unwrap();
            let full = generate(d, seed, 1, &shape, &whole(&shape)).unwrap();
            prop_assert_eq!(part.dtype(), d.dtype());
            prop_assert!(part.same_bits(&full.region(&region).unwrap()));
        }
    }
}

/// Mean and variance that NumPy's documentation gives for each law at some parameters.
const MOMENTS: &[(Law, &[f64], f64, f64)] = &[
    (Law::Exponential, &[2.0], 2.0, 4.0),
    (Law::Gamma, &[0.3, 2.0], 0.6, 1.2),
    (Law::Gamma, &[7.5, 0.5], 3.75, 1.875),
    (Law::Beta, &[0.5, 0.25], 2.0 / 3.0, 0.126_984_126_984_127),
    (Law::Beta, &[2.0, 3.0], 0.4, 0.04),
    (Law::ChiSquare, &[3.0], 3.0, 6.0),
    (Law::NoncentralChiSquare, &[3.0, 2.0], 5.0, 14.0),
    (Law::NoncentralChiSquare, &[0.5, 2.0], 2.5, 9.0),
    (Law::F, &[5.0, 12.0], 1.2, 1.08),
    (Law::Poisson, &[0.7], 0.7, 0.7),
    (Law::Poisson, &[43.5], 43.5, 43.5),
    (Law::Binomial, &[20.0, 0.3], 6.0, 4.2),
    (Law::Binomial, &[20.0, 0.9], 18.0, 1.8),
    (Law::Binomial, &[1000.0, 0.4], 400.0, 240.0),
    (Law::NegativeBinomial, &[4.0, 0.3], 4.0 * 0.7 / 0.3, 4.0 * 0.7 / 0.09),
    (Law::Geometric, &[0.25], 4.0, 12.0),
    (Law::Hypergeometric, &[10.0, 15.0, 8.0], 3.2, 3.2 * 0.6 * 17.0 / 24.0),
    (Law::Hypergeometric, &[100.0, 50.0, 40.0], 40.0 / 1.5, 40.0 * 2.0 / 9.0 * 110.0 / 149.0),
    (Law::Hypergeometric, &[30.0, 50.0, 70.0], 26.25, 70.0 * 0.375 * 0.625 * 10.0 / 79.0),
    (Law::Logistic, &[1.0, 0.5], 1.0, 0.822_467_033_424_113),
    (Law::Laplace, &[1.0, 0.5], 1.0, 0.5),
    (Law::Gumbel, &[1.0, 2.0], 1.0 + 2.0 * 0.577_215_664_901_533, 6.579_736_267_392_906),
    (Law::Normal, &[1.0, 2.0], 1.0, 4.0),
    (Law::Uniform, &[-1.0, 2.0], 0.5, 0.75),
    (Law::Lognormal, &[0.0, 0.5], 1.133_148_453_066_826, 0.364_695_849_187_157),
    (Law::Pareto, &[5.0], 0.25, 0.104_166_666_666_667),
    (Law::Power, &[3.0], 0.75, 0.0375),
    (Law::Rayleigh, &[2.0], 2.506_628_274_631, 1.716_814_692_820_414),
    (Law::StandardT, &[8.0], 0.0, 8.0 / 6.0),
    (Law::Triangular, &[-1.0, 0.0, 3.0], 2.0 / 3.0, 13.0 / 18.0),
    (Law::VonMises, &[0.0, 2.0], 0.0, 0.764_461_88),
    (Law::Wald, &[2.0, 4.0], 2.0, 2.0),
    (Law::Weibull, &[2.0], 0.886_226_925_452_758, 0.214_601_836_602_552),
    (Law::Zipf, &[5.0], 1.043_778_82, 0.069_774_2),
    (Law::LogSeries, &[0.6], 1.637_035, 1.412_703_9),
];

#[test]
fn laws_have_their_moments() {
    for &(law, parameters, mean, variance) in MOMENTS {
        let mut own = [0.0; PARAMETERS_MAX];
        own[..parameters.len()].copy_from_slice(parameters);
        let values = all(Distribution::Law { law, parameters: own }, 17, &[200_000]).cast(DType::Float64);
        let values = values.values::<f64>().unwrap();
        let n = values.len() as f64;
        let got = values.iter().sum::<f64>() / n;
        assert!((got - mean).abs() < 4.5 * (variance / n).sqrt(), "{law:?} {parameters:?}: mean {got} for {mean}");
        let squares = values.iter().map(|v| (v - got) * (v - got));
        let (second, fourth) = squares.fold((0.0, 0.0), |(a, b), square| (a + square / n, b + square * square / n));
        let tolerance = 5.0 * ((fourth - second * second) / n).sqrt() + 5e-4;
        assert!((second - variance).abs() < tolerance, "{law:?} {parameters:?}: variance {second} for {variance}");
    }
}

#[test]
fn parameters_of_their_own_give_the_same_values() {
    let region = [Span::new(70, 30, -2)];
    for &(law, parameters, ..) in MOMENTS {
        let mut own = [0.0; PARAMETERS_MAX];
        own[..parameters.len()].copy_from_slice(parameters);
        let one = generate(Distribution::Law { law, parameters: own }, 5, 2, &[100], &region).unwrap();
        let full: Vec<Chunk> = parameters.iter().map(|&p| Chunk::full(&[30], p).unwrap()).collect();
        assert!(generate_with(law, 5, 2, &[100], &region, &full).unwrap().same_bits(&one), "{law:?}");
        let whole = generate(Distribution::Law { law, parameters: own }, 5, 2, &[100], &[Span::all(100)]).unwrap();
        assert!(whole.region(&region).unwrap().same_bits(&one), "{law:?}");
    }
}

#[test]
fn laws_refuse_parameters_out_of_range() {
    for &law in Law::ALL {
        for at in 0..law.parameters().len() {
            let mut bad = vec![0.5; law.parameters().len()];
            bad[at] = f64::NAN;
            let text = law.check(&bad).unwrap_err().to_string();
            assert!(text.contains(law.name()), "{text}");
        }
        assert!(law.check(&[0.0; 4]).is_err());
        assert_eq!(law.name().parse::<Law>(), Ok(law));
    }
    assert!(Law::Binomial.check(&[1.5, 0.5]).is_err());
    assert!(Law::Triangular.check(&[0.0, 2.0, 1.0]).is_err());
    assert!(Law::Hypergeometric.check(&[1.0, 2.0, 4.0]).is_err());
    assert!("cauchy".parse::<Law>().is_err());
}

#[test]
fn choices_and_counts_follow_their_probabilities() {
    let n = 100_000;
    let cumulative = [0.1, 0.1, 0.6, 1.0];
    let values = choose(&cumulative, 3, 0, &[n], &[Span::all(n)]).unwrap();
    let mut counts = [0u32; 4];
    values.values::<i64>().unwrap().iter().for_each(|&v| counts[v as usize] += 1);
    assert_eq!(counts[1], 0);
    assert!((9_600..10_400).contains(&counts[0]) && (49_300..50_700).contains(&counts[2]), "{counts:?}");
    assert!(choose(&[0.5, 0.4], 0, 0, &[1], &[Span::all(1)]).is_err());
    assert!(choose(&[], 0, 0, &[1], &[Span::all(1)]).is_err());

    let shape = [1000, 3];
    let counts = multinomial(50, &[0.2, 0.3, 0.5], 1, 0, &shape, &whole(&shape)).unwrap();
    let rows = counts.values::<i64>().unwrap();
    assert!(rows.chunks(3).all(|row| row.iter().sum::<i64>() == 50 && row.iter().all(|&v| v >= 0)));
    let second = rows.iter().skip(1).step_by(3).sum::<i64>() as f64 / 1000.0;
    assert!((second - 15.0).abs() < 0.5, "{second}");
    let some = [Span::new(900, 20, -31), Span::new(2, 2, -1)];
    let part = multinomial(50, &[0.2, 0.3, 0.5], 1, 0, &shape, &some).unwrap();
    assert!(part.same_bits(&counts.region(&some).unwrap()));
    assert!(multinomial(5, &[0.9, 0.3, 0.5], 1, 0, &shape, &whole(&shape)).is_err());
}

#[test]
fn single_numbers_and_bits_fill_their_range() {
    let single = all(Distribution::Single, 1, &[100_000]);
    let values = single.values::<f32>().unwrap();
    assert!(values.iter().all(|v| (0.0..1.0).contains(v)));
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
    assert!((mean - 0.5).abs() < 0.005, "{mean}");
    let bits = all(Distribution::Bits, 1, &[1000]);
    let set = bits.values::<i64>().unwrap().iter().map(|v| v.count_ones()).sum::<u32>();
    assert!((31_500..32_500).contains(&set), "{set}");
}
