"""joblib's backend ``"dask"``: what joblib imports when a program first asks for it."""

from __future__ import annotations

from typing import Any

from phalanx.ml.parallel import PhalanxBackend

__all__ = ["DaskDistributedBackend"]


class DaskDistributedBackend(PhalanxBackend):
    """Dask's parameters on our backend.

    ``scheduler_host`` is the address of a cluster. ``scatter`` names values that many calls take; ours travel with the
    calls.
    """

    def __init__(self, scheduler_host: str | None = None, scatter: Any = None, client: Any = None, **options: Any) -> None:
        if scatter is not None and not isinstance(scatter, (list, tuple)):
            raise TypeError(f"scatter must be a list/tuple, got `{type(scatter).__name__}`")
        if scheduler_host is not None and client is None:
            from phalanx.distributed import Client

            client = Client(scheduler_host, set_as_default=False)
        super().__init__(client, **options)
