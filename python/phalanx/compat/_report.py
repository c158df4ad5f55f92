"""What a program uses of Dask, and whether we have it: read from its source, which is not run.

Names of modules are known for certain (``da.linalg.svd``). Of methods only the name is seen (``x.rechunk()``), since
nobody knows what ``x`` will be: a method counts as ours if one of our classes has it, and as missing if none has it
but NumPy's arrays, pandas' frames, or Dask's own have.
"""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from phalanx.compat import covered, is_answered, ours_of

__all__ = ["Use", "report", "uses"]

#: Methods that only Dask's objects have.
_DASK_ONLY = frozenset(
    "dask store to_delayed to_hdf5 to_zarr to_svg map_blocks map_overlap blocks partitions to_dask_array "
    "to_dask_dataframe to_bag get_partition known_divisions divisions clear_divisions map_partitions "
    "compute_current_divisions enforce_runtime_divisions analyze pprint upload_file publish_dataset restart "
    "run run_on_scheduler get_worker_logs get_task_stream profile adapt".split()
)
#: Classes of ours whose methods programs call often; of the others' (of `.str`, say) many are named as Python's own.
_MAIN = {"Array", "Client", "DataFrame", "Delayed", "Series"}
_PYTHONS = (str, list, dict, set, bytes)
#: What takes functions of Python's, which workers run only if they may.
_TAKE_FUNCTIONS = {".apply", ".map", ".map_blocks", ".map_overlap", ".map_partitions", ".submit"}


class Use(NamedTuple):
    """A name that a program uses."""

    name: str
    line: int
    is_ours: bool
    note: str = ""


def uses(source: str, filename: str = "<program>") -> list[Use]:
    """The names of Dask that a program uses, by where they are used first."""
    tree = ast.parse(source, filename)
    modules: dict[str, str] = {}  # what a name of the program means
    found: dict[str, Use] = {}

    def note(name: str, line: int, is_ours: bool, why: str = "") -> None:
        found.setdefault(name, Use(name, line, is_ours, why))

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if is_answered(alias.name):
                    modules[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
                    note(alias.name, node.lineno, ours_of(alias.name) is not None)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if not is_answered(node.module) and not is_answered(full):
                    continue
                modules[alias.asname or alias.name] = full
                if alias.name != "*":
                    note(full, node.lineno, ours_of(full) is not None or _resolves(full))
                else:
                    note(node.module, node.lineno, ours_of(node.module) is not None)
    if not modules:
        return []
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node in inner:
            continue
        chain, root = [node.attr], node.value
        while isinstance(root, ast.Attribute):
            inner.add(root)
            chain.insert(0, root.attr)
            root = root.value
        if isinstance(root, ast.Name) and root.id in modules:
            name = _longest(modules[root.id], chain)
            if is_answered(name):
                note(name, node.lineno, _resolves(name))
        elif not (isinstance(root, ast.Name) and root.id in _other_modules(tree)):
            for attribute in chain:
                _note_method(attribute, node.lineno, note)
    return sorted(found.values(), key=lambda use: (use.line, use.name))


def _other_modules(tree: ast.AST) -> set[str]:
    """Names of other modules: what is asked of them is not asked of us."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names if not is_answered(alias.name)}
    return names


def _longest(root: str, chain: list[str]) -> str:
    """The name without what is asked of a class's or function's result."""
    name = root
    for part in chain:
        longer = f"{name}.{part}"
        if _module_of(name) is None and not _resolves(longer):
            break
        name = longer
        if _module_of(name) is None and not _resolves(name):
            break
    return name


def _module_of(name: str) -> Any:
    ours = ours_of(name)
    return None if ours is None else importlib.import_module(ours)


def _resolves(name: str) -> bool:
    module, _, rest = name.rpartition(".")
    while module and ours_of(module) is None:
        module, _, more = module.rpartition(".")
        rest = f"{more}.{rest}"
    if not module:
        return ours_of(name) is not None
    value: Any = _module_of(module)
    for part in rest.split("."):
        value = getattr(value, part, None)
        if value is None:
            return False
    return True


def _note_method(name: str, line: int, note: Any) -> None:
    owners = [owner for owner, kind in covered().items() if hasattr(kind, name)]
    if not set(owners) & _MAIN and any(hasattr(own, name) for own in _PYTHONS):
        return  # rather Python's own
    if owners:
        note(f".{name}", line, True, ", ".join(owners))
    elif name in _DASK_ONLY or (theirs := _peers(name)):
        note(f".{name}", line, False, "of Dask's" if name in _DASK_ONLY else f"of {theirs}, if it is lazy")


def _peers(name: str) -> str:
    """Whose method it is."""
    for module, kinds in {"numpy": ("ndarray",), "pandas": ("DataFrame", "Series")}.items():
        try:
            peer = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        for kind in kinds:
            if hasattr(getattr(peer, kind), name) and not any(hasattr(own, name) for own in _PYTHONS):
                return f"{module}.{kind}"
    return ""


def report(path: str) -> tuple[str, bool]:
    """The report of a program as text, and whether everything is covered."""
    groups: dict[bool, list[Use]] = defaultdict(list)
    for use in uses(Path(path).read_text(encoding="utf-8"), path):
        groups[use.is_ours].append(use)
    have, missing = groups[True], groups[False]
    lines = [f"{path}: {len(have) + len(missing)} names of Dask, {len(missing)} not covered"]
    for title, group in (("not covered", missing), ("covered", have)):
        if group:
            lines.append(f"\n{title}")
            wide = max(len(use.name) for use in group)
            lines += [f"  {use.name:<{wide}}  line {use.line}{f'  ({use.note})' if use.note else ''}" for use in group]
    functions = [use for use in have if use.name in _TAKE_FUNCTIONS]
    if functions and any(use.name.startswith("dask.distributed") for use in have):
        named = ", ".join(f"{use.name} in line {use.line}" for use in functions)
        lines.append(f"\nworkers run functions of its own only with `phalanx run --allow-python`: {named}")
    return "\n".join(lines) + "\n", not missing
