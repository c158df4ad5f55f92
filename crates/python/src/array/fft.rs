//! Fourier transforms.

use super::convert::Sizes;
use super::{PyArray, checked};
use phalanx::array::fft::{self, Norm, Transform};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

fn transform_of(name: &str) -> PyResult<Transform> {
    let known = [Transform::Fft, Transform::Ifft, Transform::Rfft, Transform::Irfft, Transform::Hfft, Transform::Ihfft];
    let found = known.into_iter().find(|transform| transform.name() == name);
    found.ok_or_else(|| PyValueError::new_err(format!("{name:?} is no transform")))
}

fn norm_of(norm: Option<&str>) -> PyResult<Norm> {
    match norm {
        None | Some("backward") => Ok(Norm::Backward),
        Some("ortho") => Ok(Norm::Ortho),
        Some("forward") => Ok(Norm::Forward),
        Some(other) => Err(PyValueError::new_err(format!(
            "Invalid norm value {other}; should be \"backward\", \"ortho\" or \"forward\"."
        ))),
    }
}

#[pymethods]
impl PyArray {
    #[pyo3(signature = (name, n, axis, norm))]
    fn fft(&self, name: &str, n: Option<usize>, axis: isize, norm: Option<&str>) -> PyResult<Self> {
        checked(self.0.fft(transform_of(name)?, n, axis, norm_of(norm)?))
    }

    #[pyo3(signature = (name, lengths, axes, norm))]
    fn fftn(
        &self,
        name: &str,
        lengths: Option<Vec<usize>>,
        axes: Option<Vec<isize>>,
        norm: Option<&str>,
    ) -> PyResult<Self> {
        checked(self.0.fftn(transform_of(name)?, lengths.as_deref(), axes.as_deref(), norm_of(norm)?))
    }

    #[pyo3(signature = (axes))]
    fn fftshift(&self, axes: Option<Vec<isize>>) -> PyResult<Self> {
        checked(self.0.fftshift(axes.as_deref()))
    }

    #[pyo3(signature = (axes))]
    fn ifftshift(&self, axes: Option<Vec<isize>>) -> PyResult<Self> {
        checked(self.0.ifftshift(axes.as_deref()))
    }

    #[staticmethod]
    fn fftfreq(n: usize, d: f64, chunks: Sizes) -> PyResult<Self> {
        checked(fft::fftfreq(n, d, chunks))
    }

    #[staticmethod]
    fn rfftfreq(n: usize, d: f64, chunks: Sizes) -> PyResult<Self> {
        checked(fft::rfftfreq(n, d, chunks))
    }
}
