"""Serves the model over HTTP, at the port that the platform shows as an application: POST /predict, GET /openapi.json."""

import os
import subprocess
import sys

port = os.environ.get("CDSW_APP_PORT", "8100")
name = f"find-frauds.{os.environ.get('CDSW_DOMAIN', 'localhost')}"
command = [sys.executable, "-m", "phalanx", "serve", "fraud.ubj", "--bind", f"127.0.0.1:{port}", "--name", name]
subprocess.run(command, check=True)
