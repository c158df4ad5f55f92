"""Generated data sets, lazily: a value depends on the seed and its row alone."""

from __future__ import annotations

from typing import Any

__all__ = ["timeseries"]


def timeseries(
    start: str = "2000-01-01",
    end: str = "2000-01-31",
    freq: str = "1s",
    partition_freq: str = "1D",
    dtypes: dict[str, Any] | None = None,
    seed: int | None = None,
) -> Any:
    """A time series with columns ``name`` (string), ``id`` (int), ``x`` and ``y`` (float), a partition a day.

    Parameters
    ----------
    start, end : str
        First and last (exclusive) day, as ``"2000-01-01"``.
    freq : str
        From one row to the next, as pandas writes it.
    partition_freq : str
        The time that one partition covers.
    dtypes : dict
        Not supported: the columns are fixed.
    seed : int, optional
        Other seeds, other values; by default 0.
    """
    from phalanx import _phalanx
    from phalanx._lazy import pd
    from phalanx.dataframe import DataFrame
    from phalanx.exceptions import UnsupportedError

    if dtypes is not None:
        raise UnsupportedError("timeseries(dtypes=...)", "the columns are name, id, x and y; use map_partitions")
    step, part = (int(pd.to_timedelta(pd.tseries.frequencies.to_offset(f)).value) for f in (freq, partition_freq))
    frame = DataFrame._wrap(_phalanx.Frame.timeseries(start, end, step, part, seed or 0))
    return frame[["name", "id", "x", "y"]]  # in Dask's order
