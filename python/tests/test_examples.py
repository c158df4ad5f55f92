"""The notebook of frauds runs, and says the same on any number of workers; plain XGBoost loads what it saves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import xgboost

NOTEBOOK = Path(__file__).parents[2] / "examples" / "fraud.ipynb"


def cells() -> list[dict[str, object]]:
    return list(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"])


def printed(folder: Path, **env: str) -> str:
    """What the notebook's cells print, one after the other in a process of their own."""
    folder.mkdir()
    program = "\n".join("".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code")  # type: ignore[arg-type]
    path = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "agg", **env}
    command = [sys.executable, "-c", program]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=280, check=False, env=environment, cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def number(name: str, text: str) -> float:
    found = re.search(rf"{name} ([0-9.]+)", text)
    assert found is not None, (name, text)
    return float(found[1])


def test_the_notebook_says_the_same_on_one_and_two_workers(tmp_path: Path) -> None:
    rows = {"FRAUD_ROWS": "20000"}
    one, two = (printed(tmp_path / workers, FRAUD_WORKERS=workers, **rows) for workers in ("1", "2"))
    assert one == two
    models = [(tmp_path / workers / "fraud.ubj").read_bytes() for workers in ("1", "2")]
    assert models[0] == models[1], "another model"
    assert xgboost.Booster(model_file=bytearray(models[0])).feature_names == ["Time", *(f"V{n}" for n in range(1, 29)), "Amount"]
    assert "plain XGBoost says the same: True" in one
    line, trees, judged = (
        number(f"{start}average precision", one) for start in ("logistic regression: ", "boosted trees: ", "seen: ")
    )
    assert trees > line > 10 * number("by chance:", one), one
    assert judged > 0.5, one


def test_the_notebook_reads_a_file_of_payments(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = 6_000
    fraud = (rng.random(rows) < 0.02).astype(int)
    columns = {"Time": np.arange(rows), "V1": rng.normal(size=rows) + 4 * fraud, "Amount": rng.gamma(2, 50, rows).round(2)}
    lines = [",".join([*columns, "Class"]), *(",".join(map(str, row)) for row in zip(*columns.values(), fraud, strict=True))]
    (tmp_path / "payments.csv").write_text("\n".join(lines) + "\n")
    said = printed(tmp_path / "run", FRAUD_DATA=str(tmp_path / "payments.csv"), FRAUD_WORKERS="1")
    assert f"6,000 payments, {fraud.sum()} frauds" in said
    assert "plain XGBoost says the same: True" in said


def test_the_notebook_is_kept_without_outputs() -> None:
    for cell in cells():
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None, cell["id"]
