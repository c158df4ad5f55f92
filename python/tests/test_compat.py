"""Programs that were written for Dask run unmodified, and say what Dask says."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from phalanx.distributed import LocalCluster

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
#: Programs whose answers depend on data alone. The blog's draws random numbers.
ORACLES = sorted(path.stem for path in PROGRAMS.glob("*.py") if path.stem != "blog")


def run(*arguments: str, module: str = "phalanx", code: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", module]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


@functools.cache
def printed(engine: str) -> dict[str, str]:
    """What each program prints: all of them in one process, since importing Dask takes longer than most."""
    programs = [str(PROGRAMS / f"{name}.py") for name in ORACLES]
    command = [sys.executable, str(HERE / "run_programs.py"), engine, *programs]
    environment = {**os.environ, "DASK_LOGGING__DISTRIBUTED": "error"}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1]))


NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@pytest.mark.parametrize("name", ORACLES)
def test_programs_say_what_dask_says(name: str) -> None:
    pytest.importorskip("dask.dataframe")
    ours, theirs = printed("phalanx")[name], printed("dask")[name]
    assert "Traceback" not in theirs, theirs
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs), ours
    numbers = [[float(text) for text in NUMBER.findall(said)] for said in (ours, theirs)]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-9, abs=1e-12)


def test_the_blogs_program() -> None:
    ended = run("run", str(PROGRAMS / "blog.py"))
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines == ["singular values: (10,)", "names: 26", "columns: ['x', 'y']"]


def test_what_importing_dask_alone_brings(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import dask\nprint(dask.datasets.timeseries().npartitions, dask.config.get('x', 1), dask.base.compute)\n")
    ended = run("run", str(program))
    assert ended.returncode == 0 and ended.stdout.startswith("30 1 <function compute"), ended.stderr


def test_the_backend_of_joblib(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import joblib\nfrom dask.distributed import Client\nwith Client(n_workers=1), joblib.parallel_backend('dask', scatter=[1]):\n"
        "    print(joblib.Parallel()(joblib.delayed(abs)(number) for number in (-1, 2, -3)))\n"
    )
    ended = run("run", "--allow-python", str(program))
    assert ended.returncode == 0 and ended.stdout == "[1, 2, 3]\n", ended.stderr


def test_as_a_module_with_arguments_and_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import dask.array as da\nx = da.ones(3, chunks=1)\n")
    (tmp_path / "program.py").write_text("import sys, beside\nprint(sys.argv[1:], type(beside.x).__module__)\n")
    for ended in (
        run(str(tmp_path / "program.py"), "--report", "x", module="phalanx.compat"),
        run("run", str(tmp_path / "program.py"), "--report", "x"),
    ):
        assert ended.stdout == "['--report', 'x'] phalanx.array._core\n", ended.stderr


def test_workers_of_a_program_run_python_if_they_may(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from dask.distributed import Client\n"
        "with Client(n_workers=1, memory_limit='1GiB') as client:\n"
        "    print(client.submit(max, 1, 2).result())\n"
    )
    assert run("run", "--allow-python", str(program)).stdout == "2\n"
    assert "--allow-python" in run("run", str(program)).stderr


def test_what_is_not_covered_is_named(tmp_path: Path) -> None:
    program = tmp_path / "bag.py"
    program.write_text("import dask.bag\n")
    assert "dask.bag is not covered by Phalanx" in run("run", str(program)).stderr
    program.write_text("import dask\ndask.annotate(priority=1)\n")
    assert "dask.annotate is not covered by Phalanx" in run("run", str(program)).stderr
    for line, words in (
        ("from dask.distributed import Event", "dask.distributed.Event is not covered by Phalanx (calls on workers do not wait"),
        ("from distributed import worker_client", "distributed.worker_client is not covered by Phalanx (a call on a worker"),
        ("import dask.bag", "(dask.delayed over the parts"),
        ("from dask.array import no_such_thing", "dask.array.no_such_thing is not covered by Phalanx"),
    ):
        program.write_text(f"{line}\n")
        assert words in run("run", str(program)).stderr
    program.write_text("import dask_ml.no_such_thing\n")
    assert "dask_ml.no_such_thing is not covered by Phalanx" in run("run", str(program)).stderr
    program.write_text("import dask.array.linalg, dask_ml\nprint(dask.array.linalg.svd.__module__, dask_ml.__doc__)\n")
    assert run("run", str(program)).stdout.startswith("phalanx.array.linalg Learning")
    modules = "cluster compose datasets decomposition ensemble impute linear_model metrics model_selection naive_bayes preprocessing wrappers"
    imports = "".join(f"import dask_ml.{name}\n" for name in modules.split())
    program.write_text(
        f"{imports}from dask_ml.linear_model import LogisticRegression\n"
        "X, y = dask_ml.datasets.make_classification(n_samples=200, n_features=4, chunks=50, random_state=0)\n"
        "train_X, test_X, train_y, test_y = dask_ml.model_selection.train_test_split(X, y, random_state=0)\n"
        "model = LogisticRegression(solver='admm').fit(train_X, train_y)\n"
        "right = dask_ml.metrics.accuracy_score(test_y, model.predict(test_X))\n"
        "print(model.coef_.shape, right == model.score(test_X, test_y))\n"
    )
    assert run("run", str(program)).stdout == "(1, 4) True\n"
    program.write_text("from dask_ml.cluster import SpectralClustering\n")
    assert "SpectralClustering" in run("run", str(program)).stderr
    program.write_text("from dask.array import no_such_thing\n")
    assert "no_such_thing" in run("run", str(program)).stderr


def test_the_report(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os\nimport dask.bag as db\nimport dask.array as da\nfrom dask.distributed import Client, Semaphore\n"
        "x = da.linalg.svd(da.ones((3, 3)))[1].rechunk(1).map_blocks(os.path.join).strip()\n"
        "y = da.frobnicate(x)\nClient().upload_file('x')\nx.argsort().compute()\ndb.from_sequence([1]).fold(max)\n"
    )
    ended = run("run", "--report", str(program))
    assert ended.returncode == 1, ended.stderr
    first, missing, covered, functions = ended.stdout.split("\n\n")
    assert functions == "workers run functions of its own only with `phalanx run --allow-python`: .map_blocks in line 5\n"
    assert "names of Dask, 4 not covered" in first
    for name in ("dask.bag", "dask.distributed.Semaphore", "dask.array.frobnicate", ".upload_file"):
        assert re.search(rf"^  {re.escape(name)} +line \d", missing, re.M), ended.stdout
    for name in ("dask.array.linalg.svd", "dask.array.ones", "dask.distributed.Client", ".rechunk", ".compute"):
        assert re.search(rf"^  {re.escape(name)} +line \d", covered, re.M), ended.stdout
    assert "join" not in ended.stdout and "strip" not in ended.stdout
    for name in ("linear_algebra", "futures", "delayed_files"):
        assert run("run", "--report", str(PROGRAMS / f"{name}.py")).returncode == 0


def test_a_program_that_fails_shows_its_own_lines_alone(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import dask.array as da\n\ndef asks():\n    da.ones(3) + da.ones(4)\n\nasks()\n")
    ended = run("run", str(program))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f'Traceback (most recent call last):\n  File "{program}", line 6, in <module>\n'), ended.stderr
    assert "runpy" not in ended.stderr and "InputError" in ended.stderr


def test_bad_calls_of_the_command() -> None:
    assert run("run", "--help").stdout.startswith("Runs a program")
    assert "phalanx run PROGRAM.py" in run("--help").stdout
    assert run("run").returncode == 2
    assert "unknown option --fast" in run("run", "--fast", "x.py").stderr
    assert "there is no file nowhere.py" in run("run", "nowhere.py").stderr


def test_the_magic_of_notebooks() -> None:
    pytest.importorskip("IPython")
    code = (
        "from IPython.testing.globalipapp import start_ipython\n"
        "shell = start_ipython()\n"
        "shell.run_line_magic('load_ext', 'phalanx.compat')\n"
        "shell.run_cell('import dask.array as da; from dask.delayed import delayed; import dask')\n"
        "print(shell.user_ns['da'].ones(3).sum().compute(), type(shell.user_ns['da'].ones(3)).__module__)\n"
        "print(shell.user_ns['dask'].delayed(max)(1, 2).compute(), shell.user_ns['delayed'](min)(1, 2).compute())\n"
        "shell.run_line_magic('unload_ext', 'phalanx.compat')\n"
        "shell.run_cell('import sys; left = [name for name in sys.modules if name.startswith(\"dask\")]')\n"
        "print(shell.user_ns['left'])\n"
    )
    assert run(code=code).stdout.splitlines() == ["3.0 phalanx.array._core", "2 1", "[]"]


def test_settings_and_the_bar(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import dask, dask.array as da\nfrom dask.diagnostics import ProgressBar\n"
        "dask.config.set({'dataframe.convert-string': False, 'distributed.comm.timeouts.connect': '60s'})\n"
        "with dask.config.set(scheduler='threads'):\n"
        "    print(dask.config.get('scheduler'))\n"
        "print(dask.config.get('scheduler', None), dask.is_dask_collection(da.ones(3)))\n"
        "with ProgressBar():\n    da.ones(3).sum().compute(scheduler='synchronous')\n"
        "try:\n    dask.config.set({'no.such': 1})\nexcept NotImplementedError as error:\n    print(error)\n"
        "try:\n    da.ones(3).compute(scheduler='distributed')\nexcept ValueError as error:\n    print(error)\n"
    )
    ended = run("run", str(program))
    lines = ended.stdout.splitlines()
    assert lines[:2] == ["threads", "None True"], ended.stderr
    assert "100% Completed" in lines[-3] and "'no.such'" in lines[-2] and "needs a client" in lines[-1]


def test_the_blogs_program_with_changed_imports_on_a_cluster(
    python_cluster: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (PROGRAMS / "blog.py").read_text().replace("dask", "phalanx")
    source = source.replace("Client()", f"Client({python_cluster.scheduler_address!r})")
    exec(compile(source, "blog.py", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.splitlines() == ["singular values: (10,)", "names: 26", "columns: ['x', 'y']"]
