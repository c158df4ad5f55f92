"""``phalanx`` and ``python -m phalanx``: the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits with its code."""
    if sys.argv[1:2] == ["run"]:
        from phalanx.compat.run import main as run

        sys.exit(run(sys.argv[2:]))
    import signal

    from phalanx._phalanx import run_command

    # The command handles Ctrl-C itself; Python's handler would only set a flag that nobody reads.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = run_command([sys.executable, "-m", "phalanx"], ["phalanx", *sys.argv[1:]])
    if sys.argv[1:] in (["--help"], ["-h"], ["help"]):
        print("\nFrom Python also:\n  phalanx run PROGRAM.py   Run a program that was written for Dask; see phalanx run --help")
    sys.exit(code)


if __name__ == "__main__":
    main()
