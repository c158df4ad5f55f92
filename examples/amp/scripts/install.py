"""Installs Phalanx and what the notebook uses, for all sessions of the project."""

import os
import subprocess
import sys

wheel = os.environ.get("PHALANX_WHEEL") or "phalanx"
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", f"{wheel}[pandas,learn,xgboost,plot]"], check=True)
