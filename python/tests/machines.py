"""Machines of a test's own network that real `sshd`s serve, and what a user of theirs has: a key, known hosts, aliases."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from network import Machine, Network

__all__ = ["Machines"]


class Machines:
    """``names`` as aliases of an ``ssh_config`` (the file ``config``), each a machine with a home folder of its own."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.network = folder, Network()
        self.key, self.config, self.known = folder / "key", folder / "config", folder / "known_hosts"
        os.makedirs("/run/sshd", exist_ok=True)
        self._keygen(self.key)
        self.machines: dict[str, Machine] = {}
        for name in names:
            self.machines[name] = self._serve(name)
        self.config.write_text("".join(self._alias(name) for name in names))
        self.trust(names)

    @staticmethod
    def _keygen(path: Path) -> None:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)

    def _serve(self, name: str) -> Machine:
        machine, host_key, home = self.network.machine(), self.folder / f"{name}.host", self.home(name)
        home.mkdir()
        self._keygen(host_key)
        config = self.folder / f"{name}.sshd"
        path = os.environ.get("PYTHONPATH", "")
        config.write_text(
            f"Port 22\nListenAddress {machine.address}\nHostKey {host_key}\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.key}.pub\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
            f'SetEnv HOME="{home}" PYTHONPATH="{path}"\n'
        )
        sshd = str(shutil.which("sshd") or "/usr/sbin/sshd")
        with open(self.folder / f"{name}.log", "wb") as log:
            machine.popen(sshd, "-D", "-e", "-f", str(config), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((machine.address, 22), timeout=1).close()
                return machine
            except OSError:
                assert time.monotonic() < end, (self.folder / f"{name}.log").read_text()
                time.sleep(0.02)

    def _alias(self, name: str) -> str:
        return (
            f"Host {name}\n  HostName {self.machines[name].address}\n  User root\n  IdentityFile {self.key}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known}\n  StrictHostKeyChecking yes\n"
        )

    def trust(self, names: list[str]) -> None:
        """These and no others are known hosts."""
        keys = [(self.machines[name].address, (self.folder / f"{name}.host.pub").read_text()) for name in names]
        self.known.write_text("".join(f"{address} {key}" for address, key in keys))

    def home(self, name: str) -> Path:
        """The home folder of a machine's user."""
        return self.folder / f"{name}.home"

    def serves(self, name: str) -> list[str]:
        """What listens on a machine besides its sshd."""
        return sorted(place for place in self.machines[name].listening() if not place.endswith(":22"))

    def wait_until_idle(self) -> bool:
        """Whether nothing but sshd is left on any machine, soon."""
        end = time.monotonic() + 10
        while any(self.serves(name) for name in self.machines):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True
