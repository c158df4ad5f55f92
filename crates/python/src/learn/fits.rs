//! Fits whose loops run in Rust: each pass over the rows is a job, and Ctrl-C ends whichever runs.

use super::{Answer, PyRows};
use crate::client::{PyClient, wait};
use crate::errors::Raise;
use phalanx::learn::components::Spread;
use phalanx::learn::dense::Symmetric;
use phalanx::learn::glm::Family;
use phalanx::learn::glm_fit::GlmFit;
use phalanx::learn::kmeans::{KMeans, Start};
use phalanx::learn::linear_model::sums::Sums;
use phalanx::learn::minimise::{Limits, Solver};
use pyo3::prelude::*;
use pyo3::types::PyDict;

#[pymethods]
impl PyRows {
    /// The minimum of a generalized linear model's mean loss plus penalties: a line of parameters for each predictor.
    #[pyo3(signature = (client, estimator, family, predictors, l1, l2, beside_sum, fit_intercept, solver, tol, max_iter, rho=1.0, over_relax=1.6))]
    #[expect(clippy::too_many_arguments, reason = "what Python's estimators say by name")]
    fn minimise<'py>(
        &self,
        py: Python<'py>,
        client: &PyClient,
        estimator: String,
        family: &str,
        predictors: usize,
        l1: f64,
        l2: f64,
        beside_sum: bool,
        fit_intercept: bool,
        solver: &str,
        tol: f64,
        max_iter: u64,
        rho: f64,
        over_relax: f64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let family = family.parse::<Family>().raise()?;
        let solver = match Solver::named(solver).raise()? {
            Solver::Admm { .. } => Solver::Admm { rho, over_relax },
            other => other,
        };
        let limits = Limits { tolerance: tol, iterations_max: max_iter };
        let fit = GlmFit { estimator, family, predictors, l1, l2, beside_sum, fit_intercept, solver, limits };
        let (data, client) = (self.data(py, client)?, client.get()?);
        let found = wait(py, async move { fit.run(client.engine(), data.matrix()).await })?;
        let convergence = found.convergence;
        let answer =
            Answer::new(py).values("parameters", &[predictors, self.width() + 1], found.predictors.concat())?;
        let answer = answer.number("iterations", convergence.iterations)?.number("converged", convergence.converged)?;
        Ok(answer.number("gradient", convergence.gradient)?.number("loss", convergence.loss)?.done())
    }

    /// Ordinary least squares, or with `alpha` those of a ridge.
    #[pyo3(signature = (client, fit_intercept, alpha=None))]
    fn least_squares<'py>(
        &self,
        py: Python<'py>,
        client: &PyClient,
        fit_intercept: bool,
        alpha: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (client, matrix) = (client.get()?, self.matrix());
        let found = wait(py, async move {
            let sums = Sums::of(client.engine(), &matrix, fit_intercept).await?;
            let (coefficients, rank) = match alpha {
                None => sums.least_squares()?,
                Some(alpha) => (sums.ridge(alpha)?, matrix.names().len()),
            };
            Ok((sums.intercept(&coefficients), coefficients, rank))
        })?;
        let (intercept, coefficients, rank) = found;
        let answer = Answer::new(py).values("coefficients", &[coefficients.len()], coefficients)?;
        Ok(answer.number("intercept", intercept)?.number("rank", rank)?.done())
    }

    /// Least squares with an l1 and an l2 penalty.
    #[expect(clippy::too_many_arguments, reason = "what Python's estimators say by name")]
    fn elastic_net<'py>(
        &self,
        py: Python<'py>,
        client: &PyClient,
        fit_intercept: bool,
        alpha: f64,
        l1_ratio: f64,
        positive: bool,
        tol: f64,
        max_iter: u64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let (client, matrix) = (client.get()?, self.matrix());
        let (found, intercept) = wait(py, async move {
            let sums = Sums::of(client.engine(), &matrix, fit_intercept).await?;
            let found = sums.elastic_net(alpha, l1_ratio, positive, tol, max_iter);
            let intercept = sums.intercept(&found.coefficients);
            Ok((found, intercept))
        })?;
        let answer = Answer::new(py).values("coefficients", &[found.coefficients.len()], found.coefficients)?;
        let answer = answer.number("intercept", intercept)?.number("iterations", found.iterations)?;
        let answer = answer.number("converged", found.converged)?.number("gradient", found.gradient)?;
        Ok(answer.number("gap", found.gap)?.done())
    }

    /// k-means; `init` is `parallel`, `random`, or anything else beside the `centers` to begin with.
    #[pyo3(signature = (client, clusters, init, centers, oversampling, rounds, starts, seed, max_iter, tol))]
    #[expect(clippy::too_many_arguments, reason = "what Python's estimators say by name")]
    fn kmeans<'py>(
        &self,
        py: Python<'py>,
        client: &PyClient,
        clusters: usize,
        init: &str,
        centers: Vec<f64>,
        oversampling: f64,
        rounds: Option<u64>,
        starts: u64,
        seed: u64,
        max_iter: u64,
        tol: f64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let start = match init {
            "parallel" => Start::Parallel { oversampling, rounds },
            "random" => Start::Random,
            _ => Start::Centers(centers),
        };
        let fit = KMeans::new(clusters).start(start).starts(starts).seed(seed).max_iter(max_iter).tol(tol);
        let (data, client) = (self.data(py, client)?, client.get()?);
        let found = wait(py, async move { fit.fit_async(client.engine(), &data).await })?;
        let answer = Answer::new(py).values("centers", &[clusters, self.width()], found.centers().to_vec())?;
        let answer = answer.number("inertia", found.inertia())?.number("iterations", found.iterations())?;
        Ok(answer.number("converged", found.converged())?.done())
    }

    /// Means, and sums of products about them or about 0.
    fn spread<'py>(&self, py: Python<'py>, client: &PyClient, centered: bool) -> PyResult<Bound<'py, PyDict>> {
        let (client, matrix) = (client.get()?, self.matrix());
        let found = wait(py, async move { Spread::of(client.engine(), &matrix, centered).await })?;
        let width = found.mean.len();
        let answer = Answer::new(py).number("rows", found.rows)?.values("mean", &[width], found.mean)?;
        let answer = answer.values("deviation", &[width], found.deviation)?;
        Ok(answer.values("products", &[width, width], found.products.values().to_vec())?.done())
    }
}

/// Eigenvalues of a symmetric matrix, the largest first, and eigenvectors as lines whose largest entry is positive.
#[pyfunction]
pub fn directions(py: Python<'_>, side: usize, entries: Vec<f64>) -> PyResult<Bound<'_, PyDict>> {
    let at = |i: usize, j: usize| entries.get(i * side + j).copied().unwrap_or(f64::NAN);
    let eigen = Symmetric::of(side, at).eigen().raise()?;
    let answer = Answer::new(py).values("values", &[side], eigen.values)?;
    Ok(answer.values("lines", &[side, side], eigen.lines)?.done())
}
