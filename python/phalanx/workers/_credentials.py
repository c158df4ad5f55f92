"""Credentials of the clusters of a project: made once, and found there by all of its sessions."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from phalanx.exceptions import ResourcesError

__all__ = ["folder", "minted"]

#: Credentials that are good for less than this are made anew.
RENEW_BEFORE = timedelta(days=30)


def folder() -> Path:
    """Where ``phalanx`` and clients look for credentials by themselves."""
    return Path.home() / ".phalanx" / "credentials"


def minted() -> Path:
    """That folder, with credentials that are good for a month at least.

    Raises
    ------
    ResourcesError
        They can't be written.
    """
    place = folder()
    if not place.is_dir():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all: of two sessions that begin at once, one is first, and the other takes what is there.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as new:
            made = Path(new) / "credentials"
            _run("new", made)
            try:
                made.rename(place)
            except OSError:
                if not place.is_dir():
                    raise
    elif _expiry(place) < datetime.now(timezone.utc) + RENEW_BEFORE:
        _run("renew", place)
    return place


def _expiry(place: Path) -> datetime:
    """When the first of the credentials in a folder expires; long ago, if that can't be read."""
    dates = []
    for role in ("scheduler", "worker", "client"):
        try:
            lines = (place / f"{role}.pem").read_text(encoding="ascii").splitlines()
        except OSError:
            return datetime.fromtimestamp(0, timezone.utc)
        said = [line.removeprefix("Expires: ") for line in lines if line.startswith("Expires: ")]
        dates.append(datetime.fromisoformat(said[0]) if said else datetime.fromtimestamp(0, timezone.utc))
    return min(dates)


def _run(command: str, place: Path) -> None:
    """``phalanx credentials`` as a command: keys never pass through this process."""
    line = [sys.executable, "-m", "phalanx", "credentials", command, os.fspath(place)]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ResourcesError(f"no credentials can be made in {place}: {ended.stderr.strip()}")
