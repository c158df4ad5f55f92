"""What all clusters have in common, wherever their processes are."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from phalanx.distributed._adaptive import Adaptive

__all__ = ["Cluster"]


class Cluster(abc.ABC):
    """A scheduler and workers that something launched, and that end when it is closed.

    A launcher says how workers are launched, listed and stopped; scaling, adapting and waiting are the same for all.
    """

    #: ``tcp://HOST:PORT`` of the scheduler.
    scheduler_address: str
    #: ``"running"`` or ``"closed"``.
    status: str
    #: The folder of the cluster's own credentials, if it has any.
    credentials: str | None = None

    def __init__(self) -> None:
        self.status = "running"
        self._client: Any = None
        self._adaptive: Adaptive | None = None

    @abc.abstractmethod
    def launch(
        self,
        n: int = 1,
        cores: Any = None,
        memory: Any = None,
        env: Mapping[str, str] | None = None,
    ) -> Any:
        """Launches ``n`` more workers, by default like the others; returns what names them."""

    @property
    @abc.abstractmethod
    def workers(self) -> Any:
        """What names the workers, the oldest first."""

    @abc.abstractmethod
    def stop(self, *workers: Any) -> None:
        """Stops workers of this cluster; never those of others."""

    @abc.abstractmethod
    def logs(self) -> dict[str, str]:
        """What each process wrote, by its name."""

    @abc.abstractmethod
    def _close(self) -> None:
        """Stops all that was launched."""

    def scale(self, n: int) -> None:
        """Launches workers, or stops the youngest, until there are ``n``."""
        if n < 0:
            raise ValueError(f"a cluster of {n} workers")
        there = list(self.workers)
        if n > len(there):
            self.launch(n - len(there))
        elif n < len(there):
            self.stop(*there[n:])

    def adapt(self, minimum: int = 0, maximum: int | None = None, *, interval: float = 1.0, patience: int = 10) -> None:
        """From now on, follows the queue: as many workers as have tasks to run, within bounds.

        It grows at once when tasks wait, and shrinks when workers were not needed at ``patience`` looks in a row, so that
        it does not launch what it stopped a moment ago. A worker that goes finishes its tasks first, where its launcher
        can tell it to.

        Parameters
        ----------
        minimum, maximum : int
            Bounds of the number of workers; by default none, and as many as there are now (one at least).
        interval : float
            Seconds between two looks.
        patience : int
            Looks at which a worker must not have been needed before it goes.

        Raises
        ------
        ValueError
            The bounds are none.
        """
        maximum = max(1, len(self.workers)) if maximum is None else maximum
        if self._adaptive is not None:
            self._adaptive.stop()
        self._adaptive = Adaptive(self, minimum, maximum, interval, patience)

    @property
    def dashboard_link(self) -> str | None:
        """The address of the status page, as browsers see it."""
        link: str | None = self._looking().dashboard_link
        return link

    def wait_for_workers(self, n_workers: int, timeout: float | str | None = None) -> None:
        """Waits until ``n_workers`` workers have joined; see :meth:`phalanx.distributed.Client.wait_for_workers`."""
        self._looking().wait_for_workers(n_workers, timeout)

    def _looking(self) -> Any:
        """A client of this cluster's own, by which it looks at itself."""
        from phalanx.distributed._client import Client

        if self._client is None:
            self._client = Client(self, set_as_default=False)
        return self._client

    def get_client(self) -> Any:
        """A new client of this cluster, the current one from now on."""
        from phalanx.distributed._client import Client

        return Client(self)

    def close(self, timeout: Any = None) -> None:
        """Stops all processes that were launched, and nobody else's, and waits until they are gone."""
        if self.status == "closed":
            return
        self.status = "closed"
        if self._adaptive is not None:
            self._adaptive.stop()
        if self._client is not None:
            self._client.close()
        self._close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.status == "closed":
            return f"{type(self).__name__}(closed)"
        return f"{type(self).__name__}({self.scheduler_address!r}, workers={len(self.workers)})"

    def _repr_html_(self) -> str:
        name = type(self).__name__
        if self.status == "closed":
            return f"<b>{name}</b>, closed"
        link = self.dashboard_link
        return (
            f"<b>{name}</b> at <code>{self.scheduler_address}</code>: {len(self.workers)} workers, "
            f'<a href="{link}">status page</a>'
        )
