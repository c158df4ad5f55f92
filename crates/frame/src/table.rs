//! A computed result: rows in order, in this process.

use crate::error::need_column;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use phalanx_engine::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// Rows at either end that [`fmt::Display`] shows of a long table.
const ROWS_SHOWN: usize = 5;

/// A table in memory. Where its batches are cut has no meaning.
#[derive(Debug, Clone)]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// Rows in the order of `batches`, all of which have `schema`.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows, given away.
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// How many rows there are.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The names of the columns, in order.
    pub fn column_names(&self) -> Vec<&str> {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    /// The values of a column.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn column(&self, name: &str) -> Result<ArrayRef> {
        let data_type = need_column(&self.schema, name)?.data_type().clone();
        let index = self.schema.index_of(name)?;
        let parts: Vec<&dyn Array> = self.batches.iter().map(|batch| batch.column(index).as_ref()).collect();
        if parts.is_empty() {
            return Ok(datafusion::arrow::array::new_empty_array(&data_type));
        }
        Ok(concat(&parts)?)
    }

    fn column_as(&self, name: &str, wanted: &DataType, what: &str) -> Result<ArrayRef> {
        let column = self.column(name)?;
        let from = column.data_type();
        let fits = match wanted {
            DataType::Utf8 => matches!(from, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
            DataType::Int64 => {
                from.is_integer() || *from == DataType::Boolean || matches!(from, DataType::Timestamp(..))
            }
            _ => from.is_numeric() || *from == DataType::Boolean,
        };
        if fits {
            return Ok(cast(&column, wanted)?);
        }
        Err(Error::input(format!("column {name:?} is of type {from}, which is no {what}"))
            .with_hint("take Table::column for the Arrow array itself"))
    }

    /// A column of numbers as float64; missing values are NaN.
    ///
    /// # Errors
    /// `Input`: there is no such column, or it holds no numbers.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.column_as(name, &DataType::Float64, "number")?;
        Ok(column.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    /// A column of integers, truth values or times (in the column's own unit since 1970).
    ///
    /// # Errors
    /// `Input`: there is no such column, or it holds no integers.
    pub fn integers(&self, name: &str) -> Result<Vec<Option<i64>>> {
        let column = self.column_as(name, &DataType::Int64, "integer")?;
        Ok(column.as_primitive::<Int64Type>().iter().collect())
    }

    /// A column of text.
    ///
    /// # Errors
    /// `Input`: there is no such column, or it holds no text.
    pub fn strings(&self, name: &str) -> Result<Vec<Option<String>>> {
        let column = self.column_as(name, &DataType::Utf8, "text")?;
        Ok(column.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect())
    }

    /// Writes names, types and the bits of all values to `write`, row by row: for a hash of the result. It does not
    /// depend on where batches are cut, nor on what stands behind missing values.
    ///
    /// # Errors
    /// `Unsupported`: a column is of a type whose rows can't be written.
    pub fn digest(&self, mut write: impl FnMut(&[u8])) -> Result<()> {
        for field in self.schema.fields() {
            write(format!("{}:{}\n", field.name(), field.data_type()).as_bytes());
        }
        if self.schema.fields().is_empty() {
            return Ok(());
        }
        let fields = self.schema.fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let converter = RowConverter::new(fields)
            .map_err(|error| Error::unsupported("the digest of this table").caused_by(&error))?;
        for batch in &self.batches {
            for row in &converter.convert_columns(batch.columns())? {
                let bytes: &[u8] = row.as_ref();
                write(&(bytes.len() as u64).to_le_bytes());
                write(bytes);
            }
        }
        Ok(())
    }

    /// The rows `from..from + rows`, as far as they exist.
    #[must_use]
    pub fn slice(&self, from: usize, rows: usize) -> Self {
        let (mut skip, mut wanted) = (from, rows);
        let mut batches = vec![];
        for batch in &self.batches {
            let start = skip.min(batch.num_rows());
            let taken = wanted.min(batch.num_rows() - start);
            if taken > 0 {
                batches.push(batch.slice(start, taken));
            }
            (skip, wanted) = (skip - start, wanted - taken);
        }
        Self { schema: Arc::clone(&self.schema), batches }
    }

    fn cells(&self) -> Result<Vec<Vec<String>>> {
        let batch = concat_batches(&self.schema, &self.batches)?;
        let options = FormatOptions::default().with_null("null");
        let mut cells = vec![self.schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()];
        let columns = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            cells.push(columns.iter().map(|column| column.value(row).to_string()).collect());
        }
        Ok(cells)
    }
}

impl fmt::Display for Table {
    /// The first and last rows, in columns, as pandas prints them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.num_rows();
        let long = rows > 2 * ROWS_SHOWN + 1;
        let shown = if long {
            let last = self.slice(rows - ROWS_SHOWN, ROWS_SHOWN);
            let first = self.slice(0, ROWS_SHOWN);
            Self::new(Arc::clone(&self.schema), [first.batches, last.batches].concat())
        } else {
            self.clone()
        };
        let mut cells = shown.cells().map_err(|_| fmt::Error)?;
        if long {
            cells.insert(1 + ROWS_SHOWN, vec![String::from("..."); self.schema.fields().len()]);
        }
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.schema.fields().len()).map(width).collect();
        for row in &cells {
            let line: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
            writeln!(f, "{}", line.join("  ").trim_end())?;
        }
        write!(f, "[{rows} rows x {} columns]", self.schema.fields().len())
    }
}
