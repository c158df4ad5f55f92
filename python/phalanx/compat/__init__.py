"""Runs programs that were written for Dask, unmodified: see :mod:`phalanx.compat.run`."""
