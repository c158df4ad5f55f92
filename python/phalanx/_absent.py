"""Names that a module of another library has and ours has not: what to do instead is said where they are asked for."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["refuse"]


def refuse(module: str, name: str, instead: str) -> NoReturn:
    """Refuses a name in a module's ``__getattr__``, which calls this.

    Raises
    ------
    ImportError
        It was to be imported: ``from module import name`` drops the words of any AttributeError.
    AttributeError
        It was looked up.
    """
    text = f"{module} has no {name!r}: {instead}"
    if sys._getframe(2).f_code.co_name == "_handle_fromlist":
        raise ImportError(text, name=module)
    raise AttributeError(text)
