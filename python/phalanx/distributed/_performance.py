"""What a cluster did meanwhile, in one file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from phalanx import _client

__all__ = ["performance_report"]


class performance_report(contextlib.AbstractContextManager[None]):
    """Writes what the current client's cluster does inside of the ``with`` block into a file of HTML.

    The file needs nothing else, no server and no network: the timeline of tasks, the jobs with their stages and
    operators, and the workers. All jobs of the cluster are in it, whoever runs them. It costs nothing while the block
    runs; its end waits for the workers' last word, a second at most.

    Parameters
    ----------
    filename : path, default "dask-report.html"
        Where to write it. The name by default is Dask's.
    stacklevel, mode, storage_options
        Taken as Dask takes them, if they ask for nothing: the file is for this machine's disk, and has no code in it.

    Raises
    ------
    phalanx.exceptions.UnsupportedError
        The client computes in this process, which keeps no history.

    Examples
    --------
    >>> from phalanx.distributed import Client, performance_report
    >>> with Client(n_workers=2) as client, performance_report("report.html"):  # doctest: +SKIP
    ...     x.compute()
    """

    def __init__(
        self,
        filename: str | os.PathLike[str] = "dask-report.html",
        stacklevel: int = 1,
        mode: str | None = None,
        storage_options: dict[str, Any] | None = None,
    ) -> None:
        from phalanx.exceptions import UnsupportedError

        if mode not in (None, "inline"):
            raise UnsupportedError(f"performance_report(mode={mode!r})", "the file is always whole: leave mode away")
        if storage_options:
            raise UnsupportedError(
                "performance_report(storage_options=...)", "write it to this machine's disk, and copy it from there"
            )
        if stacklevel != 1:
            raise UnsupportedError("performance_report(stacklevel=...)", "the report has no code in it")
        self._path = Path(filename)
        self._since = 0

    def __enter__(self) -> None:
        from phalanx.exceptions import UnsupportedError

        client = _client.current()
        if client is None or not client._is_cluster:
            raise UnsupportedError("performance_report without a cluster", "with Client(n_workers=2), performance_report(...)")
        self._client = client
        self._since = client._native.scheduler_time()

    def __exit__(self, *_: object) -> None:
        # Also after an error: it shows what led to it.
        html = self._client._native.performance_report(self._since, self._path.stem.replace("-", " "))
        self._path.write_text(html, encoding="utf-8")

    async def __aenter__(self) -> None:
        import asyncio

        await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        import asyncio

        await asyncio.to_thread(self.__exit__)
