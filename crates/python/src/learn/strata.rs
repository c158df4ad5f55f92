//! Parts of frames with so many rows of each class.

use crate::client::{PyClient, wait};
use crate::errors::Raise;
use crate::frame::PyFrame;
use phalanx::learn::strata::{Stratum, strata, stratified_parts};
use pyo3::prelude::*;

/// The labels of a column, as text, in order, and how many rows have each.
#[pyfunction]
pub fn class_rows(
    py: Python<'_>,
    client: &PyClient,
    frame: &PyFrame,
    column: String,
) -> PyResult<Vec<(Option<String>, u64)>> {
    let (client, frame) = (client.get()?, frame.0.clone());
    let found = wait(py, async move { strata(client.engine(), &frame, &column).await })?;
    Ok(found.into_iter().map(|stratum| (stratum.label, stratum.rows)).collect())
}

/// Two parts of the rows, with so many of each class; lazy.
#[pyfunction]
pub fn class_parts(
    frame: &PyFrame,
    column: &str,
    classes: Vec<(Option<String>, u64)>,
    parts: Vec<(u64, u64)>,
    seed: u64,
    without: bool,
) -> PyResult<(PyFrame, PyFrame)> {
    let classes: Vec<Stratum> = classes.into_iter().map(|(label, rows)| Stratum { label, rows }).collect();
    let (first, second) = stratified_parts(&frame.0, column, &classes, &parts, seed, without).raise()?;
    Ok((PyFrame(first), PyFrame(second)))
}
