"""A cluster and its client, with Dask's names."""

from __future__ import annotations

from phalanx.distributed._client import Client, LocalCluster

__all__ = ["Client", "LocalCluster"]
