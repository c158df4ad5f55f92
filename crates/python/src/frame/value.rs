//! One value of Python as one of Arrow.

use crate::errors::Raise;
use crate::frame::series::PySeries;
use phalanx::engine::datafusion::common::ScalarValue;
use phalanx::frame::dtype;
use phalanx::frame::series::Operand;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyTuple};

/// None, bool, int, float, str; or `(type, value)`, where the value is an int, a float or a str of that type.
pub struct Value(pub ScalarValue);

impl<'py> FromPyObject<'_, 'py> for Value {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(if object.is_none() {
            ScalarValue::Null
        } else if object.is_instance_of::<PyBool>() {
            ScalarValue::Boolean(Some(object.extract()?))
        } else if object.is_instance_of::<PyInt>() {
            match object.extract::<i64>() {
                Ok(value) => ScalarValue::Int64(Some(value)),
                Err(_) => ScalarValue::UInt64(Some(object.extract()?)),
            }
        } else if object.is_instance_of::<PyFloat>() {
            ScalarValue::Float64(Some(object.extract()?))
        } else if object.is_instance_of::<PyString>() {
            ScalarValue::Utf8(Some(object.extract()?))
        } else if object.is_instance_of::<PyTuple>() {
            let (name, value) = object.extract::<(String, Value)>()?;
            value.0.cast_to(&dtype::parse(&name).raise()?).map_err(phalanx::Error::from).raise()?
        } else {
            return Err(PyTypeError::new_err(format!("a value of {}", object.get_type())));
        }))
    }
}

/// What stands on the other side of an operator.
pub struct Other(pub Operand);

impl<'py> FromPyObject<'_, 'py> for Other {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(series) = object.extract::<PySeries>() {
            return Ok(Self(Operand::Series(series.0)));
        }
        Ok(Self(Operand::Value(object.extract::<Value>()?.0)))
    }
}
