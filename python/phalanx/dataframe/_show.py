"""What frames and series give to others: Arrow, NumPy, plots, and how they look in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

from phalanx import _client
from phalanx._collection import Collection
from phalanx._lazy import np, pa, require
from phalanx.dataframe._export import Exports
from phalanx.dataframe._rows import Rows

__all__ = ["Plot", "Tabular"]

#: More rows than this make a picture that takes long and shows less; it is refused.
PLOT_ROWS_MAX = 200_000
#: Columns that a notebook shows.
_COLUMNS_MAX = 24


class Tabular(Exports, Rows, Collection):
    """What a frame and a series have in common towards others."""

    __slots__ = ()

    def to_arrow(self, *, client: Any = None) -> Any:
        """The rows as a :class:`pyarrow.Table`, without a copy; the index is a column of its name."""
        native = _client.native(client)
        (table,) = native.compute([], [self._prepared(native)], None)[1]
        return pa.table(table)

    def to_array(self, lengths: Any = None, meta: Any = None, optimize: bool = True, *, client: Any = None) -> Any:
        """The values as a lazy array, a chunk for each partition that has rows, of the type that pandas gives them.

        The rows are computed now, and kept where they were computed, so that the array knows its shape.

        Parameters
        ----------
        lengths : optional
            Taken as Dask takes it; the lengths of chunks are always found out.
        meta, optimize : optional
            Taken as Dask takes them.
        """
        from phalanx.dataframe._matrix import matrix

        if hasattr(self, "to_frame"):  # a series
            return matrix(self.to_frame("0"), client)[:, 0]
        return matrix(self, client)

    to_dask_array = to_array

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Arrow's PyCapsule interface: computes, and gives the rows without a copy."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        """The dataframe interchange protocol: computes, and gives the rows as pyarrow does."""
        return self.to_arrow().__dataframe__(nan_as_null, allow_copy)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        values = np.asarray(self.compute().to_numpy())
        return values.astype(dtype) if dtype is not None and values.dtype != dtype else values

    @property
    def plot(self) -> Plot:
        """pandas' plots of the computed rows: ``plot(...)``, ``plot.line(...)``, ``plot.hist(...)``, …"""
        return Plot(self)

    def hist(self, **options: Any) -> Any:
        """pandas' histograms of the computed rows."""
        return Plot(self)._rows().hist(**options)

    def _repr_html_(self) -> str:
        prepared = self._prepared(None)
        kinds = list(prepared.dtypes)
        names = [name for name, _ in kinds]
        index = prepared.index
        shown = [(name, kind) for name, kind in kinds if name != index]
        more = len(shown) - _COLUMNS_MAX
        if more > 0:
            shown = [*shown[:_COLUMNS_MAX], (f"… {more} more", "")]
        first = "" if index is None or index not in names else escape("" if index.startswith("__index") else index)
        kind = dict(kinds).get(index, "")
        heads = "".join(f"<th>{escape(name)}</th>" for name, _ in shown)
        types = "".join(f"<td>{escape(str(kind))}</td>" for _, kind in shown)
        what = f"phalanx.dataframe.{type(self).__name__}"
        count = self.npartitions
        parts = f"{count} partition{'s' if count != 1 else ''}"
        columns = len(kinds) - (index in names)
        size = "" if type(self).__name__ == "Series" else f", {columns} column{'s' if columns != 1 else ''}"
        return (
            f"<div><div><b>{what}</b>: {parts}{size}, not computed yet</div>"
            f"<table><thead><tr><th>{first}</th>{heads}</tr></thead>"
            f"<tbody><tr><th>{escape(str(kind))}</th>{types}</tr></tbody></table>"
            "<div><code>.head()</code> shows rows, <code>.compute()</code> gives them all</div></div>"
        )


class Plot:
    """pandas' plotting, over rows that are computed first."""

    __slots__ = ("_lazy",)

    def __init__(self, lazy: Any) -> None:
        self._lazy = lazy

    def _rows(self) -> Any:
        from phalanx.exceptions import ResourcesError

        require("matplotlib")
        # One more than may be drawn says whether there are too many, whatever there is in all.
        rows = self._lazy.head(PLOT_ROWS_MAX + 1)
        if len(rows) > PLOT_ROWS_MAX:
            raise ResourcesError(
                f"a plot of more than {PLOT_ROWS_MAX:,} rows",
                "plot less: an aggregate (groupby, resample, value_counts), .sample(frac=0.01), or .head(n); "
                ".compute().plot() draws them all",
            )
        return rows

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._rows().plot(*args, **options)

    def __getattr__(self, kind: str) -> Any:
        if kind.startswith("_") or not hasattr(require("pandas.plotting").PlotAccessor, kind):
            raise AttributeError(f"pandas has no plot of the kind {kind!r}")

        def draw(*args: Any, **options: Any) -> Any:
            return getattr(self._rows().plot, kind)(*args, **options)

        return draw

    def __dir__(self) -> list[str]:
        return [name for name in dir(require("pandas.plotting").PlotAccessor) if not name.startswith("_")]
