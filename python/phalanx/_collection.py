"""What every lazy object can do: be computed, persisted, explained, drawn."""

from __future__ import annotations

from typing import Any

from phalanx import _client

__all__ = ["Collection"]


class Collection:
    """A lazy object over a native one: an array, a frame, a series, or something small that is made of them."""

    __slots__ = ()
    _phalanx_kind: str

    def __reduce_ex__(self, _protocol: Any) -> Any:
        kind = type(self).__name__
        raise TypeError(
            f"a lazy {kind} can't be pickled, since its data may be on workers: compute() it, or write it (to_parquet, to_zarr) "
            "and read it where it is needed"
        )

    def __copy__(self) -> Any:
        other = object.__new__(type(self))
        for kind in type(self).__mro__:
            for name in kind.__dict__.get("__slots__", ()):
                object.__setattr__(other, name, getattr(self, name))
        return other

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__copy__()

    def _prepared(self, native: Any) -> Any:
        """What the native client is given."""
        raise NotImplementedError

    def _finish(self, value: Any) -> Any:
        """What the caller gets of what the native client gives."""
        raise NotImplementedError

    def compute(
        self, *, client: Any = None, verify: bool = False, scheduler: Any = None, optimize_graph: bool = True
    ) -> Any:
        """The values: NumPy's array or scalar, pandas' frame or series.

        Parameters
        ----------
        client : Client, optional
            Where to run; by default the current client, or this process.
        verify : bool, default False
            Run once more on an adverse engine of this process and compare the bits.
        scheduler : str or Client, optional
            As Dask's: ``"threads"``, ``"sync"`` and ``"processes"`` mean this process, ``"distributed"`` the current
            client.
        optimize_graph : bool, default True
            Taken as Dask takes it: plans are always optimized.
        """
        from phalanx._compute import compute

        return compute(self, client=client, verify=verify, scheduler=scheduler, optimize_graph=optimize_graph)[0]

    def explain(self, *, client: Any = None) -> str:
        """What would run, as text: the expression, its stages, the physical plan."""
        native = _client.native(client)
        prepared = self._prepared(native)
        return str(native.explain_array(prepared) if self._phalanx_kind == "array" else native.explain_frame(prepared))

    def visualize(self, filename: Any = None, *, client: Any = None, **options: Any) -> Any:
        """A drawing of the stages that would run, as SVG: notebooks show it, and ``filename`` takes it.

        Parameters
        ----------
        filename : path, optional
            A file to write, ending in ``.svg``.
        """
        from phalanx._stages import drawing

        return drawing([self], filename, client, options)
