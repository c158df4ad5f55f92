//! The distributions of NumPy's `Generator` beyond uniform, normal and integers: name, parameters, sampler, one line
//! each.
//!
//! Samplers take as many words as they need from the element's own [`Draws`], so a rejection never touches another
//! element, and values depend on seed, stream, index and the element's own parameters alone. They compute in `float64`
//! with `libm`, whose bits do not depend on the processor.

mod continuous;
mod discrete;

use super::draws::Draws;
use crate::dtype::DType;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The most parameters that a law has.
pub const PARAMETERS_MAX: usize = 3;

/// What a parameter must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Domain {
    /// Finite.
    Real,
    /// Finite and above 0.
    Positive,
    /// Finite and not below 0.
    NotNegative,
    /// From 0 to 1, both included.
    Probability,
    /// Above 0, at most 1.
    PositiveProbability,
    /// From 0 to below 1.
    BelowOne,
    /// Finite and above 1.
    AboveOne,
    /// A whole number, not below 0 and below 2⁵³.
    Count,
    /// Not below 0, small enough that values stay within `int64`.
    PoissonMean,
}

impl Domain {
    fn holds(self, value: f64) -> bool {
        match self {
            Domain::Real => value.is_finite(),
            Domain::Positive => value.is_finite() && value > 0.0,
            Domain::NotNegative => value.is_finite() && value >= 0.0,
            Domain::Probability => (0.0..=1.0).contains(&value),
            Domain::PositiveProbability => value > 0.0 && value <= 1.0,
            Domain::BelowOne => (0.0..1.0).contains(&value),
            Domain::AboveOne => value.is_finite() && value > 1.0,
            Domain::Count => (0.0..9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0,
            // Ten standard deviations below the largest int64, as in NumPy.
            Domain::PoissonMean => (0.0..=9.223_372_006_484_771e18).contains(&value),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Domain::Real => "finite",
            Domain::Positive => "finite and > 0",
            Domain::NotNegative => "finite and >= 0",
            Domain::Probability => "from 0 to 1",
            Domain::PositiveProbability => "> 0 and <= 1",
            Domain::BelowOne => ">= 0 and < 1",
            Domain::AboveOne => "finite and > 1",
            Domain::Count => "a whole number >= 0 and < 2**53",
            Domain::PoissonMean => ">= 0 and not too large for int64",
        }
    }
}

macro_rules! laws {
    ($($(#[$doc:meta])* $law:ident, $name:literal, $dtype:ident, [$($parameter:literal: $domain:ident),*], $sampler:expr;)*) => {
        /// A distribution by NumPy's name. Parameters are NumPy's, in NumPy's order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Law {
            $($(#[$doc])* $law,)*
        }

        impl Law {
            /// All of them.
            pub const ALL: &'static [Law] = &[$(Law::$law,)*];

            /// NumPy's name.
            pub const fn name(self) -> &'static str {
                match self { $(Law::$law => $name,)* }
            }

            /// The dtype of the values: `float64`, or `int64` for what counts.
            pub const fn dtype(self) -> DType {
                match self { $(Law::$law => DType::$dtype,)* }
            }

            /// The names of the parameters.
            pub const fn parameters(self) -> &'static [&'static str] {
                match self { $(Law::$law => &[$($parameter),*],)* }
            }

            const fn domains(self) -> &'static [Domain] {
                match self { $(Law::$law => &[$(Domain::$domain),*],)* }
            }

            /// How a value is drawn.
            pub(super) fn sampler(self) -> fn(&mut Draws, &[f64; PARAMETERS_MAX]) -> f64 {
                match self { $(Law::$law => $sampler,)* }
            }
        }
    };
}

laws! {
    /// Exponential with this scale (1 / rate).
    Exponential, "exponential", Float64, ["scale": NotNegative], |d, p| p[0] * d.exponential();
    /// Gamma with this shape and scale.
    Gamma, "gamma", Float64, ["shape": NotNegative, "scale": NotNegative], |d, p| p[1] * d.gamma(p[0]);
    /// Beta on (0, 1).
    Beta, "beta", Float64, ["a": Positive, "b": Positive], continuous::beta;
    /// Chi-square.
    ChiSquare, "chisquare", Float64, ["df": Positive], |d, p| d.chi_square(p[0]);
    /// Non-central chi-square.
    NoncentralChiSquare, "noncentral_chisquare", Float64, ["df": Positive, "nonc": NotNegative], continuous::noncentral_chi_square;
    /// Fisher's F.
    F, "f", Float64, ["dfnum": Positive, "dfden": Positive], continuous::f;
    /// Non-central F.
    NoncentralF, "noncentral_f", Float64, ["dfnum": Positive, "dfden": Positive, "nonc": NotNegative], continuous::noncentral_f;
    /// Poisson.
    Poisson, "poisson", Int64, ["lam": PoissonMean], |d, p| d.poisson(p[0]);
    /// Successes of n trials.
    Binomial, "binomial", Int64, ["n": Count, "p": Probability], |d, p| d.binomial(p[0], p[1]);
    /// Failures before the n-th success.
    NegativeBinomial, "negative_binomial", Int64, ["n": Positive, "p": PositiveProbability], discrete::negative_binomial;
    /// Trials up to the first success.
    Geometric, "geometric", Int64, ["p": PositiveProbability], discrete::geometric;
    /// Good ones in a sample without replacement.
    Hypergeometric, "hypergeometric", Int64, ["ngood": Count, "nbad": Count, "nsample": Count], discrete::hypergeometric;
    /// Logarithmic series.
    LogSeries, "logseries", Int64, ["p": BelowOne], discrete::log_series;
    /// Zipf (zeta).
    Zipf, "zipf", Int64, ["a": AboveOne], discrete::zipf;
    /// Logistic.
    Logistic, "logistic", Float64, ["loc": Real, "scale": NotNegative], continuous::logistic;
    /// Laplace (double exponential).
    Laplace, "laplace", Float64, ["loc": Real, "scale": NotNegative], continuous::laplace;
    /// Gumbel.
    Gumbel, "gumbel", Float64, ["loc": Real, "scale": NotNegative], |d, p| p[0] - p[1] * libm::log(d.exponential());
    /// Normal, with parameters that may differ from element to element.
    Normal, "normal", Float64, ["loc": Real, "scale": NotNegative], |d, p| p[0] + p[1] * d.normal();
    /// Uniform, with parameters that may differ from element to element.
    Uniform, "uniform", Float64, ["low": Real, "high": Real], |d, p| p[0] + (p[1] - p[0]) * ((d.word() >> 11) as f64 * 2f64.powi(-53));
    /// The exponential of a normal number.
    Lognormal, "lognormal", Float64, ["mean": Real, "sigma": NotNegative], |d, p| libm::exp(p[0] + p[1] * d.normal());
    /// Pareto II (Lomax).
    Pareto, "pareto", Float64, ["a": Positive], |d, p| libm::expm1(d.exponential() / p[0]);
    /// x^(a-1) on [0, 1].
    Power, "power", Float64, ["a": Positive], |d, p| libm::pow(-libm::expm1(-d.exponential()), 1.0 / p[0]);
    /// Rayleigh.
    Rayleigh, "rayleigh", Float64, ["scale": NotNegative], |d, p| p[0] * (2.0 * d.exponential()).sqrt();
    /// Cauchy, standard.
    StandardCauchy, "standard_cauchy", Float64, [], |d, _| d.normal() / d.normal();
    /// Student's t.
    StandardT, "standard_t", Float64, ["df": Positive], continuous::standard_t;
    /// Triangular.
    Triangular, "triangular", Float64, ["left": Real, "mode": Real, "right": Real], continuous::triangular;
    /// Von Mises on [-π, π].
    VonMises, "vonmises", Float64, ["mu": Real, "kappa": NotNegative], continuous::von_mises;
    /// Wald (inverse Gaussian).
    Wald, "wald", Float64, ["mean": Positive, "scale": Positive], continuous::wald;
    /// Weibull, scale 1.
    Weibull, "weibull", Float64, ["a": NotNegative], continuous::weibull;
}

impl std::str::FromStr for Law {
    type Err = Error;

    /// Parses NumPy's name.
    fn from_str(name: &str) -> Result<Law> {
        let known = || Law::ALL.iter().map(|law| law.name()).collect::<Vec<_>>().join(", ");
        let found = Law::ALL.iter().copied().find(|law| law.name() == name);
        found.ok_or_else(|| Error::value(format!("distribution {name:?} is not one of {}", known())))
    }
}

impl Law {
    /// Checks the parameters of one element.
    ///
    /// # Errors
    /// [`Error::Value`] that names the parameter.
    pub fn check(self, parameters: &[f64]) -> Result<()> {
        let (names, domains) = (self.parameters(), self.domains());
        if parameters.len() != names.len() {
            let what = format!("{} takes {} parameter(s), not {}", self.name(), names.len(), parameters.len());
            return Err(Error::value(what));
        }
        for ((name, domain), &value) in names.iter().zip(domains).zip(parameters) {
            if !domain.holds(value) {
                return Err(Error::value(format!("{}: {name} must be {}, not {value}", self.name(), domain.words())));
            }
        }
        match (self, parameters) {
            (Law::Triangular, &[left, mode, right]) if !(left <= mode && mode <= right && left < right) => Err(
                Error::value(format!("triangular: left <= mode <= right, left < right, not {left}, {mode}, {right}")),
            ),
            (Law::Uniform, &[low, high]) if !(high - low).is_finite() || high < low => {
                Err(Error::value(format!("uniform needs low <= high and a finite range, not {low} and {high}")))
            }
            (Law::Hypergeometric, &[good, bad, sample]) if good + bad < sample || good.max(bad) >= 1e9 => {
                Err(Error::value(format!(
                    "hypergeometric: ngood and nbad below 1e9, ngood + nbad >= nsample, not {good}, {bad}, {sample}"
                )))
            }
            (Law::NegativeBinomial, &[n, p]) if n * (1.0 - p) / p > 9.2e18 => {
                Err(Error::value(format!("negative_binomial: n = {n} is too large or p = {p} too small for int64")))
            }
            _ => Ok(()),
        }
    }
}
