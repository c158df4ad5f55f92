"""What a worker of this machine runs: ``python -m phalanx.workers._engine``, told on standard input what to do.

It is a session of its own (in the sense of the system), and ends with all that it started when standard input ends:
then whoever launched it is gone.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from typing import Any

__all__ = ["main", "python_of"]

_SHELL = re.compile(r"^([ \t]*)!((?:.*\\\n)*.*)$", re.M)


def python_of(code: str) -> str:
    """``code`` with the lines that begin with ``!`` as calls of :func:`_shell`."""
    return _SHELL.sub(lambda found: f"{found[1]}_shell({found[2]!r})", code)


def _shell(command: str) -> None:
    """Runs a command; as on the platform, its end code is not ours unless it is the last."""
    global _code
    _code = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, check=False).returncode


_code = 0


def _watch() -> None:
    while os.read(0, 1 << 16):
        pass
    # Outside of the group, so that it lives on: for processes that do not end when they are asked.
    last = ["sh", "-c", f"sleep 2; kill -9 -{os.getpgid(0)} 2>/dev/null"]
    subprocess.Popen(last, start_new_session=True, stdin=subprocess.DEVNULL)
    os.killpg(0, signal.SIGTERM)


def _told() -> dict[str, Any]:
    """The first line of standard input; what comes after it stays there."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)  # whoever launched us is gone already
        line += byte
    return dict(json.loads(line))


def main() -> int:
    """Runs what it is told; returns the exit code of the last command."""
    told = _told()
    threading.Thread(target=_watch, daemon=True).start()
    if told["script"]:
        sys.argv = [told["script"]]
        runpy.run_path(told["script"], run_name="__main__")
    else:
        names = {"__name__": "__main__", "_shell": _shell}
        exec(compile(python_of(told["code"]), "<code>", "exec"), names)
    return _code


if __name__ == "__main__":
    sys.exit(main())
