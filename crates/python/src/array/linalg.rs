//! Linear algebra.

use super::{PyArray, checked};
use phalanx::array::linalg::{self, Assume, NormOrder, Side, Variables};
use phalanx::array::{Array, KeepDimensions};
use phalanx::chunk::linalg::Diagonal;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// NumPy's `ord`: a number or a name.
#[derive(FromPyObject)]
enum Order {
    Number(f64),
    Name(String),
}

fn order_of(order: Option<Order>) -> PyResult<NormOrder> {
    match order {
        None => Ok(NormOrder::Default),
        Some(Order::Number(number)) => Ok(NormOrder::Number(number)),
        Some(Order::Name(name)) => match name.as_str() {
            "fro" | "f" => Ok(NormOrder::Frobenius),
            "nuc" => Ok(NormOrder::Nuclear),
            _ => Err(PyValueError::new_err("Invalid norm order for matrices.")),
        },
    }
}

fn side(lower: bool) -> Side {
    if lower { Side::Lower } else { Side::Upper }
}

fn variables(rows: bool) -> Variables {
    if rows { Variables::Rows } else { Variables::Columns }
}

macro_rules! parts {
    ($($part:expr),+) => {
        Ok(($(checked($part)?,)+))
    };
}

macro_rules! products {
    ($($name:ident;)*) => {
        #[pymethods]
        impl PyArray {
            $(
            fn $name(&self, other: &Self) -> PyResult<Self> {
                checked(self.0.$name(&other.0))
            })*
        }
    };
}

products! {
    dot;
    vdot;
    inner;
    outer;
    kron;
}

#[pymethods]
impl PyArray {
    fn tensordot(&self, other: &Self, axes: Vec<isize>, other_axes: Vec<isize>) -> PyResult<Self> {
        checked(self.0.tensordot(&other.0, &axes, &other_axes))
    }

    #[staticmethod]
    fn einsum(subscripts: &str, operands: Vec<PyArray>) -> PyResult<Self> {
        let operands: Vec<&Array> = operands.iter().map(|operand| &operand.0).collect();
        checked(linalg::einsum(subscripts, &operands))
    }

    fn matrix_power(&self, exponent: i64) -> PyResult<Self> {
        checked(self.0.matrix_power(exponent))
    }

    #[pyo3(signature = (order, axes, keepdims))]
    fn norm(&self, order: Option<Order>, axes: Option<Vec<isize>>, keepdims: bool) -> PyResult<Self> {
        let keep = if keepdims { KeepDimensions::Yes } else { KeepDimensions::No };
        checked(self.0.norm_by(order_of(order)?, axes, keep))
    }

    fn qr(&self) -> PyResult<(Self, Self)> {
        let (q, r) = self.0.qr();
        parts!(q, r)
    }

    fn qr_complete(&self) -> PyResult<(Self, Self)> {
        let (q, r) = self.0.qr_complete();
        Ok((checked(q)?, checked(r)?))
    }

    fn tsqr(&self) -> PyResult<(Self, Self)> {
        let (q, r) = self.0.tsqr();
        parts!(q, r)
    }

    fn sfqr(&self) -> PyResult<(Self, Self)> {
        let (q, r) = self.0.sfqr();
        parts!(q, r)
    }

    fn svdvals(&self) -> PyResult<Self> {
        checked(self.0.svdvals())
    }

    fn svd_compressed(
        &self,
        rank: usize,
        iterations: usize,
        oversampling: usize,
        seed: u64,
    ) -> PyResult<(Self, Self, Self)> {
        let (u, s, vt) = self.0.svd_compressed_by(rank, iterations, oversampling, seed);
        parts!(u, s, vt)
    }

    fn cholesky(&self, lower: bool) -> PyResult<Self> {
        checked(self.0.cholesky(side(lower)))
    }

    fn lu(&self) -> PyResult<(Self, Self, Self)> {
        let (p, l, u) = self.0.lu();
        parts!(p, l, u)
    }

    fn solve(&self, b: &Self, positive: bool) -> PyResult<Self> {
        let assume = if positive { Assume::PositiveDefinite } else { Assume::General };
        checked(self.0.solve(&b.0, assume))
    }

    fn solve_triangular(&self, b: &Self, lower: bool, unit_diagonal: bool) -> PyResult<Self> {
        let diagonal = if unit_diagonal { Diagonal::Unit } else { Diagonal::Stored };
        checked(self.0.solve_triangular(&b.0, side(lower), diagonal))
    }

    #[pyo3(signature = (b, cutoff))]
    fn lstsq(&self, b: &Self, cutoff: Option<f64>) -> PyResult<(Self, Self, Self, Self)> {
        let (x, residuals, rank, s) = self.0.lstsq(&b.0, cutoff);
        parts!(x, residuals, rank, s)
    }

    fn inv(&self) -> PyResult<Self> {
        checked(self.0.inv())
    }

    fn pinv(&self, cutoff: f64) -> PyResult<Self> {
        checked(self.0.pinv(cutoff))
    }

    fn det(&self) -> PyResult<Self> {
        checked(self.0.det())
    }

    fn slogdet(&self) -> PyResult<(Self, Self)> {
        let (sign, logarithm) = self.0.slogdet();
        parts!(sign, logarithm)
    }

    fn eigh(&self, lower: bool) -> PyResult<(Self, Self)> {
        let (values, vectors) = self.0.eigh(side(lower));
        parts!(values, vectors)
    }

    fn eigvalsh(&self, lower: bool) -> PyResult<Self> {
        checked(self.0.eigvalsh(side(lower)))
    }

    #[pyo3(signature = (tolerance))]
    fn matrix_rank(&self, tolerance: Option<f64>) -> PyResult<Self> {
        checked(self.0.matrix_rank(tolerance))
    }

    #[pyo3(signature = (other, rows, ddof))]
    fn cov(&self, other: Option<PyArray>, rows: bool, ddof: f64) -> PyResult<Self> {
        checked(self.0.cov(other.as_ref().map(|other| &other.0), variables(rows), ddof))
    }

    #[pyo3(signature = (other, rows))]
    fn corrcoef(&self, other: Option<PyArray>, rows: bool) -> PyResult<Self> {
        checked(self.0.corrcoef(other.as_ref().map(|other| &other.0), variables(rows)))
    }
}
