"""What a user sees of the package: every public name is documented, every argument means something."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import phalanx
from phalanx import _phalanx

PACKAGE = Path(phalanx.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages([str(PACKAGE)], "phalanx.")
    if not name.endswith(("__main__", "_phalanx"))
)
PUBLIC = [name for name in ["phalanx", *MODULES] if not any(part.startswith("_") for part in name.split("."))]


def members(module: Any) -> Iterator[tuple[str, Any]]:
    """The public names of a module, and the public members of its classes, with what they are."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    for name in names:
        member = getattr(module, name)
        if inspect.ismodule(member) or not (inspect.isclass(member) or inspect.isroutine(member)):
            continue
        if not (getattr(member, "__module__", None) or "").startswith("phalanx"):
            continue  # a NumPy type under our name
        yield name, member
        if inspect.isclass(member):
            for attribute, value in inspect.getmembers(member):
                ours = inspect.isroutine(value) or isinstance(value, property)
                owner = getattr(value.fget if isinstance(value, property) else value, "__module__", None)
                if ours and not attribute.startswith("_") and str(owner).startswith("phalanx"):
                    yield f"{name}.{attribute}", value


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_summary(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} says nothing"
    bare = []
    for member, value in members(module):
        lines = (inspect.getdoc(value) or "").strip().splitlines()
        # One sentence, on the first line or the first two.
        summary = " ".join(lines[: lines.index("")] if "" in lines else lines)
        if not summary or summary[-1] not in ".:!?`)…":
            bare.append(f"{member}: {summary!r}")
    assert not bare, f"{name}: {bare}"


@pytest.mark.parametrize("name", ["phalanx", *MODULES])
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0, f"{name}: {results}"


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in ["phalanx", *MODULES] for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 5


def test_importing_warns_of_nothing() -> None:
    program = "import " + ", ".join(["phalanx", *MODULES])
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr


#: Arguments that may be taken and not looked at, by name, each with the reason why nothing is wrong then.
NEEDLESS = {
    # How Dask cuts, names, ships and checks its tasks; no result depends on it.
    **dict.fromkeys(
        (
            "align_arrays", "allow_rechunk", "allow_unknown_chunksizes", "combine", "enforce_ndim", "force",
            "inline_array", "lengths", "limit", "load_stored", "lock", "merge_chunks", "meta", "n_jobs", "name", "npartitions",
            "optimize", "optimize_graph", "pure", "split_every", "token",
            "align_dataframes", "clear_divisions", "enforce_metadata", "engine", "engine_kwargs", "parent_meta",
            "required_columns", "shuffle_method", "split_out", "transform_divisions",
        ),
        "steering",
    ),
    # A promise or a permission of the caller that is not needed: the answer is the same without.
    **dict.fromkeys(("assume_unique", "overwrite_input", "coerce_signs", "sorted"), "permission"),
    # Lazy arrays never share memory that can be written to, and never are of a subclass.
    **dict.fromkeys(("copy", "deep", "memo", "order", "subok", "like"), "no memory"),
    # Sorts are stable always; sets are found in one way.
    **dict.fromkeys(("kind", "stable"), "one way"),
    # XGBoost says nothing while it reads rows, here as there.
    "silent": "one way",
    # Protocols give these: scikit-learn's `fit(X, y)`, Python's descriptors, importers and NumPy's dispatch.
    **dict.fromkeys(("y", "owner", "types", "api_version", "path", "target", "ipython"), "protocol"),
    # Ours: what every function that runs on workers is called with, and what each kind of lazy object is prepared by.
    **dict.fromkeys(("context", "tables", "block_id", "native", "plan"), "protocol"),
    # Says how `apply` labels its results; statistics have their keys as labels.
    "group_keys": "protocol",
    # A cluster of this machine has one kind of process, logs to files, and ends at once.
    **dict.fromkeys(("processes", "silence_logs", "dashboard_address", "timeout", "check"), "one way"),
}  # fmt: skip


#: The same, of one function.
PLACES = {
    # Calls of Python say what they call wherever they run.
    ("explain", "client"),
    # How Dask sorts, and joins steps of its plans.
    ("set_index", "upsample"),
    ("set_index", "partition_size"),
    ("persist", "fuse"),
    # scikit-learn's protocol: rows are always checked. joblib's: nothing is made ready or kept between loops.
    ("partial_fit", "check_input"),
    ("configure", "options"),
    ("abort_everything", "ensure_ready"),
    # Hooks: what one kind of search looks at, another does not.
    ("_schedule", "X"),
    ("_settings", "least"),
    ("_settings", "most"),
}


def unused(path: Path) -> Iterator[str]:
    """Arguments that a function takes and never looks at."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if node.name in ("__exit__", "__aexit__", "__init_subclass__", "exec_module"):
            continue
        body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
        # What refuses, whatever it is given, has looked at enough; what has no body is a declaration.
        if not body or isinstance(body[0], (ast.Raise, ast.Pass)):
            continue
        looked_at = {
            each.id for statement in body for each in ast.walk(statement) if isinstance(each, ast.Name)
        }
        if "locals" in looked_at:
            continue
        arguments = node.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for argument in given:
            name = argument.arg
            if (node.name, name) in PLACES:
                continue
            if name in ("self", "cls") or name.startswith("_") or name in looked_at or name in NEEDLESS:
                continue
            yield f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}({name})"


@pytest.mark.parametrize("path", SOURCES, ids=[str(path.relative_to(PACKAGE)) for path in SOURCES])
def test_no_argument_is_ignored(path: Path) -> None:
    assert not list(unused(path))


def test_the_extension_has_nothing_that_the_package_does_not_use() -> None:
    words: set[str] = set()
    # What suites look at, and users don't, is used too.
    for path in [*SOURCES, *sorted(Path(__file__).parents[1].rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                words.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.alias):
                words.add(node.name)
    unwrapped: list[str] = []
    for name, kind in vars(_phalanx).items():
        if name.startswith("_"):
            continue
        if inspect.isclass(kind):
            own = [f"{name}.{each}" for each in vars(kind) if not each.startswith("_") and each not in words]
            unwrapped += own
        elif name not in words:
            unwrapped.append(name)
    assert not unwrapped
