"""``phalanx run program.py``: a program that was written for Dask, on Phalanx."""

from __future__ import annotations

import os
import runpy
import sys
import traceback

from phalanx.compat import install

__all__ = ["main"]

USAGE = """\
Runs a program that was written for Dask, unmodified: its imports of dask are answered with phalanx.

Usage: phalanx run [OPTIONS] PROGRAM.py [ARGUMENTS...]

Options:
  --report        List what the program uses of Dask and whether Phalanx has it; don't run it.
                  The exit code is 1 if something is not covered.
  --allow-python  Workers of clusters that the program starts run its Python functions; then
                  everybody who reaches such a cluster can run any code as you.
  -h, --help      Print this.
"""


def main(arguments: list[str]) -> int:
    """Runs the program; returns an exit code."""
    arguments = list(arguments)
    options = set()
    while arguments and arguments[0].startswith("-"):
        options.add(arguments.pop(0))
    if unknown := options - {"--report", "--allow-python", "-h", "--help"}:
        print(f"phalanx run: unknown option {min(unknown)}\n\n{USAGE}", end="", file=sys.stderr)
        return 2
    if options & {"-h", "--help"} or not arguments:
        print(USAGE, end="", file=sys.stdout if options else sys.stderr)
        return 0 if options & {"-h", "--help"} else 2
    program = arguments[0]
    if not os.path.isfile(program):
        print(f"phalanx run: there is no file {program}", file=sys.stderr)
        return 2
    if "--report" in options:
        from phalanx.compat._report import report

        text, is_covered = report(program)
        print(text, end="")
        return 0 if is_covered else 1
    install()
    if "--allow-python" in options:
        from phalanx.distributed import _cluster

        _cluster.ALLOW_PYTHON = True
    sys.argv = arguments
    # As `python program.py` does: modules beside the program are found.
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    try:
        runpy.run_path(program, run_name="__main__")
    except Exception as error:
        # As `python program.py` shows it: what ran the program is none of the reader's business.
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != program:
            frames = frames.tb_next
        traceback.print_exception(error.with_traceback(frames or error.__traceback__))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
