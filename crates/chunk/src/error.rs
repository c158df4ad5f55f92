//! What can go wrong with a chunk, by what the reader must do next.

use crate::dtype::DType;

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A chunk operation that could not be done. The message carries the numbers; [`Error::hint`] says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Shapes, lengths or regions that do not fit together: change the shapes.
    #[error("{reason}")]
    Shape {
        /// What did not fit, with both sides.
        reason: String,
    },
    /// An axis that the array does not have, or that was named twice: change the axis.
    #[error("axis {axis} is out of range or repeated for an array of {ndim} dimension(s)")]
    Axis {
        /// The axis as it was given.
        axis: usize,
        /// The number of dimensions of the array.
        ndim: usize,
    },
    /// An operation that these element types do not have: cast first.
    #[error("{operation} does not take {dtypes}")]
    DType {
        /// The operation's NumPy name.
        operation: String,
        /// The element types it was given.
        dtypes: String,
    },
    /// A value that the operation does not accept: change the value.
    #[error("{reason}")]
    Value {
        /// Which value, and what was expected.
        reason: String,
    },
    /// A matrix for which the decomposition or the solution does not exist: change the matrix.
    #[error("{operation}: {reason}")]
    Matrix {
        /// The operation's NumPy name.
        operation: &'static str,
        /// What the matrix lacks.
        reason: String,
    },
    /// A size or an index that does not fit into 64 bits: use smaller chunks.
    #[error("{what} overflows")]
    Overflow {
        /// The quantity, with its factors.
        what: String,
    },
}

impl Error {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Shape { .. } => "make the shapes agree: check lengths, axes and slices of both sides",
            Error::Axis { .. } => "name each axis once, counted from 0",
            Error::DType { .. } => "cast the array to a dtype that the operation takes",
            Error::Value { .. } => "change the value that the message names",
            Error::Matrix { .. } => "check the matrix, or use an operation that does not need the property (e.g. svd)",
            Error::Overflow { .. } => "use a smaller shape or smaller chunks",
        }
    }

    pub(crate) fn shape(reason: impl Into<String>) -> Error {
        Error::Shape { reason: reason.into() }
    }

    pub(crate) fn value(reason: impl Into<String>) -> Error {
        Error::Value { reason: reason.into() }
    }

    pub(crate) fn dtype(operation: impl Into<String>, dtypes: &[DType]) -> Error {
        let names: Vec<&str> = dtypes.iter().map(|d| d.name()).collect();
        Error::DType { operation: operation.into(), dtypes: names.join(" and ") }
    }

    pub(crate) fn overflow(what: impl Into<String>) -> Error {
        Error::Overflow { what: what.into() }
    }
}
