"""The exception that is also one of NumPy's, whose import takes longer than all of ours."""

from __future__ import annotations

from numpy.linalg import LinAlgError

from phalanx.exceptions import DataError


class SingularError(DataError, LinAlgError):
    """There is no answer for these values: a matrix is singular, or not positive definite."""


SingularError.__module__ = "phalanx.exceptions"
