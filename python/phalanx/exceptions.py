"""What can go wrong, by what the reader must do next.

Every class is also one of Python's own, so ``except ValueError`` works as with NumPy and pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from phalanx._singular import SingularError

__all__ = [
    "CancelledError",
    "ClusterError",
    "DTypeError",
    "DataError",
    "InputError",
    "InternalError",
    "LabelError",
    "MissingFileError",
    "PhalanxError",
    "Place",
    "ResourcesError",
    "SingularError",
    "UnsupportedError",
]


class Place(NamedTuple):
    """Where in a job an error happened."""

    stage: int
    partition: int
    worker: str


class PhalanxError(Exception):
    """The root of our exceptions.

    Attributes
    ----------
    hint : str or None
        What to do next.
    place : Place or None
        Stage, partition and worker, if the error happened in a task.
    causes : tuple of str
        The causes, outermost first.
    """

    hint: str | None = None
    place: Place | None = None
    causes: tuple[str, ...] = ()

    def __init__(
        self,
        message: str = "",
        hint: str | None = None,
        place: Place | None = None,
        causes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place
        self.causes = causes

    def __str__(self) -> str:
        lines = [self.message]
        if self.place is not None:
            lines[0] += " (stage {}, partition {}, worker {})".format(*self.place)
        lines += [f"  because: {cause}" for cause in self.causes]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.hint, self.place, self.causes)


class InputError(PhalanxError, ValueError):
    """What was asked is wrong: an argument, a shape, a name."""


class DTypeError(InputError, TypeError):
    """Values are of a type that is not taken; the hint says what to cast."""


class LabelError(InputError, KeyError):
    """A label or a name is asked for that is not there."""


class UnsupportedError(PhalanxError, NotImplementedError):
    """Not supported; the hint says what to do instead."""


class DataError(PhalanxError, ValueError):
    """A file or a value is not what it should be."""


class MissingFileError(DataError, FileNotFoundError):
    """There is no such file."""


class ResourcesError(PhalanxError, MemoryError):
    """Too little memory, disk or workers."""


class ClusterError(PhalanxError, ConnectionError):
    """The cluster failed; a retry may help."""


class CancelledError(PhalanxError):
    """The job was cancelled."""


class InternalError(PhalanxError, RuntimeError):
    """A bug of ours; please report it."""


_CLASSES: dict[str, type[PhalanxError]] = {
    "input": InputError,
    "absent": LabelError,
    "mismatch": DTypeError,
    "unsupported": UnsupportedError,
    "data": DataError,
    "resources": ResourcesError,
    "cluster": ClusterError,
    "cancelled": CancelledError,
    "internal": InternalError,
}


def from_native(
    kind: str,
    message: str,
    hint: str | None,
    place: tuple[int, int, str] | None,
    causes: list[str],
    raised: bytes | None = None,
) -> BaseException:
    """The exception of a native error; called by the extension module."""
    if kind == "raised":
        from phalanx._host import unpack_exception

        where = "partition {1} of stage {0} on {2}".format(*place) if place else None
        return unpack_exception(raised or b"", message, where)
    of_kind = __getattr__("SingularError") if kind == "singular" else _CLASSES[kind]
    return of_kind(message, hint, Place(*place) if place else None, tuple(causes))


def __getattr__(name: str) -> Any:
    if name == "SingularError":
        from phalanx._singular import SingularError

        return SingularError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
