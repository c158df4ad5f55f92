"""Types, constants, and what the array-API standard asks a namespace about itself."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import is_lazy, lazy

#: Types of elements, under NumPy's names.
_DTYPES = {
    "bool": ["bool"],
    "signed integer": ["int8", "int16", "int32", "int64"],
    "unsigned integer": ["uint8", "uint16", "uint32", "uint64"],
    "real floating": ["float32", "float64"],
    "complex floating": ["complex64", "complex128"],
}
_UNIONS = {
    "integral": ["signed integer", "unsigned integer"],
    "numeric": ["signed integer", "unsigned integer", "real floating", "complex floating"],
}
TYPES = [name for names in _DTYPES.values() for name in names]
e = 2.718281828459045
euler_gamma = 0.5772156649015329
inf = float("inf")
nan = float("nan")
newaxis = None
pi = 3.141592653589793

__all__ = [
    "astype", "broadcast_shapes", "can_cast", "copy", "e", "euler_gamma", "finfo",
    "from_dlpack", "iinfo", "inf", "iscomplexobj", "isdtype", "isrealobj", "isscalar", "nan", "ndim", "newaxis", "optimize",
    "pi", "promote_types", "register_chunk_type", "result_type", "shape", "size",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in TYPES:  # not before it is asked for: NumPy is imported when it is used
        return getattr(np, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _typed(value: Any) -> Any:
    """What NumPy's rules for types take: an array of ours stands for its type."""
    return value.dtype if is_lazy(value) else value


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The type that arrays, types and Python numbers give together."""
    # An array without axes has a type as any other array has; Python's numbers adapt.
    return np.result_type(*(_typed(each) for each in arrays_and_dtypes))


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest type that both can be cast to safely."""
    return np.promote_types(type1, type2)


def can_cast(from_: Any, to: Any, casting: str = "safe") -> Any:
    """Whether values of one type, or of an array's type, can be cast to another."""
    return np.can_cast(_typed(from_), to, casting)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a type is of a kind: a type, ``"bool"``, ``"numeric"``, ``"integral"``, …, or a tuple of them."""
    return np.isdtype(np.dtype(dtype), kind)


def finfo(type: Any, /) -> Any:  # noqa: A002
    """The limits of a floating-point type, or of an array's."""
    return np.finfo(_typed(type))


def iinfo(type: Any, /) -> Any:  # noqa: A002
    """The limits of an integer type, or of an array's."""
    return np.iinfo(_typed(type))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """The same elements as another type."""
    _here(device)
    x = lazy(x)
    if x.dtype.kind == "c" and np.dtype(dtype).kind in "biuf" and np.dtype(dtype).kind != "b":
        raise TypeError("complex numbers have no order among reals: take .real or abs(x) before the cast")
    return x.astype(dtype, copy=copy)


def _here(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"arrays live on the device 'cpu', not {device!r}")


def copy(a: Any, order: str = "K") -> Any:
    """The same array: a lazy one is never changed in place (``x[...] = v`` makes ``x`` stand for another)."""
    return lazy(a).copy()


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """An array over the memory of any library's array that has ``__dlpack__``."""
    _here(device)
    from phalanx.array._creation import from_array

    if is_lazy(x):
        return x
    return from_array(np.from_dlpack(x) if copy is None else np.from_dlpack(x, copy=copy))


def ndim(a: Any) -> int:
    """The number of axes."""
    return int(a.ndim) if is_lazy(a) else int(np.ndim(a))


def shape(a: Any) -> tuple[int, ...]:
    """The lengths of the axes."""
    return tuple(a.shape) if is_lazy(a) else tuple(np.shape(a))


def size(a: Any, axis: int | None = None) -> int:
    """The number of elements, or the length of an axis."""
    lengths = shape(a)
    if axis is not None:
        return lengths[axis]
    count = 1
    for length in lengths:
        count *= length
    return count


def isscalar(element: Any) -> Any:
    """Whether it is a number rather than an array."""
    return not is_lazy(element) and np.isscalar(element)


def iscomplexobj(x: Any) -> Any:
    """Whether the type is complex."""
    return _kind(x) == "c"


def isrealobj(x: Any) -> Any:
    """Whether the type is not complex."""
    return _kind(x) != "c"


def _kind(x: Any) -> str:
    return str(x.dtype.kind if is_lazy(x) else np.asarray(x).dtype.kind)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together."""
    return tuple(np.broadcast_shapes(*shapes))


class _Info:
    """What the standard's ``__array_namespace_info__()`` gives."""

    def capabilities(self) -> dict[str, Any]:
        """Masks as indices and sizes that depend on data are supported; there is no limit of axes but 64."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The only device."""
        return "cpu"

    def devices(self) -> list[str]:
        """The only device."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The types that functions give if they are not told."""
        _here(device)
        names = {"real floating": "float64", "complex floating": "complex128", "integral": "int64", "indexing": "int64"}
        return {kind: np.dtype(name) for kind, name in names.items()}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The types of a kind (or of several), by name."""
        _here(device)
        kinds = list(_DTYPES) if kind is None else list(kind) if isinstance(kind, tuple) else [kind]
        plain = [each for given in kinds for each in _UNIONS.get(given, [given])]
        unknown = [each for each in plain if each not in _DTYPES]
        if unknown:
            raise ValueError(f"unsupported kind: {unknown[0]!r}")
        return {name: np.dtype(name) for each in dict.fromkeys(plain) for name in _DTYPES[each]}


def __array_namespace_info__() -> Any:
    """What the standard asks: devices, types, capabilities."""
    return _Info()


def optimize(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """The arrays themselves: every plan is optimized when it is lowered."""
    del kwargs
    return args


def register_chunk_type(type: Any) -> Any:  # noqa: A002
    """Not supported: chunks are memory of the library's own types of elements."""
    raise NotImplementedError("register_chunk_type: blocks are NumPy's arrays; convert in map_blocks")
