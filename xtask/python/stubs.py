"""Writes `python/phalanx/_phalanx.pyi`, the types of the extension, from what the extension says of itself.

The names and the parameters are the extension's own. It gives no types for them: whatever is handed to it is checked
there, and the package in front of it says what a user may give. With `--check`, fails where the file is not what would
be written.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phalanx import _phalanx

PLACE = Path(__file__).parents[2] / "python" / "phalanx" / "_phalanx.pyi"
HEAD = '"""The extension module. Written by `cargo xtask stubs`; do not edit."""\n\nfrom typing import Any, final\n'
#: What a class has of its metaclass or of `object`, and what says nothing to a caller.
OF_EVERY_CLASS = {"__doc__", "__module__", "__new__", "__text_signature__"}


def parameters(function: Any, before: str = "") -> str:
    """The parameters, in parentheses, after what every call of its kind has."""
    given = inspect.signature(function)
    typed = [each if each.name == "self" else each.replace(annotation=Any) for each in given.parameters.values()]
    inside = str(given.replace(parameters=typed, return_annotation=given.empty))[1:-1]
    return f"({', '.join(each for each in (before, inside) if each)})"


def members(kind: type) -> Iterator[str]:
    """The lines of a class."""
    if "__new__" in vars(kind):
        text = getattr(kind, "__text_signature__", None)
        yield f"def __new__{parameters(kind, 'cls') if text else '(cls)'} -> Any: ..."
    for name, member in sorted(vars(kind).items()):
        if name in OF_EVERY_CLASS:
            continue
        if isinstance(member, staticmethod):
            yield "@staticmethod"
            yield f"def {name}{parameters(member.__func__)} -> Any: ..."
        elif isinstance(member, classmethod) or type(member).__name__ == "classmethod_descriptor":
            yield "@classmethod"
            yield f"def {name}{parameters(getattr(kind, name), 'cls')} -> Any: ..."
        elif inspect.isgetsetdescriptor(member):
            yield "@property"
            yield f"def {name}(self) -> Any: ..."
        elif callable(member):
            yield f"def {name}{parameters(member)} -> Any: ..."
        else:
            yield f"{name}: Any"


def written() -> str:
    """The whole file."""
    parts = [HEAD, f"__all__ = {sorted(_phalanx.__all__)!r}\n", "__version__: str\n"]
    for name, member in sorted(vars(_phalanx).items()):
        if name.startswith("__"):
            continue
        if inspect.isclass(member):
            bases = ", ".join(base.__name__ for base in member.__bases__ if base is not object)
            body = [f"    {line}" for line in members(member)] or ["    ..."]
            parts.append("\n".join(["@final", f"class {name}{f'({bases})' if bases else ''}:", *body, ""]))
        elif callable(member):
            parts.append(f"def {name}{parameters(member)} -> Any: ...\n")
        else:
            parts.append(f"{name}: Any\n")
    return "\n".join(parts)


def main() -> str | None:
    text = written()
    if sys.argv[1:] == ["--check"]:
        is_so = PLACE.exists() and PLACE.read_text(encoding="utf-8") == text
        return None if is_so else f"{PLACE} is not what the extension says: run `cargo xtask stubs`"
    PLACE.write_text(text, encoding="utf-8")
    print(f"written: {PLACE}")
    return None


if __name__ == "__main__":
    sys.exit(main())
