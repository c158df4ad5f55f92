"""NumPy's protocols: what ``np.sum(x)``, ``np.add(x, y)`` and ``np.add.reduce(x)`` do with a lazy array."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import lazy

__all__ = ["call_function", "call_ufunc", "no_attribute"]

#: What a ufunc's ``reduce`` and ``accumulate`` are called.
_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
_RUNNING = {"add": "cumsum", "multiply": "cumprod"}
#: The way round what lazy arrays have not.
_INSTEAD = {
    "byteswap": "compute() it first",
    "data": "np.asarray(x) computes it",
    "dump": "np.save(file, x.compute()), or to_zarr",
    "fill": "x[...] = value",
    "flat": "x.ravel(), or iterate over x.compute().flat",
    "partition": "phalanx.array.topk, or sort",
    "put": "x[index] = values",
    "resize": "reshape, or concatenate with zeros",
    "setfield": "compute() it first",
    "strides": "compute() it first: a lazy array has no memory",
    "tobytes": "x.compute().tobytes()",
    "tofile": "x.compute().tofile(file), or to_zarr",
}


def no_attribute(name: str) -> AttributeError:
    """The error for an attribute that a lazy array has not."""
    if name.startswith("_") or not hasattr(np.ndarray, name):
        return AttributeError(f"'Array' object has no attribute {name!r}")
    hint = _INSTEAD.get(name, f"x.compute().{name}")
    return AttributeError(f"a lazy Array has no {name!r}, which NumPy's has: {hint}")


def call_function(func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's function of a name is ours of the same name and place."""
    import phalanx.array
    from phalanx.array._core import Array
    from phalanx.array._standard import NUMPYS

    ours: Any = phalanx.array
    module = (func.__module__ or "numpy").split(".")[1:]
    for name in [*module, func.__name__]:
        ours = getattr(ours, name, None)
    if ours is None or ours is func:
        if not all(issubclass(kind, (Array, np.ndarray)) for kind in types):
            return NotImplemented  # another library may know what to do
        place = ".".join(["numpy", *module, func.__name__])
        raise NotImplementedError(
            f"{place} takes no lazy arrays: give it x.compute() in place of x, or call it for each chunk with map_blocks, "
            "if chunks do not need each other"
        )
    if module == ["linalg"] and len(args) == 1:
        kwargs = {**NUMPYS.get(func.__name__, {}), **kwargs}
    return ours(*args, **kwargs)


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc of NumPy, or ``reduce``, ``accumulate`` or ``outer`` of one."""
    import phalanx.array

    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    if any(each is not None for each in kwargs.get("out") or ()):
        raise NotImplementedError(f"numpy.{name} with out= and a lazy array: assign the result")
    kwargs = {key: value for key, value in kwargs.items() if key != "out"}
    if method == "__call__":
        ours = getattr(phalanx.array, ufunc.__name__, None)
        return NotImplemented if ours is None else ours(*inputs, **kwargs)
    if method == "outer":
        first, second = (lazy(each) for each in inputs)
        ours = getattr(phalanx.array, ufunc.__name__)
        return ours(first.reshape((*first.shape, *[1] * second.ndim)), second, **kwargs)
    table = {"reduce": _REDUCTIONS, "accumulate": _RUNNING}.get(method, {})
    if ufunc.__name__ in table:
        # The methods take the first axis where nothing is said, the functions all.
        (x, *rest) = inputs
        axis = rest[0] if rest else kwargs.pop("axis", 0)
        return getattr(phalanx.array, table[ufunc.__name__])(x, axis=axis, **kwargs)
    raise NotImplementedError(
        f"numpy.{name} takes no lazy arrays: give it x.compute() in place of x, or say it with phalanx.array's reductions "
        "and running sums"
    )
