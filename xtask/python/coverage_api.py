"""Writes ``docs/api-coverage.md``: every public name of the peers, and whether we have it.

``cargo xtask coverage-api`` runs this. Everything is found by looking at the installed modules; ``notes.py`` has what
can't be found so. A name is

* *same*: it is here, takes the peer's parameters, and a file of ``python/tests`` uses it (where it is held against its
  oracle);
* *differs*: it is here, and the report says how: a parameter that it does not take, or that no test uses it yet;
* *refused*: it is here and always raises ``NotImplementedError``, with what to do instead;
* *missing*.

With ``--check`` nothing is written, and it fails if the file states more than is true.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from areas import AREAS, Area
from notes import DIFFERS, INTO_MEMORY, MACHINERY, MAKERS, OF_MEMORY, TESTED_AS, TUNING, TUNING_OF

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs" / "api-coverage.md"
#: Modules whose functions are oracles in a test, not ours.
_PEERS = {"np", "numpy", "pd", "pandas", "math", "os", "sys", "pa", "pyarrow", "pl", "dask", "dd", "scipy", "pytest"}


@dataclass(frozen=True)
class Verdict:
    """What is said of a name."""

    status: str
    how: str = ""
    tuning: tuple[str, ...] = ()


def used_in_tests() -> set[str]:
    """Names that the suites use: attributes of what is not a peer, and words in tables of cases."""
    used: set[str] = set()
    for path in sorted((ROOT / "python" / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                if not (isinstance(node.value, ast.Name) and node.value.id in _PEERS):
                    used.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 2000:
                used.update(re.findall(r"[A-Za-z_]\w*", node.value))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    used |= {alias.name} | _table(node.module or "", alias.name)
            elif isinstance(node, (ast.BinOp, ast.UnaryOp)):
                used.add(_OPERATORS.get(type(node.op), ""))
            elif isinstance(node, ast.Compare):
                used.update(_OPERATORS.get(type(each), "") for each in node.ops)
            elif isinstance(node, ast.Subscript):
                used.add("__getitem__" if isinstance(node.ctx, ast.Load) else "__setitem__")
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                used.add(f"__{node.func.id}__")
    return used


def _table(module: str, name: str) -> set[str]:
    """The words of a table of ours that a suite goes through."""
    if not module.startswith("phalanx."):
        return set()
    table = getattr(importlib.import_module(module), name, None)
    return {word for word in table if isinstance(word, str)} if isinstance(table, (dict, list, tuple, set)) else set()


_OPERATORS: dict[type, str] = {
    ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__", ast.Pow: "__pow__", ast.MatMult: "__matmul__", ast.BitAnd: "__and__", ast.BitOr: "__or__",
    ast.BitXor: "__xor__", ast.LShift: "__lshift__", ast.RShift: "__rshift__", ast.Invert: "__invert__",
    ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__",
    ast.GtE: "__ge__", ast.Eq: "__eq__", ast.NotEq: "__ne__",
}  # fmt: skip


def look(namespace: Any, name: str) -> Any:
    """A member as it is found on the module or the class, not bound; None if there is none."""
    if namespace is None:
        return None
    if inspect.isclass(namespace):
        return inspect.getattr_static(namespace, name, None) if not hasattr(namespace, name) else getattr(namespace, name)
    return getattr(namespace, name, None)


def parameters(function: Any, method: bool) -> list[inspect.Parameter] | None:
    """The parameters, without the first of a method that is looked at on its class; None if they can't be seen."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    found = list(signature.parameters.values())
    # A function that stands for a method of its own has `self` too.
    if found and (found[0].name == "self" or (method and inspect.isfunction(function))):
        return found[1:]
    return found


def not_taken(theirs: Any, ours: Any, name: str, method: bool, behind: Any) -> list[str]:
    """Names of the parameters that the peer's function takes and ours does not."""
    if not callable(theirs) or not callable(ours):
        return []
    wanted, taken = parameters(theirs, method), parameters(ours, method)
    # Some of Dask's functions say `*args, **kwargs`: those of the same name behind them say what.
    if wanted is None or (wanted and all(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in wanted)):
        found = parameters(look(behind, name), inspect.isclass(behind)) or []
        wanted = [each for each in found if behind is not np or each.name not in INTO_MEMORY]
    if taken is None:
        return []
    own = {each.name for each in taken if each.kind is not each.VAR_KEYWORD}
    any_positional = any(each.kind is each.VAR_POSITIONAL for each in taken)
    missing = []
    for at, each in enumerate(wanted or []):
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) or each.name in own or each.name.startswith("_"):
            continue
        if name in MAKERS and each.name in OF_MEMORY:
            continue
        required = each.default is each.empty
        # A first operand is given by its place: `a`, `x` and `array` are the same.
        if required and (any_positional or at < len(taken)):
            continue
        if each.kind is each.POSITIONAL_ONLY and (any_positional or at < len(taken)):
            continue
        missing.append(each.name)
    return missing


def refusal(function: Any) -> str | None:
    """The words of a function that does nothing but refuse; None for any other."""
    function = inspect.unwrap(function.fget if isinstance(function, property) and function.fget else function)
    if not inspect.isfunction(function):
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        return None
    body = [node for node in definition.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if not body or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return None
    if not re.search("NotImplementedError|Unsupported|refus", ast.unparse(body[0].exc)):
        return None
    given = [None for each in inspect.signature(function).parameters.values()
             if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]  # fmt: skip
    try:
        function(*given)
    except NotImplementedError as refused:
        message = getattr(refused, "message", None) or str(refused)
        hint = getattr(refused, "hint", None)
        return f"{message}; {hint}" if hint else message
    except Exception:  # noqa: BLE001 - the words need an argument of a kind: the source has them
        pass
    return ast.unparse(body[0].exc)


def judge(area: Area, name: str, used: set[str]) -> Verdict:
    """What is to be said of ``name``."""
    theirs, ours = look(area.theirs, name), look(area.ours, name)
    if name in MACHINERY:
        return Verdict("not counted", MACHINERY[name])
    if ours is None and not (area.ours is not None and theirs is None and hasattr(area.ours, name)):
        return Verdict("missing")
    words = refusal(ours)
    if words is not None:
        return Verdict("refused", words)
    absent = not_taken(theirs, ours, name, inspect.isclass(area.theirs), area.behind)
    steering = TUNING | TUNING_OF.get(name, frozenset())
    tuning = tuple(each for each in absent if each in steering)
    how = [DIFFERS[area.title, name]] if (area.title, name) in DIFFERS else []
    real = [each for each in absent if each not in steering]
    if real:
        how.append("without " + ", ".join(f"`{each}`" for each in real))
    if not {name, *TESTED_AS.get(name, ())} & used:
        how.append("no test yet")
    return Verdict("differs" if how else "same", "; ".join(how), tuning)


Report = dict[str, tuple[Area, dict[str, Verdict]]]


def collect() -> Report:
    """A verdict for each name of each area."""
    used = used_in_tests()
    report: Report = {}
    for make in AREAS:
        for area in make():
            report[area.title] = area, {name: judge(area, name, used) for name in area.names}
    return report


def counts(verdicts: list[Verdict]) -> Counter[str]:
    """How many of each status."""
    return Counter(verdict.status for verdict in verdicts if verdict.status != "not counted")


def percent(count: Counter[str], *statuses: str) -> float:
    """The share of these statuses, in hundredths."""
    total = count.total()
    return 100.0 * sum(count[status] for status in statuses) / total if total else 100.0


def written(report: Report) -> str:
    """The report as Markdown."""
    groups: dict[str, list[Verdict]] = {}
    for area, verdicts in report.values():
        groups.setdefault(area.group, []).extend(verdicts.values())
    lines = [
        "# What of Dask's and NumPy's names is here",
        "",
        "Written by `cargo xtask coverage-api`, which looks at the installed packages; `cargo xtask test` fails if this",
        "file states more than is true. A name is *same* if it is here, takes the peer's parameters and is used by a test",
        "that holds it against its oracle; *differs* says how; *refused* raises `NotImplementedError` with what to do",
        "instead. Parameters that only steer how Dask cuts and ships its tasks (`split_every`, `meta`, …) are listed",
        "below each table where they are not taken, and Dask's own machinery is left out of the percentages. Of NumPy's",
        "elementwise functions, the parameters that speak of memory to write into (`out`, `where`, `casting`, `order`, …)",
        "are refused with a hint: lazy arrays have no memory.",
        "",
        "| | names | same | differs | refused | missing | same, % | there, % |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = [(f"**{group}**", verdicts) for group, verdicts in groups.items()]
    rows += [(area.title, list(verdicts.values())) for area, verdicts in report.values()]
    for title, verdicts in rows:
        count = counts(verdicts)
        lines.append(
            f"| {title} | {count.total()} | {count['same']} | {count['differs']} | {count['refused']} "
            f"| {count['missing']} | {percent(count, 'same'):.1f} | {percent(count, 'same', 'differs'):.1f} |"
        )
    for title, (_area, verdicts) in report.items():
        lines += ["", f"## {title}", ""]
        by_status: dict[str, list[str]] = {}
        for name, verdict in verdicts.items():
            by_status.setdefault(verdict.status, []).append(name)
        for status in ("same", "missing"):
            if names := by_status.get(status):
                lines += [f"*{status}*: " + ", ".join(f"`{name}`" for name in names), ""]
        told = [name for status in ("differs", "refused", "not counted") for name in by_status.get(status, ())]
        if told:
            lines += ["| name | | how |", "|---|---|---|"]
            for name in told:
                how = " ".join(verdicts[name].how.split()).replace("|", "\\|")
                lines.append(f"| `{name}` | {verdicts[name].status} | {how} |")
            lines.append("")
        tuned = {name: verdict.tuning for name, verdict in verdicts.items() if verdict.tuning}
        if tuned:
            each = "; ".join(f"`{name}` ({', '.join(which)})" for name, which in tuned.items())
            lines += [f"Steering that is not taken: {each}", ""]
    return "\n".join(lines).rstrip() + "\n"


def stated(text: str) -> set[tuple[str, str]]:
    """Pairs of area and name that the file calls *same*."""
    found, title = set(), ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line[3:]
        elif line.startswith("*same*: "):
            found |= {(title, name) for name in re.findall(r"`([^`]+)`", line)}
    return found


def check(report: Report, text: str) -> int:
    """Fails if the file states more than is true; says if it states less."""
    true = {(title, name) for title, (_, verdicts) in report.items() for name, v in verdicts.items() if v.status == "same"}
    said = stated(text)
    for title, name in sorted(said - true):
        verdict = report[title][1].get(name) if title in report else None
        now = f"{verdict.status} {verdict.how}".strip() if verdict else "no name of the peer"
        print(f"docs/api-coverage.md calls {title}.{name} same; it is: {now}", file=sys.stderr)
    if not said:
        print("docs/api-coverage.md states nothing: cargo xtask coverage-api", file=sys.stderr)
    behind = len(true - said)
    hint = f"; {behind} more than the file states: cargo xtask coverage-api" if behind else ""
    print(f"{len(true)} names are the same as their peers'{hint}")
    return 1 if said - true or not said else 0


def main() -> int:
    """Writes the report, or checks it."""
    warnings.simplefilter("ignore")
    report = collect()
    if sys.argv[1:] == ["--check"]:
        return check(report, REPORT.read_text(encoding="utf-8") if REPORT.exists() else "")
    REPORT.write_text(written(report), encoding="utf-8")
    print(f"written: {REPORT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
