//! Boosting: rows that ranks are fed, trainings, and models that answer lazily.

use crate::array::{PyArray, checked};
use crate::client::{PyClient, wait, wait_blocking};
use crate::errors::Raise;
use crate::frame::PyFrame;
use crate::frame::series::PySeries;
use phalanx::boost::dataset::About;
use phalanx::boost::rows::Categories;
use phalanx::boost::{Asked, Dataset, EarlyStopping, Kind, Library, Model, Parameters, Rows, Training, train};
use phalanx::engine::Plaintext;
use phalanx::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of 32-bit floats, kept where they were computed. `phalanx.xgboost` is built on them.
#[pyclass(frozen, name = "BoostRows", module = "phalanx._phalanx")]
pub struct PyBoostRows(Rows);

#[pymethods]
impl PyBoostRows {
    /// The rows of a matrix.
    #[staticmethod]
    fn of_array(py: Python<'_>, client: &PyClient, array: &PyArray) -> PyResult<Self> {
        let (recent, client, array) = (client.recent_rows()?, client.get()?, array.0.clone());
        Ok(Self(wait(py, async move { recent.of_array(client.engine(), &array).await })?))
    }

    /// The rows of a frame's columns; columns of categories have the places of their texts in `categories`.
    #[staticmethod]
    fn of_frame(
        py: Python<'_>,
        client: &PyClient,
        frame: &PyFrame,
        columns: Vec<String>,
        categories: Categories,
    ) -> PyResult<Self> {
        let (client, frame) = (client.get()?, frame.0.clone());
        let work = async move { Rows::from_frame(client.engine(), &frame, &columns, &categories).await };
        Ok(Self(wait(py, work)?))
    }

    /// How many rows there are.
    #[getter]
    fn rows(&self) -> u64 {
        self.0.count()
    }

    /// How many numbers a row has.
    #[getter]
    fn width(&self) -> usize {
        self.0.width()
    }

    /// The rows as a persisted array, a chunk a partition.
    fn to_array(&self, py: Python<'_>, client: &PyClient) -> PyResult<PyArray> {
        let (client, rows) = (client.get()?, self.0.clone());
        Ok(PyArray(wait(py, async move { rows.to_array(client.engine()).await })?))
    }
}

/// A training, in the form in which it comes from Python.
#[derive(Deserialize)]
struct Given {
    parameters: Vec<(String, String)>,
    evals: Vec<(usize, String)>,
    rounds: u32,
    learning_rates: Vec<f64>,
    stopping: Option<EarlyStopping>,
    attributes: Vec<(String, String)>,
    ranks: usize,
    threads: usize,
    plaintext_between_hosts: Option<bool>,
}

/// A dataset from Python: its rows by XGBoost's name of the field, those of each group, and what else is known as JSON.
type GivenSet<'py> = (HashMap<String, PyRef<'py, PyBoostRows>>, Option<Vec<u32>>, String);

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal("a training can't be read").caused_by(&error))
}

fn dataset((mut rows, groups, about): GivenSet<'_>) -> Result<Dataset> {
    let mut take = |field: &str| rows.remove(field).map(|rows| rows.0.clone());
    let features = take("data").ok_or_else(|| Error::internal("a dataset without features"))?;
    Ok(Dataset {
        label: take("label"),
        weight: take("weight"),
        base_margin: take("base_margin"),
        lower: take("label_lower_bound"),
        upper: take("label_upper_bound"),
        groups,
        about: read::<About>(&about)?,
        ..Dataset::new(features)
    })
}

/// Trains: the model, the metrics of each round as JSON, how many ranks trained, and how often they were started again.
/// `heard` is called with the number and the metrics of each round; what it raises ends the training.
#[pyfunction]
pub fn boost_train<'py>(
    py: Python<'py>,
    client: &PyClient,
    given: &str,
    sets: Vec<GivenSet<'py>>,
    base: Option<Vec<u8>>,
    heard: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyBytes>, String, usize, u32)> {
    let client = client.get()?;
    let given: Given = read(given).raise()?;
    let parameters = Parameters::new(given.parameters).raise()?;
    let sets = sets.into_iter().map(dataset).collect::<Result<Vec<_>>>().raise()?;
    let first = sets.first().cloned().ok_or_else(|| Error::internal("a training without rows")).raise()?;
    let training = Training {
        sets,
        evals: given.evals,
        learning_rates: given.learning_rates,
        stopping: given.stopping,
        base,
        attributes: given.attributes,
        ranks: given.ranks,
        threads: given.threads,
        plaintext: given.plaintext_between_hosts.map(|allowed| match allowed {
            true => Plaintext::BetweenHosts,
            false => Plaintext::WithinHost,
        }),
        ..Training::new(parameters, first, given.rounds)
    };
    let raised = Arc::new(Mutex::new(None::<PyErr>));
    let told = Arc::clone(&raised);
    let hear = move |round: u32, scores: &[(String, f64)]| {
        let Some(heard) = &heard else { return Ok(()) };
        Python::attach(|py| heard.call1(py, (round, scores.to_vec()))).map(drop).map_err(|error| {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Error::cancelled()
        })
    };
    let trained = wait(py, async move { train::train(client.engine(), &training, hear).await });
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let trained = trained?;
    let history = serde_json::to_string(&trained.history)
        .map_err(|error| Error::internal("a history is no JSON").caused_by(&error))
        .raise()?;
    Ok((PyBytes::new(py, &trained.model), history, trained.ranks, trained.restarts))
}

/// The version of XGBoost that is found, and its file.
#[pyfunction]
pub fn boost_library(py: Python<'_>) -> PyResult<(String, String)> {
    let library = wait_blocking(py, Library::get)?;
    Ok((library.version(), library.path().to_string_lossy().into_owned()))
}

/// A model, ready to answer.
#[pyclass(frozen, name = "BoostModel", module = "phalanx._phalanx")]
pub struct PyBoostModel(Model);

/// What is asked: the kind of the answers, the rounds that answer, whether all axes are there, and the value that stands
/// for a missing one.
type Question = (String, (u32, u32), bool, Option<f32>);

fn asked((kind, rounds, strict, missing): Question) -> PyResult<Asked> {
    let kind = match kind.as_str() {
        "value" => Kind::Value,
        "margin" => Kind::Margin,
        "contribs" => Kind::Contributions,
        "approx_contribs" => Kind::ApproximateContributions,
        "interactions" => Kind::Interactions,
        "approx_interactions" => Kind::ApproximateInteractions,
        "leaf" => Kind::Leaf,
        other => return Err(Error::internal(format!("a prediction of {other:?}"))).raise(),
    };
    Ok(Asked { kind, rounds, strict, missing })
}

#[pymethods]
impl PyBoostModel {
    #[new]
    fn new(bytes: Vec<u8>) -> PyResult<Self> {
        Ok(Self(Model::of_bytes(bytes).raise()?))
    }

    /// The lengths of the axes of an answer to one row.
    fn shape(&self, question: Question) -> PyResult<Vec<usize>> {
        self.0.shape(&asked(question)?).raise()
    }

    /// The answers to a matrix's rows, lazily.
    #[pyo3(signature = (client, array, margin, question))]
    fn of_array(
        &self,
        py: Python<'_>,
        client: &PyClient,
        array: &PyArray,
        margin: Option<&PyArray>,
        question: Question,
    ) -> PyResult<PyArray> {
        let (client, model, asked) = (client.get()?, self.0.clone(), asked(question)?);
        let (array, margin) = (array.0.clone(), margin.map(|margin| margin.0.clone()));
        let work = move || model.of_array(client.engine(), &array, margin.as_ref(), &asked);
        checked(wait_blocking(py, work)?)
    }

    /// The answers to a frame's rows, one number each, lazily.
    fn column_of_frame(
        &self,
        frame: &PyFrame,
        columns: Vec<String>,
        margins: Vec<String>,
        question: Question,
    ) -> PyResult<PySeries> {
        let mut columns = self.0.of_frame(&frame.0, &columns, &margins, &asked(question)?).raise()?;
        let first = columns.drain(..).next().ok_or_else(|| Error::internal("an answer without a number"));
        Ok(PySeries(first.raise()?))
    }

    /// The place of the largest number of each answer to a frame's rows, lazily.
    fn largest_of_frame(
        &self,
        frame: &PyFrame,
        columns: Vec<String>,
        margins: Vec<String>,
        question: Question,
    ) -> PyResult<PySeries> {
        Ok(PySeries(self.0.largest_of_frame(&frame.0, &columns, &margins, &asked(question)?).raise()?))
    }

    /// The answers to a frame's rows, lazily: columns `0`, `1`, … beside the frame's index.
    fn columns_of_frame(
        &self,
        frame: &PyFrame,
        columns: Vec<String>,
        margins: Vec<String>,
        question: Question,
    ) -> PyResult<PyFrame> {
        let answers = self.0.of_frame(&frame.0, &columns, &margins, &asked(question)?).raise()?;
        let names: Vec<String> = (0..answers.len()).map(|place| place.to_string()).collect();
        let assigned = frame.0.assign(names.iter().map(String::as_str).zip(answers)).raise()?;
        Ok(PyFrame(assigned.select(names).raise()?))
    }
}
