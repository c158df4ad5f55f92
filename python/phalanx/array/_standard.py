"""The namespace that ``x.__array_namespace__()`` gives: this package's names, and the array-API standard's defaults where
Dask's, which the package has, are others.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy

__all__ = ["NUMPYS", "VERSIONS", "namespace"]

#: The standard's versions whose functions are all here.
VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
#: What ``numpy.linalg`` and the standard take for granted, and Dask does not.
NUMPYS: dict[str, dict[str, Any]] = {"cholesky": {"upper": False}, "svd": {"full_matrices": True}}


class Namespace:
    """Names of a module, some of which stand for something else."""

    def __init__(self, module: Any, **others: Any) -> None:
        self.__dict__.update(others)
        self._module, self.__name__, self.__doc__ = module, module.__name__, module.__doc__

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __repr__(self) -> str:
        return f"<{self.__name__} with the defaults of the array-API standard>"


@cache
def namespace() -> Any:
    """The namespace: one for all arrays, so that ``is`` tells whether two arrays go together."""
    import phalanx.array
    from phalanx.array import linalg

    def cholesky(x: Any, /, *, upper: bool = False) -> Any:
        return linalg.cholesky(x, upper=upper)

    def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
        return linalg.svd(x, full_matrices=full_matrices)

    def pinv(x: Any, /, *, rtol: Any = None) -> Any:
        x = lazy(x)
        if rtol is None:
            kind = x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)
            rtol = max(x.shape[-2:]) * float(np.finfo(kind).eps)
        return linalg.pinv(x, rtol=rtol)

    for function in (cholesky, svd, pinv):
        function.__doc__ = getattr(linalg, function.__name__).__doc__
    return Namespace(phalanx.array, linalg=Namespace(linalg, cholesky=cholesky, svd=svd, pinv=pinv))
