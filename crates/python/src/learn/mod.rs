//! Rows for learning, where they are, and the passes over them that estimators are loops around.

pub mod fits;
pub mod labels;
pub mod reorder;
pub mod strata;

use crate::array::PyArray;
use crate::client::{PyClient, wait};
use crate::errors::Raise;
use crate::frame::PyFrame;
use crate::memory::Block;
use phalanx::Error;
use phalanx::chunk::{Chunk, Element};
use phalanx::learn::clusters::Clusters;
use phalanx::learn::columns::Columns;
use phalanx::learn::statistic::{Distributed, compute_async};
use phalanx::learn::{Data, Matrix};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Mutex, PoisonError};

/// Rows of features, with a target and a weight if they have them. `phalanx.ml` is built on them.
#[pyclass(frozen, name = "Rows", module = "phalanx._phalanx")]
pub struct PyRows {
    matrix: Matrix,
    /// The rows, once they are persisted: what passes over them more than once, does that first.
    data: Mutex<Option<Data>>,
}

/// A dictionary of numbers and of arrays that NumPy reads.
struct Answer<'py>(Bound<'py, PyDict>);

impl<'py> Answer<'py> {
    fn new(py: Python<'py>) -> Self {
        Self(PyDict::new(py))
    }

    fn number<T: IntoPyObject<'py>>(self, name: &str, value: T) -> PyResult<Self> {
        self.0.set_item(name, value)?;
        Ok(self)
    }

    /// Values in C order.
    fn values<T: Element>(self, name: &str, shape: &[usize], values: Vec<T>) -> PyResult<Self> {
        self.0.set_item(name, Block::new(Chunk::new(shape, values).raise()?)?)?;
        Ok(self)
    }

    fn done(self) -> Bound<'py, PyDict> {
        self.0
    }
}

#[pymethods]
impl PyRows {
    /// The rows of a matrix of float64 in chunks of whole rows, with a target and a weight if there are any: arrays of
    /// float64 with one number a row.
    #[staticmethod]
    #[pyo3(signature = (client, array, target=None, weight=None))]
    fn of_array(
        py: Python<'_>,
        client: &PyClient,
        array: &PyArray,
        target: Option<&PyArray>,
        weight: Option<&PyArray>,
    ) -> PyResult<Self> {
        let width = array.0.known_shape().raise()?.get(1).copied().flatten().unwrap_or(0);
        let (client, array) = (client.get()?, array.0.clone());
        let (target, weight) = (target.map(|target| target.0.clone()), weight.map(|weight| weight.0.clone()));
        let names = (0..width).map(|feature| format!("x{feature}")).collect();
        let work =
            async move { Matrix::from_arrays(client.engine(), names, &array, target.as_ref(), weight.as_ref()).await };
        Ok(Self::new(wait(py, work)?))
    }

    /// The rows of a frame's columns.
    #[staticmethod]
    #[pyo3(signature = (client, frame, features, target=None, weight=None))]
    fn of_frame(
        py: Python<'_>,
        client: &PyClient,
        frame: &PyFrame,
        features: Vec<String>,
        target: Option<String>,
        weight: Option<String>,
    ) -> PyResult<Self> {
        let (client, frame) = (client.get()?, frame.0.clone());
        let work = async move { Matrix::from_frame(client.engine(), &frame, features, target, weight).await };
        Ok(Self::new(wait(py, work)?))
    }

    /// How many features a row has.
    #[getter]
    fn width(&self) -> usize {
        self.matrix.names().len()
    }

    /// The features as a persisted array, a chunk a partition.
    fn to_array(&self, py: Python<'_>, client: &PyClient) -> PyResult<PyArray> {
        let (data, client) = (self.data(py, client)?, client.get()?);
        Ok(PyArray(wait(py, async move { data.to_array(client.engine()).await })?))
    }

    /// Moments and extremes of every feature, of each class of the target if there are classes.
    fn columns<'py>(&self, py: Python<'py>, client: &PyClient, classes: usize) -> PyResult<Bound<'py, PyDict>> {
        let state = self.pass(py, client, Columns { classes })?;
        let shape = [classes.max(1), self.width()];
        let answer = Answer::new(py).number("rows", state.rows)?.number("bad_targets", state.bad_targets)?;
        let answer = answer.values("class_weight", &shape[..1], state.class_weight)?;
        let answer = answer.values("weight", &shape, state.weight)?.values("count", &shape, state.count)?;
        let answer = answer.values("mean", &shape, state.mean)?.values("deviation", &shape, state.deviation)?;
        let answer = answer.values("min", &shape, state.min)?.values("max", &shape, state.max)?;
        Ok(answer.values("infinite", &shape, state.infinite)?.done())
    }

    /// One step of Lloyd's algorithm.
    fn clusters<'py>(&self, py: Python<'py>, client: &PyClient, centers: Vec<f64>) -> PyResult<Bound<'py, PyDict>> {
        let count = centers.len() / self.width();
        self.need_width(centers.len() / count.max(1))?;
        let state = self.pass(py, client, Clusters { centers })?;
        let answer = Answer::new(py).number("rows", state.rows)?.number("inertia", state.inertia)?;
        let answer = answer.values("weight", &[count], state.weight)?;
        let answer = answer.values("sums", &[count, self.width()], state.sums)?;
        let (distance, row) = state.farthest;
        let width = row.len();
        Ok(answer.number("farthest_distance", distance)?.values("farthest", &[width], row)?.done())
    }
}

impl PyRows {
    fn new(matrix: Matrix) -> Self {
        Self { matrix, data: Mutex::new(None) }
    }

    /// The rows, persisted once.
    fn data(&self, py: Python<'_>, client: &PyClient) -> PyResult<Data> {
        let known = self.data.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(data) = known {
            return Ok(data);
        }
        let (client, matrix) = (client.get()?, self.matrix.clone());
        let data = wait(py, async move { matrix.persist_async(client.engine()).await })?;
        *self.data.lock().unwrap_or_else(PoisonError::into_inner) = Some(data.clone());
        Ok(data)
    }

    /// The rows for one pass: persisted, if they are already.
    fn matrix(&self) -> Matrix {
        let known = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map_or_else(|| self.matrix.clone(), |data| data.matrix().clone())
    }

    fn pass<S: Distributed>(&self, py: Python<'_>, client: &PyClient, statistic: S) -> PyResult<S::State> {
        let (client, matrix) = (client.get()?, self.matrix());
        wait(py, async move { compute_async(client.engine(), &statistic, &matrix).await })
    }

    fn need_width(&self, found: usize) -> PyResult<()> {
        let width = self.width();
        if found == width {
            return Ok(());
        }
        Err(Error::input(format!("{found} numbers for {width} features"))).raise()
    }
}
