"""Clusters over SSH: real sshds on machines of a network of the test's own, mutual TLS on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import network
import pytest

_sshd = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
_reasons = [
    network.why_not(),
    "no sshd here: install openssh-server" if _sshd is None else None,
    "sshd needs to be root" if os.geteuid() != 0 else None,
]
pytestmark = pytest.mark.skipif(any(_reasons), reason=str(next((why for why in _reasons if why), "")))

BEGIN = """\
import os, sys, time
from pathlib import Path
from machines import Machines
from phalanx.distributed import Client, SSHCluster
import phalanx.array as da

folder = Path(sys.argv[1])
machines = Machines(folder, ["head", "one", "two"])
program = [sys.executable, "-m", "phalanx"]
options = {"ssh_options": ["-F", str(machines.config)], "program": program}
x = da.random.default_rng(0).normal(size=(400, 400), chunks=100)
answer = float((x @ x.T).sum().compute())
"""


def run(tmp_path: Path, program: str, **env: str) -> list[str]:
    """The lines that a program prints in a network with machines `head`, `one` and `two`."""
    file = tmp_path / "program.py"
    file.write_text(BEGIN + program)
    folder = tmp_path / "machines"
    folder.mkdir()
    ended = network.run(file, str(folder), env={"HOME": str(tmp_path), **env})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


def test_a_cluster_on_three_machines(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
with SSHCluster(["head", "one", "two"], cores=1, memory="512MiB", **options) as cluster, cluster.get_client() as client:
    print(sorted(address.partition(":")[0] for address in client.nthreads()) == sorted(
        machines.machines[name].address for name in ("one", "two")))
    print(float((x @ x.T).sum().compute()) == answer)
    print([len(machines.serves(name)) for name in ("head", "one", "two")])
    launched = cluster.launch(1, cores=1, memory="256MiB", env={"GREETING": "it's two words"})
    client.wait_for_workers(3, timeout=30)
    print(len(launched), [name.split()[-1] for name in cluster.names])
    environment = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/environ")]
    print(any(b"GREETING=it's two words" in each for each in environment))
    cluster.scale(1)
    while len(client.nthreads()) > 1:
        time.sleep(0.05)
    print(float((x @ x.T).sum().compute()) == answer, "ready at" not in "".join(cluster.logs().values()))
    files = [path for name in ("head", "one", "two") for path in machines.home(name).rglob("*.pem")]
    print(sorted(path.name for path in files), {oct(path.stat().st_mode & 0o777) for path in files})
    commands = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
    keys = [line for path in files for line in path.read_bytes().splitlines() if len(line) > 40]
    print(any(line in commands for line in keys))
    try:
        Client(cluster.scheduler_address)
    except ValueError as error:
        print("refused:", "without credentials" in str(error))
print(machines.wait_until_idle(), [path.name for path in machines.folder.rglob("*.pem")])
""",
    )
    assert lines == [
        "True",
        "True",
        "[2, 1, 1]",
        "1 ['one', 'two', 'one']",
        "True",
        "True True",
        "['scheduler.pem', 'worker.pem', 'worker.pem'] {'0o600'}",
        "False",
        "refused: True",
        "True []",
    ]


def test_the_session_ends_and_so_does_the_cluster(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
import signal, subprocess
code = ("import sys, time; from phalanx.distributed import SSHCluster\\n"
        "cluster = SSHCluster(['head', 'one'], 1, 1, '256MiB', ssh_options=['-F', sys.argv[1]], program=[sys.executable, '-m', 'phalanx'])\\n"
        "print('up', flush=True); time.sleep(60)")
session = subprocess.Popen([sys.executable, "-c", code, str(machines.config)], stdout=subprocess.PIPE, text=True)
print(session.stdout.readline().strip(), len(machines.serves("one")))
session.kill()
session.wait()
print(machines.wait_until_idle())
""",
    )
    assert lines == ["up 1", "True"]


def test_hosts_that_do_not_answer_or_are_not_known(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
from phalanx.exceptions import ClusterError, InputError
machines.trust(["head"])
for hosts in (["head", "two"], ["nowhere.invalid"]):
    try:
        SSHCluster(hosts, **options)
    except ClusterError as error:
        print(str(error).splitlines()[0])
try:
    SSHCluster(["-oProxyCommand=true"], **options)
except ValueError as error:
    print(str(error).splitlines()[0])
print(machines.wait_until_idle(), [path.name for path in machines.folder.rglob("*.pem")])
""",
    )
    assert "ssh two" in lines[0] and "host key is known for" in lines[0]
    assert "nowhere.invalid" in lines[1]
    assert "none that ssh can reach" in lines[2]
    assert lines[3] == "True []"


KEPT = """
import json, subprocess
command, config = json.loads(os.environ["COMMAND"]), folder / "cluster.json"
hosts = {"hosts": ["head", "one", "two"], "ssh": ["-F", str(machines.config)], "program": json.loads(os.environ["THERE"])}
config.write_text(json.dumps({"workers": 2, "cores": 1, "memory_bytes": 1 << 28, "ssh": hosts}))

def phalanx(*words):
    ended = subprocess.run([*command, "cluster", *words], capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr

code, said = phalanx("up", "--launcher", "ssh", "--config", str(config))
print(code, said.splitlines()[0].split(",")[0].rpartition(":")[0], said.count("  worker w"))
print([(machines.home(name) / ".phalanx/bin").is_dir() for name in ("head", "one", "two")])
credentials = said.split("credentials for clients: ")[1].splitlines()[0]
scheduler = said.split("scheduler ")[1].split(",")[0]
with Client(scheduler, credentials=credentials) as client:
    print(float((x @ x.T).sum().compute()) == answer)
print(phalanx("up")[0], phalanx("scale", "3")[1].count("  worker w"))
print(phalanx("status")[1].count(": 3 workers, 3 cores"), phalanx("logs")[1].count("==> "))
print(phalanx("down"), phalanx("status")[0])
print(machines.wait_until_idle())
"""


def kept(copied: bool) -> list[str]:
    """What the program above prints."""
    down = "(0, 'cluster default is down\\n') 1"
    head = "0 cluster default (ssh): scheduler tcp://10.99.0.2 2"
    return [head, str([copied] * 3), "True", "1 3", "1 4", down, "True"]


def test_a_cluster_of_the_command_stays(tmp_path: Path) -> None:
    command = json.dumps([sys.executable, "-m", "phalanx"])
    assert run(tmp_path, KEPT, COMMAND=command, THERE=command) == kept(copied=False)


def test_the_binary_is_copied(tmp_path: Path) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", Path.home() / ".cache" / "phalanx" / "target"))
    binary = target / "release" / "phalanx"
    if not binary.is_file() or subprocess.run([binary, "cluster", "--help"], capture_output=True).returncode != 0:
        pytest.skip(f"{binary} is not built from this tree")
    environment = {"PHALANX_BINARY": str(binary), "COMMAND": json.dumps([str(binary)]), "THERE": "[]"}
    assert run(tmp_path, KEPT, **environment) == kept(copied=True)
