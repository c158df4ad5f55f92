"""``phalanx run program.py``: a program that was written for Dask, on Phalanx."""

from __future__ import annotations

import runpy
import sys

from phalanx.compat import install

__all__ = ["main"]

USAGE = """\
Runs a program that was written for Dask, unmodified: its imports of dask are answered with phalanx.

Usage: phalanx run PROGRAM.py [ARGUMENTS...]
"""


def main(arguments: list[str]) -> int:
    """Runs the program; returns an exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    install()
    sys.argv = list(arguments)
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
