"""A session of the platform's stand-in: runs a program in it. ``session.py HOW PROGRAM``, in a network of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from network import Network

STANDIN = Path(__file__).parent / "standin"


def main(how: str, program: str) -> int:
    Network()
    path = f"{STANDIN}{os.pathsep}{os.environ['PYTHONPATH']}"
    session = {"CDSW_ENGINE_ID": "session000000000", "CDSW_DOMAIN": "ml.example.test", "CDSW_READONLY_PORT": "8090"}
    environment = {**os.environ, **session, "CDSW_APP_PORT": "8100", "PYTHONPATH": path}
    command = [sys.executable, "-m", "phalanx", "run", program] if how == "run" else [sys.executable, program]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
