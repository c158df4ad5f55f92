"""Random arrays with the names of ``numpy.random`` and ``dask.array.random``.

Every element depends on the seed, on how many arrays were asked for before, and on its own index: never on chunks,
slices or workers. (The numbers are not NumPy's: the generator is counter-based, Philox 4×32-10.)

Parameters are numbers, or arrays that broadcast to ``size``.
"""

from __future__ import annotations

import itertools
import math
import secrets
from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import wrap
from phalanx.array._chunks import normalize
from phalanx.array._random_laws import Laws

__all__ = ["Generator", "RandomState", "default_rng"]

_MASK = (1 << 64) - 1


def _seed_of(seed: Any) -> int:
    """A seed of 64 bits from what NumPy takes for one."""
    if seed is None:
        return secrets.randbits(64)
    if _is_integer(seed):
        number = seed.__index__()
        if number < 0:
            raise ValueError("expected non-negative integer")
        if number <= _MASK:
            return int(number)
    entropy = seed if hasattr(seed, "generate_state") else np.random.SeedSequence(seed)
    return int(entropy.generate_state(1, np.uint64)[0])


def _shape_of(size: Any) -> tuple[int, ...]:
    shape = tuple(int(n) for n in size) if isinstance(size, (tuple, list)) else (int(size),)
    if any(n < 0 for n in shape):
        raise ValueError("negative dimensions are not allowed")
    return shape


def _is_number(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 0 and not isinstance(value, (list, tuple)) and _kind(value) != "array"


def _kind(value: Any) -> Any:
    return getattr(value, "_phalanx_kind", None)


def _is_integer(value: Any) -> bool:
    # Arrays have the method too, and refuse when it is called.
    return hasattr(value, "__index__") and getattr(value, "ndim", 0) == 0


def _lazy(value: Any) -> Any:
    from phalanx.array._creation import asarray

    return asarray(value)


class _Source(Laws):
    """What both kinds of generators share: streams of a seed, and NumPy's laws."""

    def __init__(self, seed: Any = None) -> None:
        self._seed = _seed_of(seed)
        self._stream = itertools.count()

    def _next(self) -> tuple[int, int]:
        return self._seed, next(self._stream)

    def _law(self, name: str, parameters: tuple[Any, ...], size: Any, chunks: Any, dtype: Any = None) -> Any:
        if all(_is_number(parameter) for parameter in parameters):
            numbers = [float(parameter) for parameter in parameters]
            shape = () if size is None else _shape_of(size)
            sizes = normalize(chunks, shape)
            native = self._fixed(name, numbers, list(shape), sizes)
        else:
            arrays = [_lazy(parameter) for parameter in parameters]
            common = np.broadcast_shapes(*(array.shape for array in arrays))
            shape = common if size is None else _shape_of(size)
            if np.broadcast_shapes(common, shape) != shape:
                raise ValueError(f"Output size {shape} is not compatible with broadcast dimensions of inputs {common}.")
            natives = [array._native for array in arrays]
            sizes = normalize(chunks, shape)
            native = _phalanx.Array.random_law_with(*self._next(), name, natives, list(shape), sizes)
        array = wrap(native)
        return array if dtype is None else array.astype(dtype)

    def _fixed(self, name: str, numbers: list[float], shape: list[int], sizes: Any) -> Any:
        # The two that most programs use have vector code of their own.
        seed, stream = self._next()
        if name in ("normal", "uniform"):
            law = _phalanx.Array.random_normal if name == "normal" else _phalanx.Array.random_uniform
            first, second = numbers
            return law(seed, stream, first, second, shape, sizes)
        return _phalanx.Array.random_law(seed, stream, name, numbers, shape, sizes)

    def _random(self, size: Any, dtype: Any, chunks: Any) -> Any:
        shape = () if size is None else _shape_of(size)
        kind = _float_of(dtype, "random")
        sizes = normalize(chunks, shape, kind.itemsize)
        make = _phalanx.Array.random_single if kind == np.float32 else _phalanx.Array.random
        return wrap(make(*self._next(), list(shape), sizes))

    def _integers(self, low: Any, high: Any, size: Any, dtype: Any, endpoint: bool, chunks: Any) -> Any:
        if high is None:
            low, high = 0, low
        if not (_is_number(low) and _is_number(high)):
            raise NotImplementedError("integers takes numbers as bounds: draw uniform numbers, scale and floor them")
        kind = np.dtype(dtype)
        if kind.kind not in "iub":
            raise TypeError(f"Unsupported dtype {kind!r} for integers")
        first, last = int(low), int(high) - (0 if endpoint else 1)
        least, most = (0, 1) if kind.kind == "b" else (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
        if first < least:
            raise ValueError(f"low is out of bounds for {kind}")
        if last > most:
            raise ValueError(f"high is out of bounds for {kind}")
        if first > last:
            raise ValueError("low > high" if endpoint else "low >= high")
        shape = () if size is None else _shape_of(size)
        sizes = normalize(chunks, shape, kind.itemsize)
        count = last - first + 1
        if first >= -(1 << 63) and last < (1 << 63) - 1:
            return wrap(_phalanx.Array.random_integers(*self._next(), first, last + 1, list(shape), sizes)).astype(kind)
        if count == 1 << 64:
            return wrap(_phalanx.Array.random_bits(*self._next(), list(shape), sizes)).astype(kind)
        # Beyond int64: drawn from its lower end, and moved where they belong modulo 2**64.
        start = -(1 << 63)
        drawn = _phalanx.Array.random_integers(*self._next(), start, start + count, list(shape), sizes)
        moved = wrap(drawn).astype(np.uint64) + np.uint64((first - start) & _MASK)
        return moved.astype(kind)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
        chunks: Any = "auto",
    ) -> Any:
        """Elements of ``a`` (of ``range(a)``, if it is a number) by chance.

        Parameters
        ----------
        a : int or array_like
        size : int or tuple, optional
        replace : bool
            Whether an element may be chosen more than once.
        p : array_like, optional
            The probability of each; by default all have the same.
        axis : int
            Of ``a``; only 0.
        shuffle : bool
            Whether what is chosen without replacement comes in random order; it always does.
        chunks : int, tuple, str
        """
        del shuffle
        if axis != 0:
            raise NotImplementedError("choice takes elements along axis 0: move the axis to the front")
        table = None if _is_integer(a) else _lazy(a)
        n = a.__index__() if table is None else table.shape[0]
        if n <= 0:
            raise ValueError("a must be greater than 0 unless no samples are taken")
        weights = None if p is None else [float(each) for each in np.asarray(p).reshape(-1)]
        if weights is not None and len(weights) != n:
            raise ValueError("a and p must have same size")
        shape = () if size is None else _shape_of(size)
        if replace or not shape:
            sizes = normalize(chunks, shape)
            drawn = _phalanx.Array.random_choice(*self._next(), n, weights, list(shape), sizes)
        else:
            count = math.prod(shape)
            if count > n:
                raise ValueError("Cannot take a larger sample than population when replace is False")
            flat = normalize(chunks if len(shape) == 1 else "auto", (count,))
            drawn = _phalanx.Array.random_choice_without_replacement(*self._next(), n, weights, count, flat)
            if len(shape) != 1:
                drawn = wrap(drawn.reshape(list(shape))).rechunk(chunks)._native
        return wrap(drawn if table is None else table._native.chosen(drawn))

    def permutation(self, x: Any, axis: int = 0, chunks: Any = "auto") -> Any:
        """``range(x)``, or the slices of an array along its first axis, in random order."""
        if axis != 0:
            raise NotImplementedError("permutation reorders axis 0: move the axis to the front")
        if _is_integer(x):
            n = x.__index__()
            sizes = normalize(chunks, (n,))
            return wrap(_phalanx.Array.random_choice_without_replacement(*self._next(), n, None, n, sizes))
        return wrap(_lazy(x)._native.shuffled(*self._next()))

    def multinomial(self, n: int, pvals: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """How often each of several outcomes comes in ``n`` trials, for each row of ``size``."""
        weights = [float(each) for each in np.asarray(pvals).reshape(-1)]
        shape = () if size is None else _shape_of(size)
        rows = normalize(chunks, shape, 8 * max(1, len(weights)))
        return wrap(_phalanx.Array.random_multinomial(*self._next(), int(n), weights, list(shape), rows))

    def multivariate_hypergeometric(
        self, colors: Any, nsample: int, size: Any = None, method: str = "marginals", chunks: Any = "auto"
    ) -> Any:
        """How many of each colour are in a sample without replacement, for each row of ``size``.

        Parameters
        ----------
        colors : sequence of int
            How many of each there are.
        nsample : int
            The size of the sample.
        method : {"marginals", "count"}
            NumPy's two ways to the same law; here colours are drawn one after the other.
        """
        from phalanx.array._creation import full
        from phalanx.array._joining import stack

        if method not in ("marginals", "count"):
            raise ValueError('method must be "count" or "marginals".')
        counts = [int(each) for each in colors]
        if any(count < 0 for count in counts):
            raise ValueError("colors must not contain negative values")
        if nsample < 0:
            raise ValueError("nsample must be nonnegative.")
        if nsample > sum(counts):
            raise ValueError("nsample > sum(colors)")
        shape = () if size is None else _shape_of(size)
        left = full(shape, int(nsample), np.int64, normalize(chunks, shape))
        beyond, drawn = sum(counts), []
        for count in counts[:-1]:
            beyond -= count
            drawn.append(self._law("hypergeometric", (count, beyond, left), shape, chunks))
            left = left - drawn[-1]
        return stack([*drawn, left][: len(counts)], axis=-1)


def _float_of(dtype: Any, name: str) -> Any:
    kind = np.dtype(dtype)
    if kind not in (np.float64, np.float32):
        raise TypeError(f"Unsupported dtype {kind!r} for {name}")
    return kind


class Generator(_Source):
    """Makes random arrays from a seed, as :func:`default_rng` gives one: the n-th array that is asked for is stream n
    of the seed."""

    def random(self, size: Any = None, dtype: Any = float, out: Any = None, chunks: Any = "auto") -> Any:
        """Uniform on [0, 1)."""
        if out is not None:
            raise NotImplementedError("random with out=; assign the result")
        return self._random(size, dtype, chunks)

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = "int64",
        endpoint: bool = False,
        chunks: Any = "auto",
    ) -> Any:
        """Each integer of [low, high) with the same probability; of [low, high] with ``endpoint``."""
        return self._integers(low, high, size, dtype, endpoint, chunks)

    def standard_normal(self, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> Any:
        """Normal numbers of mean 0 and standard deviation 1."""
        return self._law("normal", (0.0, 1.0), size, chunks, _float_of(dtype, "standard_normal"))

    def standard_exponential(self, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> Any:
        """Exponential numbers of scale 1."""
        return self._law("exponential", (1.0,), size, chunks, _float_of(dtype, "standard_exponential"))

    def standard_gamma(self, shape: Any, size: Any = None, dtype: Any = float, chunks: Any = "auto") -> Any:
        """Gamma numbers of scale 1."""
        return self._law("gamma", (shape, 1.0), size, chunks, _float_of(dtype, "standard_gamma"))


def default_rng(seed: Any = None) -> Generator:
    """A generator of random arrays, whose numbers depend on the seed alone.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence or Generator, optional
        By default a new one each time.
    """
    return seed if isinstance(seed, Generator) else Generator(seed)


class RandomState(_Source):
    """Makes random arrays from a seed, with the names of NumPy's and Dask's older class."""

    def __init__(self, seed: Any = None, RandomState: Any = None) -> None:  # noqa: N803 - Dask's
        if RandomState is not None:
            raise NotImplementedError("RandomState= of another class: numbers are counter-based, and made by this library")
        super().__init__(seed)

    def seed(self, seed: Any = None) -> None:
        """Begins anew with another seed."""
        self.__init__(seed)  # type: ignore[misc]

    def random_sample(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Uniform on [0, 1)."""
        return self._random(size, float, chunks)

    random = random_sample

    def rand(self, *shape: int, chunks: Any = "auto") -> Any:
        """Uniform on [0, 1), of this shape."""
        return self._random(shape, float, chunks)

    def randn(self, *shape: int, chunks: Any = "auto") -> Any:
        """Normal numbers of mean 0 and standard deviation 1, of this shape."""
        return self.normal(0.0, 1.0, shape, chunks)

    def randint(self, low: Any, high: Any = None, size: Any = None, chunks: Any = "auto", dtype: Any = "int64") -> Any:
        """Each integer of [low, high) with the same probability."""
        return self._integers(low, high, size, dtype, False, chunks)

    def random_integers(self, low: Any, high: Any = None, size: Any = None, chunks: Any = "auto") -> Any:
        """Each integer of [low, high] with the same probability; of [1, low] without ``high``."""
        if high is None:
            low, high = 1, low
        return self._integers(low, high, size, "int64", True, chunks)

    def tomaxint(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Each integer of [0, 2**63 - 1] with the same probability."""
        return self._integers(0, (1 << 63) - 1, size, "int64", True, chunks)

    def standard_normal(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Normal numbers of mean 0 and standard deviation 1."""
        return self.normal(0.0, 1.0, size, chunks)

    def standard_exponential(self, size: Any = None, chunks: Any = "auto") -> Any:
        """Exponential numbers of scale 1."""
        return self.exponential(1.0, size, chunks)

    def standard_gamma(self, shape: Any, size: Any = None, chunks: Any = "auto") -> Any:
        """Gamma numbers of scale 1."""
        return self.gamma(shape, 1.0, size, chunks)


_default = RandomState()

# The functions of the module are the methods of one RandomState.
for _name in dir(RandomState):
    if not _name.startswith("_"):
        globals()[_name] = getattr(_default, _name)
        __all__ += [_name]  # noqa: PLE0604
