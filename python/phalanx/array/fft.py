"""Fourier transforms with the names of ``numpy.fft``.

The axis that is transformed becomes one chunk by itself; the other axes stay chunked.
"""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import lazy, native_of, one_axis, wrap
from phalanx.array._chunks import normalize

__all__ = [
    "fft",
    "fft2",
    "fft_wrap",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _one(name: str, a: Any, n: Any, axis: int, norm: str | None) -> Any:
    if n is not None and n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    native = native_of(a)
    along = one_axis(axis, len(native.shape))
    if name in ("rfft", "ihfft") and native.dtype.startswith("complex"):
        raise TypeError(f"ufunc '{name}' not supported for the input types: {native.dtype}, and it takes real values")
    return wrap(native.fft(name, None if n is None else int(n), along, norm))


def _several(name: str, a: Any, s: Any, axes: Any, norm: str | None) -> Any:
    native = native_of(a)
    if axes is not None:
        axes = [int(axis) for axis in axes]
    lengths = None
    if s is not None:
        if axes is None:
            axes = list(range(-len(s), 0))
        # NumPy: -1 is the length of the axis itself.
        own = [native.shape[axis] for axis in axes]
        if name == "irfft":
            own[-1:] = [2 * (own[-1] - 1)]
        lengths = [length if given == -1 else int(given) for given, length in zip(s, own)]
        if len(s) != len(axes):
            raise ValueError("Shape and axes have different lengths.")
        if any(length < 1 for length in lengths):
            raise ValueError(f"Invalid number of FFT data points ({min(lengths)}) specified.")
    return wrap(native.fftn(name, lengths, axes, norm))


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform along one axis, cut or filled up with zeros to ``n`` values."""
    return _one("fft", a, n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`fft`."""
    return _one("ifft", a, n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform of real values: the n // 2 + 1 values that are not conjugates of others."""
    return _one("rfft", a, n, axis, norm)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`rfft`; ``n`` is 2 (m - 1) by default."""
    return _one("irfft", a, n, axis, norm)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The real spectrum of a Hermitian signal, of which one half is given."""
    return _one("hfft", a, n, axis, norm)


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`hfft`."""
    return _one("ihfft", a, n, axis, norm)


def fftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The transform along several axes, by default all."""
    return _several("fft", a, s, axes, norm)


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The inverse of :func:`fftn`."""
    return _several("ifft", a, s, axes, norm)


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The transform of real values along several axes; the last of them has n // 2 + 1 values."""
    return _several("rfft", a, s, axes, norm)


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The inverse of :func:`rfftn`."""
    return _several("irfft", a, s, axes, norm)


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The transform along two axes."""
    return _several("fft", a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of :func:`fft2`."""
    return _several("ifft", a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The transform of real values along two axes."""
    return _several("rfft", a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of :func:`rfft2`."""
    return _several("irfft", a, s, axes, norm)


def _frequencies(make: Any, n: Any, d: float, length: int, chunks: Any) -> Any:
    if not hasattr(n, "__index__"):
        raise ValueError("n should be an integer")
    return wrap(make(n.__index__(), float(d), normalize(chunks, (length,))))


def _typed(frequencies: Any, dtype: Any, device: Any) -> Any:
    if device not in (None, "cpu"):
        raise ValueError(f"arrays live on the device 'cpu', not {device!r}")
    if dtype is None:
        return frequencies
    if np.dtype(dtype).kind != "f":
        raise ValueError("Only floating-point types are allowed")
    return frequencies.astype(dtype)


def fftfreq(n: int, d: float = 1.0, chunks: Any = "auto", *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of the values of :func:`fft`, for samples at distance ``d``."""
    return _typed(_frequencies(_phalanx.Array.fftfreq, n, d, n, chunks), dtype, device)


def rfftfreq(n: int, d: float = 1.0, chunks: Any = "auto", *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of the values of :func:`rfft`, for samples at distance ``d``."""
    return _typed(_frequencies(_phalanx.Array.rfftfreq, n, d, n // 2 + 1, chunks), dtype, device)


def _listed(axes: Any) -> Any:
    if axes is None:
        return None
    return [axes.__index__()] if hasattr(axes, "__index__") else [int(axis) for axis in axes]


def fftshift(x: Any, axes: Any = None) -> Any:
    """The second halves of axes before their first, so that frequency 0 is in the middle."""
    return wrap(native_of(x).fftshift(_listed(axes)))


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of :func:`fftshift`."""
    return wrap(native_of(x).ifftshift(_listed(axes)))


class _Transform:
    """Another library's transform of a block that has the transformed axes whole."""

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        self.function, self.options = function, options
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, block: Any) -> Any:
        return self.function(block, **self.options)


def fft_wrap(fft_func: Any, kind: str | None = None, dtype: Any = None, allow_fftpack: bool = False) -> Any:
    """Another library's transform (``scipy.fft.rfft``, pyFFTW's) as a function of lazy arrays, block by block.

    Parameters
    ----------
    fft_func : callable
        With NumPy's parameters: ``n`` and ``axis`` of one axis, ``s`` and ``axes`` of several.
    kind : str, optional
        Which of this module's functions it is like; by default the one of its name.
    dtype : dtype, optional
        Of the result; by default that of this module's function.
    allow_fftpack : bool
        FFTPACK's real transforms have another layout, and are refused unless this is True and ``kind`` is complex.
    """
    name = kind or getattr(fft_func, "__name__", "")
    if name not in __all__ or name.endswith(("freq", "shift", "wrap")):
        raise ValueError(f"Given unknown `kind` {name}.")
    if "fftpack" in getattr(fft_func, "__module__", "") and (not allow_fftpack or name.startswith(("r", "ir"))):
        raise ValueError(f"{fft_func.__module__}.{name} is FFTPACK's: give scipy.fft's, which is laid out as NumPy's")
    like = globals()[name]

    def transform(a: Any, lengths: Any, axes: list[int], options: dict[str, Any], model: Any) -> Any:
        from phalanx.array._blocks import map_blocks

        a = lazy(a).rechunk(dict.fromkeys(axes, -1))
        sizes = tuple((model.shape[at],) if at in axes else a.chunks[at] for at in range(a.ndim))
        given = {key: value for key, value in options.items() if value is not None}
        given |= {} if lengths is None else {"n" if "axis" in options else "s": lengths}
        return map_blocks(_Transform(fft_func, given), a, chunks=sizes, dtype=model.dtype if dtype is None else dtype)

    def one(a: Any, n: int | None = None, axis: int = -1) -> Any:
        along = one_axis(axis, lazy(a).ndim)
        return transform(a, n, [along], {"axis": along}, like(a, n, along))

    def several(a: Any, s: Any = None, axes: Any = None) -> Any:
        ndim = lazy(a).ndim
        if axes is None:
            count = 2 if name.endswith("2") else ndim if s is None else len(s)
            axes = range(ndim - count, ndim)
        along = [one_axis(axis, ndim) for axis in axes]
        return transform(a, s, along, {"axes": along}, like(a, s, along))

    function = several if name.endswith(("n", "2")) else one
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The transform {name} by {getattr(fft_func, '__module__', 'another library')}."
    return function
