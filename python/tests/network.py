"""A network of a test's own: namespaces for machines, each with its own address, on one bridge.

:func:`run` starts a program in new namespaces of network, mounts and processes, where :class:`Network` makes machines;
all of it is gone when the program ends. No rights are needed where the system lets users have namespaces.
"""

from __future__ import annotations

import functools
import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["Machine", "Network", "run", "why_not"]

_COMMAND = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
if os.geteuid() != 0:
    _COMMAND[1:1] = ["--user", "--map-root-user"]
_PREFIX = "10.99.0."


@functools.cache
def why_not() -> str | None:
    """Why there are no namespaces here; None, if there are."""
    try:
        tried = subprocess.run(
            [*_COMMAND, "sh", "-c", "mount -t tmpfs tmpfs /run && ip netns add a && ip netns exec a true"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        return f"no namespaces of networks here: {error.filename} is missing"
    if tried.returncode != 0:
        return f"no namespaces of networks here: {tried.stderr.strip()}"
    return None


def run(program: Path, *arguments: str, env: dict[str, str], timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Runs a Python program in a network of its own."""
    path = os.pathsep.join([str(Path(__file__).parent), *(each for each in sys.path if each)])
    environment = {**os.environ, "PYTHONPATH": path, **env}
    environment.pop("PHALANX_CREDENTIALS", None)
    command = [*_COMMAND, sys.executable, str(program), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, env=environment, stdin=subprocess.DEVNULL
    )


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _is_new(name: str) -> bool:
    """Makes a namespace; False if there is one of this name."""
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    assert made.returncode == 0 or "File exists" in made.stderr, made.stderr
    return made.returncode == 0


class Machine:
    """A namespace with an address and a loopback of its own."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address

    def command(self, *words: str) -> list[str]:
        """The command that runs ``words`` on this machine."""
        return ["ip", "netns", "exec", self.name, *words]

    def popen(self, *words: str, **options: Any) -> subprocess.Popen[Any]:
        """A process on this machine."""
        return subprocess.Popen(self.command(*words), **options)

    def listening(self) -> set[str]:
        """Addresses and ports on which something listens here."""
        said = subprocess.run(self.command("ss", "-Htln"), capture_output=True, text=True, check=True)
        return {line.split()[3] for line in said.stdout.splitlines()}


class Network:
    """The bridge, at ``10.99.0.1``, where the program is that :func:`run` started; and machines on it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(2)
        if "PHALANX_TEST_NETWORK" not in os.environ:
            os.environ["PHALANX_TEST_NETWORK"] = "1"
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
            _ip("link", "set", "lo", "up")
            _ip("link", "add", "bridge", "type", "bridge")
            _ip("addr", "add", f"{_PREFIX}1/24", "dev", "bridge")
            _ip("link", "set", "bridge", "up")

    def machine(self) -> Machine:
        """One more machine."""
        # Other processes of this network may have some too.
        number = next(number for number in self._numbers if _is_new(f"m{number}"))
        name = f"m{number}"
        _ip("link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"v{number}", "master", "bridge", "up")
        _ip("-n", name, "addr", "add", f"{_PREFIX}{number}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        return Machine(name, f"{_PREFIX}{number}")
