"""A scheduler and workers on other machines, started by the system's ``ssh``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from phalanx import _phalanx
from phalanx.array._chunks import parse_bytes
from phalanx.distributed._base import Cluster

__all__ = ["SSHCluster"]

#: Seconds within which the workers must have joined.
START_TIMEOUT = 60.0


class SSHCluster(Cluster):
    """A scheduler on the first host and workers on the others, stopped with this object.

    The system's ``ssh`` starts them, so its keys, ``known_hosts`` and ``ssh_config`` count, and it must reach each host
    without asking for anything. Hosts that have no Phalanx of this version on their ``PATH`` get the binary. Everything
    is under mutual TLS: credentials are made for this cluster, each host gets the files of its roles, and they are
    removed when it ends. A process whose connection ends, ends.

    Parameters
    ----------
    hosts : sequence of str
        As ``ssh`` takes them. The first takes the scheduler, the others the workers in turn; a single host takes both.
    n_workers : int, optional
        How many workers; by default one a host.
    cores : int, optional
        Tasks that a worker runs at once; by default as many as its machine has cores.
    memory : int or str, optional
        Memory of each worker's tasks; by default 70 % of what its machine has.
    ssh_options : sequence of str
        Further arguments of ``ssh``, as ``["-i", "key"]``.
    program : sequence of str
        The command that is ``phalanx`` on the hosts, as ``["/opt/python/bin/python", "-m", "phalanx"]``; workers that run
        Python need one.
    address : str, optional
        How the others reach the first host, where that is not the name that ``ssh`` connects to.
    port, dashboard_port : int
        Of the scheduler, and of the status page on the loopback of the first host; 0 takes any free one.
    allow_python : bool
        Whether workers run Python functions: then everybody who may use the cluster runs any code as you.

    Raises
    ------
    ClusterError
        ``ssh`` does not reach a host; the message says why.

    Examples
    --------
    >>> from phalanx.distributed import SSHCluster
    >>> with SSHCluster(["head", "node1", "node2"]) as cluster:  # doctest: +SKIP
    ...     cluster.get_client().nthreads()
    """

    def __init__(
        self,
        hosts: Sequence[str],
        n_workers: int | None = None,
        cores: int | None = None,
        memory: int | str | None = None,
        *,
        ssh_options: Sequence[str] = (),
        program: Sequence[str] = (),
        address: str | None = None,
        port: int = 0,
        dashboard_port: int = 0,
        allow_python: bool | None = None,
    ) -> None:
        from phalanx.distributed import _cluster

        super().__init__()
        self.status = "closed"  # until everything is in its place
        hosts = [hosts] if isinstance(hosts, str) else list(hosts)
        workers = max(1, len(hosts) - 1) if n_workers is None else int(n_workers)
        if workers < 0 or (cores is not None and cores < 1):
            raise ValueError(f"{workers} workers of {cores} cores")
        options = {
            "hosts": hosts,
            "ssh": list(ssh_options),
            "program": list(program),
            "address": address,
            "port": port,
            "dashboard_port": dashboard_port,
        }
        allow = _cluster.ALLOW_PYTHON if allow_python is None else allow_python
        self._native = _phalanx.LocalCluster.ssh(json.dumps(options), workers, cores or 0, _bytes(memory) or 0, allow)
        self.status = "running"
        self.scheduler_address = self._native.address
        self.credentials = str(self._native.credentials)
        try:
            self.wait_for_workers(workers, START_TIMEOUT)
        except BaseException:
            self.close()
            raise

    def launch(
        self,
        n: int = 1,
        cores: int | None = None,
        memory: int | str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[int]:
        """Launches ``n`` more workers on the hosts in turn, by default like the others; returns what names them."""
        variables = list((env or {}).items())
        return [self._native.launch(cores, _bytes(memory), variables) for _ in range(n)]

    @property
    def workers(self) -> list[int]:
        """What names the workers, the oldest first: the processes of ``ssh`` that hold them."""
        return list(self._native.workers)

    @property
    def names(self) -> list[str]:
        """The workers' names in the cluster, and their hosts."""
        return list(self._native.names)

    def stop(self, *workers: int) -> None:
        """Lets workers go: each finishes its tasks, and hands over what is persisted on it."""
        self._native.let_go(list(workers))

    def logs(self) -> dict[str, str]:
        """The latest lines that each process wrote."""
        return dict(self._native.logs())

    def _close(self) -> None:
        self._native.stop()


def _bytes(memory: int | str | None) -> int | None:
    """A size in bytes."""
    return parse_bytes(memory) if isinstance(memory, str) else memory
