//! Reductions, groups, windows, merges, order and shape of frames. What has many options comes as JSON, in the form in
//! which plans travel.

use crate::arrow::batches_of;
use crate::client::PyClient;
use crate::errors::{Raise, exception};
use crate::frame::PyFrame;
use phalanx::Error;
use phalanx::engine::datafusion::common::ScalarValue;
use phalanx::frame::asof::Asof;
use phalanx::frame::frame::Direction;
use phalanx::frame::reductions::CountOptions;
use phalanx::frame::resample::Rule;
use phalanx::frame::reshape::{Join, concat};
use phalanx::frame::sort::KeepRows;
use phalanx::frame::{Aggregate, Frame, GroupBy, Keep, Merge, Statistic, Unique, Window, source};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

/// What a call was given, from JSON.
pub fn given<T: for<'a> serde::Deserialize<'a>>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| exception(&Error::internal("a call can't be read").caused_by(&error)))
}

fn wrap(frame: phalanx::Result<Frame>) -> PyResult<PyFrame> {
    Ok(PyFrame(frame.raise()?))
}

fn keep_rows(keep: Option<&str>) -> PyResult<KeepRows> {
    match keep {
        Some("first") => Ok(KeepRows::First),
        Some("last") => Ok(KeepRows::Last),
        None => Ok(KeepRows::None),
        Some(other) => {
            Err(exception(&Error::input(format!("keep={other:?}")).with_hint("there are first, last and False")))
        }
    }
}

fn directions(by: &[(String, bool)]) -> impl Iterator<Item = (&str, Direction)> {
    by.iter()
        .map(|(name, ascending)| (name.as_str(), if *ascending { Direction::Ascending } else { Direction::Descending }))
}

fn scalar(value: &Bound<'_, PyAny>) -> PyResult<ScalarValue> {
    if value.is_instance_of::<PyBool>() {
        return Ok(ScalarValue::from(value.extract::<bool>()?));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(ScalarValue::from(value.extract::<i64>()?));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(ScalarValue::from(value.extract::<f64>()?));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(ScalarValue::from(value.extract::<String>()?));
    }
    Err(PyTypeError::new_err("a category is a truth value, a number or a text"))
}

/// A merge as Python gives it.
#[derive(serde::Deserialize)]
struct MergeCall {
    how: String,
    left_on: Vec<String>,
    right_on: Vec<String>,
    suffixes: (String, String),
    indicator: Option<String>,
    validate: Option<String>,
}

#[pymethods]
impl PyFrame {
    /// A frame of tables that give Arrow's C stream, one a partition.
    #[staticmethod]
    fn of_arrow(py: Python<'_>, client: &PyClient, tables: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut partitions = vec![];
        let mut schema = None;
        for table in &tables {
            let (own, batches) = batches_of(table)?;
            schema.get_or_insert(own);
            partitions.push(batches);
        }
        let schema = schema.ok_or_else(|| exception(&Error::input("a frame of no partitions")))?;
        let client = client.get()?;
        let frame = py.detach(move || source::scatter(client.engine(), schema, partitions));
        wrap(frame)
    }

    /// A `SELECT` over frames, each under a name.
    #[staticmethod]
    fn sql(py: Python<'_>, query: String, tables: Vec<(String, Self)>) -> PyResult<Self> {
        let frame = crate::client::wait_blocking(py, move || {
            let tables: Vec<(&str, Frame)> =
                tables.iter().map(|(name, frame)| (name.as_str(), frame.0.clone())).collect();
            phalanx::frame::sql(&query, &tables)
        })?;
        Ok(Self(frame))
    }

    fn column_types(&self) -> Vec<(String, String)> {
        self.0.schema().fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    fn take_columns(&self, names: Vec<String>) -> PyResult<Self> {
        wrap(self.0.select(names))
    }

    fn with_index(&self, column: &str) -> PyResult<Self> {
        wrap(self.0.set_index(column))
    }

    fn without_index(&self) -> Self {
        Self(self.0.reset_index())
    }

    fn renamed(&self, names: Vec<(String, String)>) -> PyResult<Self> {
        wrap(self.0.rename(names.iter().map(|(old, new)| (old.as_str(), new.as_str()))))
    }

    fn last_rows(&self, rows: usize) -> PyResult<Self> {
        wrap(self.0.tail(rows))
    }

    fn slice_rows(&self, start: i64, stop: i64, step: i64) -> PyResult<Self> {
        wrap(self.0.slice_rows(start, stop, step))
    }

    fn found(&self, labels: Vec<String>, place: Option<&str>) -> PyResult<Self> {
        wrap(self.0.found(labels, place))
    }

    fn with_row_number(&self, name: &str) -> PyResult<Self> {
        wrap(self.0.with_row_number(name))
    }

    fn partition_count(&self, client: &PyClient) -> PyResult<usize> {
        self.0.npartitions(client.get()?.engine().settings()).raise()
    }

    fn repartitioned(&self, partitions: usize) -> PyResult<Self> {
        wrap(self.0.repartition(partitions))
    }

    fn chosen_partitions(&self, numbers: Vec<usize>) -> PyResult<Self> {
        wrap(self.0.partitions(numbers))
    }

    fn sampled(&self, share: f64, seed: u64) -> PyResult<Self> {
        wrap(self.0.sample(share, seed))
    }

    fn split_at_random(&self, shares: Vec<f64>, seed: u64) -> PyResult<Vec<Self>> {
        Ok(self.0.random_split(&shares, seed).raise()?.into_iter().map(Self).collect())
    }

    fn reduce(&self, aggregates: &str) -> PyResult<Self> {
        wrap(self.0.reduce(given::<Vec<Aggregate>>(aggregates)?))
    }

    fn reduce_table(&self, rows: &str) -> PyResult<Self> {
        wrap(self.0.reduce_table(given(rows)?))
    }

    fn fitting(&self, statistic: &str, numeric_only: bool) -> PyResult<Vec<String>> {
        Ok(self.0.fitting(Statistic::parse(statistic).raise()?, numeric_only))
    }

    fn describe(&self, percentiles: Vec<f64>) -> PyResult<Self> {
        wrap(self.0.describe(&percentiles))
    }

    fn pairs(&self, statistic: &str, min_periods: usize, ddof: u64) -> PyResult<Self> {
        wrap(self.0.pairs(Statistic::parse(statistic).raise()?, min_periods, ddof))
    }

    fn value_counts_of(
        &self,
        columns: Vec<String>,
        normalize: bool,
        sort: bool,
        ascending: bool,
        dropna: bool,
    ) -> PyResult<Self> {
        wrap(self.0.value_counts_of(columns, CountOptions { normalize, sort, ascending, dropna }))
    }

    fn mode_of(&self, column: &str, dropna: bool) -> PyResult<Self> {
        wrap(self.0.mode(column, dropna))
    }

    fn every_window(&self, window: &str) -> PyResult<Self> {
        wrap(self.0.every(&given::<Window>(window)?))
    }

    fn windows(&self, items: &str) -> PyResult<Self> {
        wrap(self.0.windows(given::<Vec<(String, Window, String)>>(items)?))
    }

    fn group_agg(&self, keys: Vec<String>, sort: bool, dropna: bool, aggregates: &str) -> PyResult<Self> {
        wrap(groups(self, keys, dropna)?.sort(sort).agg(given::<Vec<Aggregate>>(aggregates)?))
    }

    fn group_windows(&self, keys: Vec<String>, dropna: bool, items: &str) -> PyResult<Self> {
        wrap(groups(self, keys, dropna)?.windows(given::<Vec<(String, Window, String)>>(items)?))
    }

    fn group_rows(&self, keys: Vec<String>, dropna: bool, which: &str, rows: Vec<i64>) -> PyResult<Self> {
        let groups = groups(self, keys, dropna)?;
        let one = rows.first().copied().unwrap_or(0);
        wrap(match which {
            "head" => groups.head(one),
            "tail" => groups.tail(one),
            _ => groups.nth(rows),
        })
    }

    fn merge_with(&self, right: &Self, call: &str) -> PyResult<Self> {
        let call: MergeCall = given(call)?;
        let merge = Merge {
            keep: Keep::parse(&call.how).raise()?,
            left_on: call.left_on,
            right_on: call.right_on,
            suffixes: call.suffixes,
            indicator: call.indicator,
            unique: call.validate.map_or(Ok(Unique::default()), |validate| Unique::parse(&validate)).raise()?,
        };
        wrap(self.0.merge_with(&right.0, &merge))
    }

    fn merge_near(&self, right: &Self, call: &str) -> PyResult<Self> {
        wrap(self.0.merge_asof(&right.0, &given::<Asof>(call)?))
    }

    fn resample_agg(&self, rule: &str, aggregates: &str) -> PyResult<Self> {
        wrap(self.0.resample(given::<Rule>(rule)?).raise()?.agg(given::<Vec<Aggregate>>(aggregates)?))
    }

    #[staticmethod]
    fn stacked(frames: Vec<Self>, inner: bool) -> PyResult<Self> {
        let frames: Vec<Frame> = frames.into_iter().map(|frame| frame.0).collect();
        wrap(concat(&frames, if inner { Join::Inner } else { Join::Outer }))
    }

    fn sorted_by(&self, by: Vec<(String, bool)>, missing_first: bool) -> PyResult<Self> {
        wrap(self.0.sort_by(directions(&by), missing_first))
    }

    fn top_rows(&self, rows: usize, by: Vec<(String, bool)>, last: bool) -> PyResult<Self> {
        wrap(self.0.top(rows, directions(&by), last))
    }

    fn distinct_rows(&self, subset: Vec<String>, keep: Option<&str>) -> PyResult<Self> {
        wrap(self.0.drop_duplicates(subset, keep_rows(keep)?))
    }

    fn exploded(&self, column: &str) -> PyResult<Self> {
        wrap(self.0.explode(column))
    }

    fn melted(&self, ids: Vec<String>, values: Vec<String>, variable: &str, value: &str) -> PyResult<Self> {
        wrap(self.0.melt(&ids, &values, variable, value))
    }

    fn pivoted(
        &self,
        index: &str,
        columns: &str,
        categories: Vec<Bound<'_, PyAny>>,
        values: &str,
        statistic: &str,
    ) -> PyResult<Self> {
        let categories = categories.iter().map(scalar).collect::<PyResult<Vec<_>>>()?;
        wrap(self.0.pivot_table(index, columns, &categories, values, Statistic::parse(statistic).raise()?))
    }

    fn dummies(&self, column: &str, categories: Vec<Bound<'_, PyAny>>, separator: &str) -> PyResult<Self> {
        let categories = categories.iter().map(scalar).collect::<PyResult<Vec<_>>>()?;
        wrap(self.0.dummies(column, &categories, separator))
    }
}

fn groups(frame: &PyFrame, keys: Vec<String>, dropna: bool) -> PyResult<GroupBy> {
    Ok(frame.0.groupby(keys).raise()?.dropna(dropna))
}
