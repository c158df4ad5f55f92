"""Linear models: least squares, its penalised relatives, logistic and other generalized linear models."""

from __future__ import annotations

from phalanx.ml._classifiers import LogisticRegression
from phalanx.ml._glm import GammaRegressor, PoissonRegressor
from phalanx.ml._least_squares import ElasticNet, Lasso, LinearRegression, Ridge

__all__ = [
    "ElasticNet",
    "GammaRegressor",
    "Lasso",
    "LinearRegression",
    "LogisticRegression",
    "PoissonRegressor",
    "Ridge",
]
