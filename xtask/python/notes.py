"""What introspection can't know: names that are no part of an API for users, and differences in words."""

from __future__ import annotations

#: Dask's own machinery, under whatever object it is found: how it plans and ships work, not what a program computes.
#: Left out of the percentages, each with the reason.
MACHINERY: dict[str, str] = {
    "analyze": "Dask's profiler of expressions; here `explain()`",
    "array_expr_enabled": "tells which of Dask's own planners runs",
    "assert_eq": "Dask's own test helper",
    "atop": "old name of `blockwise`",
    "backends": "Dask's registry of cuDF and CuPy",
    "clear_divisions": "sets Dask's planner right; divisions here follow from the plan",
    "compute_current_divisions": "sets Dask's planner right; divisions here follow from the plan",
    "dask": "Dask's task graph",
    "demo": "a module of Dask's tests",
    "dependencies": "a step of Dask's planner",
    "deterministic_token": "a name in Dask's task graph",
    "dispatch": "Dask's registry of cuDF",
    "enforce_runtime_divisions": "sets Dask's planner right",
    "expr": "Dask's expression object",
    "finalize_compute": "a step of Dask's planner",
    "find_operations": "a step of Dask's planner",
    "from_graph": "makes a frame of a Dask task graph",
    "fuse": "a step of Dask's planner",
    "get_collection_type": "Dask's registry of cuDF",
    "groupby_kwargs": "how Dask's expression of a window was called",
    "groupby_slice": "how Dask's expression of a window was called",
    "lib": "a module of NumPy's that Dask passes on",
    "lower_completely": "a step of Dask's planner",
    "lower_once": "a step of Dask's planner",
    "operand": "a parameter of Dask's expression object",
    "optimize": "a step of Dask's planner; here every plan is optimised",
    "overlap": "a module; its functions are here",
    "pprint": "prints Dask's expression; here `explain()`",
    "rewrite": "a step of Dask's planner",
    "simplify": "a step of Dask's planner",
    "simplify_once": "a step of Dask's planner",
    "substitute": "a step of Dask's planner",
    "substitute_parameters": "a step of Dask's planner",
    "to_backend": "Dask's registry of cuDF",
    "tree_repr": "prints Dask's expression; here `explain()`",
    "unique_partition_mapping_columns_from_shuffle": "a step of Dask's planner",
    "walk": "a step of Dask's planner",
    "PerformanceWarning": "a class of Dask's own warnings",
    "set_array_api_strict_flags": "a setting of the peer",
}

#: Parameters that steer how Dask cuts, names and ships its tasks. They change no result, so a function without them is
#: no other function; they are listed all the same.
TUNING = frozenset(
    """
    aggregate_files align_dataframes allow_unknown_chunksizes assume_missing block_size_limit broadcast
    calculate_divisions engine engine_kwargs enforce enforce_metadata enforce_ndim fancy fuse get getitem
    ignore_metadata_file ignore_order ignore_unknown_divisions inline_array interleave_partitions lock
    merge_chunks meta metadata_task_size name optimize_graph parallel partition_size
    percentiles_method return_stored sample scheduler shuffle shuffle_method sort_function sort_function_kwargs
    split_every split_out threshold token traverse upsample
    """.split()
)

#: The same, of one name alone.
TUNING_OF: dict[str, frozenset[str]] = {
    "explain": frozenset({"stage", "format"}),
    "join": frozenset({"npartitions"}),
    "merge": frozenset({"npartitions"}),
    "rechunk": frozenset({"balance", "method"}),
    "reshape": frozenset({"limit"}),
    "set_index": frozenset({"npartitions"}),
    "visualize": frozenset({"format", "tasks"}),
}

#: What NumPy's elementwise functions are told of the memory that they write into; lazy arrays have none.
INTO_MEMORY = frozenset({"casting", "order", "out", "signature", "subok", "where"})

#: How and where NumPy lays out what is made, and who makes it instead; blocks are in C order, and made here.
OF_MEMORY = frozenset({"device", "like", "order"})
#: The functions of which this is said.
MAKERS = frozenset(
    """
    arange array asanyarray asarray empty empty_like eye full full_like identity linspace ones ones_like zeros
    zeros_like
    """.split()
)

#: Differences that a signature does not show: (area, name) -> how.
DIFFERS: dict[tuple[str, str], str] = {}

#: Names that no test can call by their name: `in` the tests under another spelling.
TESTED_AS: dict[str, tuple[str, ...]] = {
    "__abs__": ("abs",),
    "e": ("pi",),
}
