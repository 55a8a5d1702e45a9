"""Where a sweep on Ray is done, and how its jobs share the processors and cards there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError
from benchmark.evaluation.job import Existing

KNOCK_SECONDS = 5.0
INSTALL = "Type: pip install 'oneshot-benchmark[ray]'"


@dataclass(frozen=True)
class Cluster:
    """Where jobs are done, and what each of them gets.

    Attributes:
        address: "auto" for the cluster of this machine, HOST:PORT, or None: the one that
            RAY_ADDRESS names, else one of this machine alone, for as long as the sweep lasts.
        cpus, gpus: of each job; parts of a card are shared.
        data, work: folders on the nodes; None for their own defaults.
        source: a folder on the nodes from which data sets that they lack are added, or None.
        device: see `errand.Errand`.
        existing: what to do where a record is there.
    """

    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    data: Path | None = None
    work: Path | None = None
    source: Path | None = None
    device: str = "auto"
    existing: Existing = "skip"

    def check(self) -> None:
        """Refuses shares that make no sense.

        Raises:
            OneshotError: with what would.
        """
        if not 0 < self.cpus <= 1024:
            raise OneshotError(f"--cpus-per-job {self.cpus:g} must be above 0.")
        if not 0 <= self.gpus <= 64 or (self.gpus > 1 and self.gpus % 1):
            raise OneshotError(
                f"--gpus-per-job {self.gpus:g} is neither a part of a card nor whole cards.",
                "Type for example 0.25, or 1.",
            )


def knock(address: str | None) -> None:
    """Raises an OSError or ValueError where nobody listens: Ray itself tries for minutes."""
    if address in (None, "auto", "local"):
        return
    host, colon, port = str(address).rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise ValueError("an address is HOST:PORT, as `ray start --head` prints it")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS):
        pass


def load_ray() -> Any:
    """The package.

    Raises:
        OneshotError: it is not installed.
    """
    try:
        return import_module("ray")
    except ImportError:
        raise OneshotError("Ray is not installed.", INSTALL) from None
