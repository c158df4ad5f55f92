"""Installs Phalanx and what the notebook uses, for all sessions of the project."""

import os
import subprocess
import sys

EXTRAS = "[pandas,learn,xgboost,plot]"

wheel = os.environ.get("PHALANX_WHEEL") or "phalanx"
wanted = f"phalanx{EXTRAS} @ {wheel}" if "://" in wheel else f"{wheel}{EXTRAS}"
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", wanted], check=True)
