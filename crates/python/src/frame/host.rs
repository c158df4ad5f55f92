//! Functions written in Python over frames, and rows in the partitions that they are to be in.

use super::PyFrame;
use crate::arrow::schema_of;
use crate::errors::Raise;
use phalanx::engine::host::HostFunction;
use phalanx::frame::Frame;
use phalanx::frame::host::Around;
use pyo3::prelude::*;

fn indexed(frame: Frame, index: Option<&str>) -> PyResult<PyFrame> {
    Ok(PyFrame(match index {
        Some(index) => frame.set_index(index).raise()?,
        None => frame,
    }))
}

#[pymethods]
impl PyFrame {
    /// What a packed function returns for each partition of this frame and of others.
    #[pyo3(signature = (payload, label, others, schema, index, row_by_row))]
    fn call_partitions(
        &self,
        payload: Vec<u8>,
        label: String,
        others: Vec<Self>,
        schema: &Bound<'_, PyAny>,
        index: Option<&str>,
        row_by_row: bool,
    ) -> PyResult<Self> {
        let others: Vec<&Frame> = others.iter().map(|other| &other.0).collect();
        let function = HostFunction { payload, label };
        indexed(self.0.map_partitions(function, &others, schema_of(schema)?, row_by_row).raise()?, index)
    }

    /// The same with rows of the neighbours: `around` rows before and after, or nanoseconds if `in_time`.
    #[pyo3(signature = (payload, label, schema, index, around, in_time, row_by_row))]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn call_overlapping(
        &self,
        payload: Vec<u8>,
        label: String,
        schema: &Bound<'_, PyAny>,
        index: Option<&str>,
        around: (u64, u64),
        in_time: bool,
        row_by_row: bool,
    ) -> PyResult<Self> {
        let (before, after) = around;
        let around = if in_time {
            let time = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
            Around::Time(time(before), time(after))
        } else {
            let rows = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
            Around::Rows(rows(before), rows(after))
        };
        let function = HostFunction { payload, label };
        indexed(self.0.map_overlap(function, around, schema_of(schema)?, row_by_row).raise()?, index)
    }

    /// A value for each row, which a packed function returns for whole groups.
    #[pyo3(signature = (keys, dropna, payload, label, schema, index))]
    fn call_groups(
        &self,
        keys: Vec<String>,
        dropna: bool,
        payload: Vec<u8>,
        label: String,
        schema: &Bound<'_, PyAny>,
        index: Option<&str>,
    ) -> PyResult<Self> {
        let groups = self.0.groupby(keys).raise()?.dropna(dropna);
        indexed(groups.map_groups(HostFunction { payload, label }, schema_of(schema)?).raise()?, index)
    }

    fn has_rows_of(&self, other: &Self) -> bool {
        self.0.has_rows_of(&other.0)
    }

    fn shuffled(&self, keys: Vec<String>, partitions: usize) -> PyResult<Self> {
        Ok(Self(self.0.shuffle(keys, partitions).raise()?))
    }

    fn placed_by(&self, column: &str, partitions: usize) -> PyResult<Self> {
        Ok(Self(self.0.place_by(column, partitions).raise()?))
    }

    fn with_partition_number(&self, name: &str) -> PyResult<Self> {
        Ok(Self(self.0.with_partition_number(name).raise()?))
    }
}
