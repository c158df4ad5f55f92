"""Runs programs one after the other in this process, with Dask or in its place with Phalanx; prints JSON.

``python run_programs.py dask|phalanx PROGRAM...``: what each printed, by its name.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import traceback
from pathlib import Path


def main(engine: str, programs: list[str]) -> None:
    if engine == "phalanx":
        from phalanx.compat import install
        from phalanx.distributed import _cluster

        install()
        _cluster.ALLOW_PYTHON = True
    printed = {}
    for program in programs:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                runpy.run_path(program, run_name="__main__")
        except Exception:
            out.write(traceback.format_exc())
        printed[Path(program).stem] = out.getvalue()
    print(json.dumps(printed))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
