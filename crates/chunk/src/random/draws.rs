//! The random words of one element, one after the other.

use super::normal;
use super::philox::{Key, counter, philox4x32_10};

/// An endless row of random words that belongs to one element. Samplers that reject, or that need several numbers,
/// take as many as they need without touching another element's.
pub struct Draws {
    key: Key,
    index: u64,
    /// Words taken so far. An attempt to take 2³³ words does not happen: samplers accept with probability 1/2 or more.
    taken: u64,
    /// The first word, which the caller has computed together with those of the neighbours.
    first: u64,
    pair: [u64; 2],
}

impl Draws {
    /// The words of element `index`, of which `first` is the first: words 0 and 1 of draw 0, lane 0.
    pub fn new(key: Key, index: u64, first: u64) -> Draws {
        Draws { key, index, taken: 0, first, pair: [0; 2] }
    }

    /// The next 64 random bits.
    pub fn word(&mut self) -> u64 {
        let taken = self.taken;
        self.taken += 1;
        if taken == 0 {
            return self.first;
        }
        if taken == 1 || taken.is_multiple_of(2) {
            let words = philox4x32_10(counter(self.index, (taken / 2) as u32, 0), self.key).map(u64::from);
            self.pair = [words[0] | words[1] << 32, words[2] | words[3] << 32];
        }
        self.pair[(taken % 2) as usize]
    }

    /// Uniform on `(0, 1)`: an odd multiple of 2⁻⁵³, so that logarithms are finite and `1 - u` is exact.
    pub fn open(&mut self) -> f64 {
        ((self.word() >> 12) as f64 + 0.5) * 2f64.powi(-52)
    }

    /// Standard normal, by inversion.
    pub fn normal(&mut self) -> f64 {
        let mut z = [0.0];
        normal::fill(&[self.word()], &mut z);
        z[0]
    }

    /// Standard exponential, by inversion.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.open())
    }

    /// Standard gamma with shape `a` > 0: Marsaglia, Tsang, "A simple method for generating gamma variables" (2000);
    /// below 1 by their reduction to `a + 1`.
    pub fn gamma(&mut self, a: f64) -> f64 {
        if a == 0.0 {
            return 0.0;
        }
        if a < 1.0 {
            // The logarithm keeps what the power of a small uniform number would lose.
            let power = libm::log(self.open()) / a;
            return self.gamma(a + 1.0) * libm::exp(power);
        }
        let d = a - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = self.open();
            let squared = x * x;
            if u < 1.0 - 0.0331 * squared * squared || libm::log(u) < 0.5 * squared + d * (1.0 - v + libm::log(v)) {
                return d * v;
            }
        }
    }

    /// Chi-square with `freedom` > 0.
    pub fn chi_square(&mut self, freedom: f64) -> f64 {
        2.0 * self.gamma(freedom / 2.0)
    }

    /// Poisson with mean `mean` ≥ 0.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= 10.0 {
            return self.poisson_large(mean);
        }
        // Knuth: how many uniform factors until the product falls below e^-mean.
        let bound = libm::exp(-mean);
        let (mut count, mut product) = (0.0, 1.0);
        loop {
            product *= self.open();
            if product <= bound {
                return count;
            }
            count += 1.0;
        }
    }

    /// PTRS: Hörmann, "The transformed rejection method for generating Poisson random variables" (1993).
    fn poisson_large(&mut self, mean: f64) -> f64 {
        let log_mean = libm::log(mean);
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let region = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.open() - 0.5;
            let v = self.open();
            let distance = 0.5 - u.abs();
            let k = ((2.0 * a / distance + b) * u + mean + 0.43).floor();
            if distance >= 0.07 && v <= region {
                return k;
            }
            if k < 0.0 || (distance < 0.013 && v > distance) {
                continue;
            }
            let left = libm::log(v) + libm::log(inverse_alpha) - libm::log(a / (distance * distance) + b);
            if left <= -mean + k * log_mean - libm::lgamma(k + 1.0) {
                return k;
            }
        }
    }

    /// Binomial: successes of `n` ≥ 0 trials with probability `p` of [0, 1].
    pub fn binomial(&mut self, n: f64, p: f64) -> f64 {
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        if n == 0.0 || p == 0.0 {
            return 0.0;
        }
        if n * p < 10.0 { self.binomial_waiting(n, p) } else { self.binomial_large(n, p) }
    }

    /// By the geometric gaps between successes (Devroye 1986, X.4.3): about n·p + 1 logarithms.
    fn binomial_waiting(&mut self, n: f64, p: f64) -> f64 {
        let failure = libm::log1p(-p);
        let (mut count, mut position) = (0.0, 0.0);
        loop {
            position += (libm::log(self.open()) / failure).floor() + 1.0;
            if position > n {
                return count;
            }
            count += 1.0;
        }
    }

    /// BTRS: Hörmann, "The generation of binomial random variates" (1993), for n·p ≥ 10 and p ≤ 1/2.
    fn binomial_large(&mut self, n: f64, p: f64) -> f64 {
        let deviation = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let centre = n * p + 0.5;
        let region = 0.92 - 4.2 / b;
        let odds = p / (1.0 - p);
        let alpha = (2.83 + 5.1 / b) * deviation;
        let mode = ((n + 1.0) * p).floor();
        loop {
            let u = self.open() - 0.5;
            let v = self.open();
            let distance = 0.5 - u.abs();
            let k = ((2.0 * a / distance + b) * u + centre).floor();
            if k < 0.0 || k > n {
                continue;
            }
            if distance >= 0.07 && v <= region {
                return k;
            }
            let left = libm::log(v * alpha / (a / (distance * distance) + b));
            let right = (mode + 0.5) * libm::log((mode + 1.0) / (odds * (n - mode + 1.0)))
                + (n + 1.0) * libm::log((n - mode + 1.0) / (n - k + 1.0))
                + (k + 0.5) * libm::log(odds * (n - k + 1.0) / (k + 1.0))
                + stirling(mode)
                + stirling(n - mode)
                - stirling(k)
                - stirling(n - k);
            if left <= right {
                return k;
            }
        }
    }
}

/// What Stirling's formula lacks of `ln k!`: `ln k! - ((k + 1/2) ln(k + 1) - (k + 1) + ln(2π)/2)`.
fn stirling(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_09,
        0.016_644_691_189_821_19,
        0.013_876_128_823_070_75,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_09,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    if k <= 9.0 {
        return SMALL[k as usize];
    }
    let inverse = 1.0 / (k + 1.0);
    let square = inverse * inverse;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 * square) * square) * inverse
}
