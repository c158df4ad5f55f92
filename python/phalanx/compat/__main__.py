"""``python -m phalanx.compat program.py``: the same as ``phalanx run program.py``."""

from __future__ import annotations

import sys

from phalanx.compat.run import main

sys.exit(main(sys.argv[1:]))
