//! Random arrays: each is a stream of a seed.

use super::convert::Sizes;
use super::{PyArray, checked};
use crate::errors::Raise;
use phalanx::array::Array;
use phalanx::array::random::{Generator, Law};
use pyo3::prelude::*;

#[pymethods]
impl PyArray {
    /// Uniform on [0, 1) in single precision.
    #[staticmethod]
    fn random_single(seed: u64, stream: u64, shape: Vec<usize>, chunks: Sizes) -> PyResult<Self> {
        checked(Generator::at(seed, stream).random_single(shape, chunks))
    }

    #[staticmethod]
    fn random_uniform(seed: u64, stream: u64, low: f64, high: f64, shape: Vec<usize>, chunks: Sizes) -> PyResult<Self> {
        checked(Generator::at(seed, stream).uniform(low, high, shape, chunks))
    }

    #[staticmethod]
    fn random_normal(seed: u64, stream: u64, mean: f64, std: f64, shape: Vec<usize>, chunks: Sizes) -> PyResult<Self> {
        checked(Generator::at(seed, stream).normal(mean, std, shape, chunks))
    }

    /// Integers of `low..high` as int64.
    #[staticmethod]
    fn random_integers(
        seed: u64,
        stream: u64,
        low: i64,
        high: i64,
        shape: Vec<usize>,
        chunks: Sizes,
    ) -> PyResult<Self> {
        checked(Generator::at(seed, stream).integers(low, high, shape, chunks))
    }

    /// Every int64.
    #[staticmethod]
    fn random_bits(seed: u64, stream: u64, shape: Vec<usize>, chunks: Sizes) -> PyResult<Self> {
        checked(Generator::at(seed, stream).bits(shape, chunks))
    }

    /// NumPy's law of this name.
    #[staticmethod]
    fn random_law(
        seed: u64,
        stream: u64,
        name: &str,
        parameters: Vec<f64>,
        shape: Vec<usize>,
        chunks: Sizes,
    ) -> PyResult<Self> {
        checked(Generator::at(seed, stream).law(name.parse::<Law>().raise()?, &parameters, shape, chunks))
    }

    /// NumPy's law of this name, with parameters that are arrays.
    #[staticmethod]
    fn random_law_with(
        seed: u64,
        stream: u64,
        name: &str,
        parameters: Vec<PyArray>,
        shape: Vec<usize>,
        chunks: Sizes,
    ) -> PyResult<Self> {
        let parameters: Vec<&Array> = parameters.iter().map(|parameter| &parameter.0).collect();
        checked(Generator::at(seed, stream).law_with(name.parse::<Law>().raise()?, &parameters, shape, chunks))
    }

    /// Numbers of `0..n` with replacement.
    #[staticmethod]
    #[pyo3(signature = (seed, stream, n, probabilities, shape, chunks))]
    fn random_choice(
        seed: u64,
        stream: u64,
        n: usize,
        probabilities: Option<Vec<f64>>,
        shape: Vec<usize>,
        chunks: Sizes,
    ) -> PyResult<Self> {
        checked(Generator::at(seed, stream).choice(n, probabilities.as_deref(), shape, chunks))
    }

    /// Numbers of `0..n` without replacement, along one axis.
    #[staticmethod]
    #[pyo3(signature = (seed, stream, n, probabilities, count, chunks))]
    fn random_choice_without_replacement(
        seed: u64,
        stream: u64,
        n: usize,
        probabilities: Option<Vec<f64>>,
        count: usize,
        chunks: Sizes,
    ) -> PyResult<Self> {
        let generator = Generator::at(seed, stream);
        checked(generator.choice_without_replacement(n, probabilities.as_deref(), count, chunks))
    }

    #[staticmethod]
    fn random_multinomial(
        seed: u64,
        stream: u64,
        trials: u64,
        probabilities: Vec<f64>,
        shape: Vec<usize>,
        chunks: Sizes,
    ) -> PyResult<Self> {
        checked(Generator::at(seed, stream).multinomial(trials, &probabilities, shape, chunks))
    }

    /// The slices along the first axis in random order.
    fn shuffled(&self, seed: u64, stream: u64) -> PyResult<Self> {
        checked(Generator::at(seed, stream).shuffled(&self.0))
    }

    /// The elements along the first axis whose numbers `indices` has.
    fn chosen(&self, indices: &Self) -> PyResult<Self> {
        checked(self.0.take_by(&indices.0, 0))
    }
}
