"""Commands that workers run: ours, by this program's Python."""

from __future__ import annotations

import re
import shlex
import sys

__all__ = ["at_address", "ours"]

_COMMAND = re.compile(r"^(\s*!\s*)(phalanx|dask-scheduler|dask-worker|dask\s+scheduler|dask\s+worker)(?=\s|$)", re.M)
_OURS = {"phalanx": "", "scheduler": " scheduler", "worker": " worker"}
_SCHEDULER = re.compile(r"^\s*!.* -m phalanx scheduler\b(?:.*\\\n)*.*$", re.M)
_PLACE = re.compile(
    r"(--(?:host|bind|dashboard|dashboard-address)[ =]+)"
    r"(?:(?:0\.0\.0\.0|127\.0\.0\.1|localhost)(?=[:\s]|$)|(?=:\d))"
)


def ours(code: str) -> str:
    """``code`` with the commands of Phalanx, and those of Dask's scheduler and workers, as ``python -m phalanx``.

    The Python that runs us has the package; a ``PATH`` need not.
    """

    def command(found: re.Match[str]) -> str:
        word = re.split(r"[-\s]+", found[2])[-1]
        return f"{found[1]}{shlex.quote(sys.executable)} -m phalanx{_OURS[word]}"

    return _COMMAND.sub(command, code)


def at_address(code: str, address: str) -> str:
    """``code`` with ``address`` in the place of all addresses, and of loopback's, of a scheduler that it starts."""

    def placed(scheduler: re.Match[str]) -> str:
        return _PLACE.sub(rf"\g<1>{address}", scheduler[0])

    return _SCHEDULER.sub(placed, code)
