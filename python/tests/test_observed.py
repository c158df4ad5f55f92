"""What a program sees of its cluster: reports in a file, terminals, the HTTP API, and reprs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.exceptions import ConvergenceWarning

from phalanx import array as da
from phalanx import dataframe as dd
from phalanx.distributed import Client, performance_report
from phalanx.exceptions import UnsupportedError


class Tags(HTMLParser):
    """The tags of a page, and what they refer to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_a_performance_report_is_one_file_with_what_happened(python_client: Client, tmp_path: Path) -> None:
    da.ones((10, 10), chunks=5).mean().compute()  # before: not in it
    path = tmp_path / "my-report.html"
    with performance_report(path):
        x = da.random.default_rng(0).random((400, 400), chunks=100)
        (x @ x.T).sum().compute()
        frame = pandas.DataFrame({"key": [1, 2, 3, 4] * 25, "value": range(100)})
        dd.from_pandas(frame, npartitions=4).groupby("key").sum().compute()
    page = Tags(path.read_text(encoding="utf-8"))
    text = " ".join(" ".join(page.text).split())
    assert "script" not in page.tags and page.references == [], "it needs nothing else"
    assert "my report" in text and "Timeline" in text and "Operators" in text
    assert page.tags.count("article") >= 1 and "svg" in page.tags
    jobs = re.search(r"Jobs (\d+) 0 failed", text)
    assert jobs and int(jobs[1]) == page.tags.count("article"), text[:500]
    # Each stage tells what its operators did.
    assert "write" in text and "ShuffleReaderExec" in text, text
    assert len(page.tags) > 200


def test_a_performance_report_is_written_after_an_error_too(python_client: Client, tmp_path: Path) -> None:
    def fails(block: Any) -> Any:
        raise ValueError("the odd row")

    path = tmp_path / "r.html"
    with pytest.raises(ValueError, match="the odd row"), performance_report(filename=path):
        da.ones((4, 4), chunks=2).map_blocks(fails, dtype="f8").compute()
    assert "the odd row" in path.read_text(encoding="utf-8")


def test_a_performance_report_says_what_it_does_not_do(python_client: Client, tmp_path: Path) -> None:
    for options in ({"mode": "cdn"}, {"storage_options": {"key": 1}}, {"stacklevel": 2}):
        with pytest.raises(UnsupportedError):
            performance_report(tmp_path / "r.html", **options)  # type: ignore[arg-type]
    with Client(), pytest.raises(UnsupportedError, match="n_workers"), performance_report(tmp_path / "r.html"):
        pass
    assert not (tmp_path / "r.html").exists()


def asked(client: Client, path: str) -> Any:
    link = str(client.dashboard_link).removesuffix("status")
    with urllib.request.urlopen(f"{link}api/v1/{path}", timeout=10) as answer:
        return json.load(answer)


def test_the_api_tells_of_jobs(python_client: Client) -> None:
    before = asked(python_client, "overview")["totals"]["jobs_succeeded"]
    da.ones((10, 10), chunks=5).sum().compute()
    latest = asked(python_client, "jobs")[0]
    assert latest["state"] == "succeeded" and latest["tasks_done"] == latest["tasks"] > 0
    assert asked(python_client, f"jobs/{latest['job']}")["summary"] == latest
    assert asked(python_client, "overview")["totals"]["jobs_succeeded"] > before
    tasks = asked(python_client, f"tasks?job={latest['job']}")
    assert len(tasks) == latest["tasks"]


def test_reports_of_a_client(python_client: Client) -> None:
    for iteration in (1, 2, 3):
        python_client.report("mine", iteration, {"loss": 1 / iteration, "odd": float("nan")}, end=iteration == 3)
    for _ in range(100):
        runs = [run for run in asked(python_client, "runs") if run["name"] == "mine"]
        if runs and runs[0]["has_ended"]:
            break
    [run] = runs
    assert run["metrics"][0] == {"name": "loss", "points": [[1, 1.0], [2, 0.5], [3, 1 / 3]]}
    assert run["metrics"][1]["points"] == [[1, None], [2, None], [3, None]]
    python_client.report("mine", 1, {"loss": 1.0})  # after the end: another run
    with Client() as here:
        here.report("mine", 1, {"loss": 1.0})  # nobody looks


def phalanx(*arguments: str, **options: Any) -> str:
    command = [sys.executable, "-m", "phalanx", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, **options).stdout


def test_terminals_show_the_cluster(python_client: Client) -> None:
    address = python_client.scheduler_address
    da.ones((10, 10), chunks=5).sum().compute()
    top = phalanx("top", address)
    assert address in top and "2 workers" in top and "LATEST" in top and "succeeded" in top
    assert [line.split()[0] for line in top.splitlines() if line.startswith("WORKER")] == ["WORKER"]
    watching = subprocess.Popen(
        [sys.executable, "-m", "phalanx", "status", address, "--watch", "100ms", "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert watching.stdout is not None
        looks = [json.loads(watching.stdout.readline()) for _ in range(3)]
        assert all(len(look["workers"]) == 2 for look in looks)
    finally:
        watching.terminate()
        watching.wait(10)


def test_reprs_lead_to_the_dashboard(python_client: Client) -> None:
    link = python_client.dashboard_link
    assert link in Tags(python_client._repr_html_()).references
    assert link in Tags(python_client.cluster._repr_html_()).references  # type: ignore[union-attr]


def test_fits_and_trainings_are_runs(python_client: Client) -> None:
    from phalanx import xgboost as xgb
    from phalanx.ml import cluster, datasets, linear_model

    x, y = datasets.make_classification(4_000, n_features=5, random_state=3, chunks=1_000)
    linear = linear_model.LogisticRegression(solver="gradient_descent", max_iter=7, tol=1e-12)
    with pytest.warns(ConvergenceWarning):
        linear.fit(x, y)
    kmeans = cluster.KMeans(n_clusters=3, max_iter=5, tol=0.0).fit(x)
    rows = xgb.DaskDMatrix(python_client, x, y)
    trained = xgb.train(python_client, {"objective": "binary:logistic"}, rows, num_boost_round=4, evals=[(rows, "rows")])

    def ended(name: str) -> Any:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            for run in asked(python_client, "runs"):
                if run["name"] == name and run["has_ended"]:
                    return run
            time.sleep(0.05)
        raise AssertionError(f"no run of {name} has ended")

    def points(run: Any, metric: str) -> list[Any]:
        return next(each["points"] for each in run["metrics"] if each["name"] == metric)

    run = ended("LogisticRegression, gradient_descent")
    assert (run["iteration"], run["iterations_max"]) == (7, 7)
    losses = [loss for _, loss in points(run, "loss")]
    assert len(losses) == 7 and losses == sorted(losses, reverse=True)
    assert points(run, "gradient")[-1] == [7, linear.gradient_norm_]
    run = ended("KMeans")
    assert run["iteration"] == kmeans.n_iter_ == len(points(run, "inertia"))
    run = ended("XGBoost, binary:logistic")
    assert points(run, "rows-logloss") == [[at + 1, loss] for at, loss in enumerate(trained["history"]["rows"]["logloss"])]
