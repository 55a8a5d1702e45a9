"""Where a sweep on Ray is done, and how its jobs share the processors and cards there."""

from __future__ import annotations

import os
import re
import socket
import sys
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext

KNOCK_SECONDS = 5.0
INSTALL = "Type: pip install 'oneshot-benchmark[ray]'"
OLDEST = (2, 60)  # the first whose local clusters ask for a token without being configured to
MODE = "RAY_AUTH_MODE"
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # "0": nodes have the loopback address


@dataclass(frozen=True)
class Cluster:
    """Where jobs are done, and what each of them gets.

    Attributes:
        address: "auto" for the cluster of this machine, HOST:PORT, or None: the one that
            RAY_ADDRESS names, else one of this machine alone, for as long as the sweep lasts.
        cpus, gpus: of each job; parts of a card are shared.
        source: a folder on the nodes from which data sets that they lack are added, or None.
        context: of the jobs on the nodes; `data` and `work` are None for the nodes' own defaults,
            the device "auto" is the card that a job was given, else the processor.
    """

    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0
    source: Path | None = None
    context: RunContext = field(default_factory=lambda: RunContext(device="auto"))

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
    """Checks that somebody listens at an address; Ray itself tries for minutes.

    Raises:
        OneshotError: nobody does, or it is not HOST:PORT.
    """
    if address in (None, "auto", "local"):
        return
    host, colon, port = str(address).rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise _nobody(address, "expected HOST:PORT, as `ray start --head` prints it")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _nobody(address, str(error)) from error


def _nobody(address: str | None, reason: str) -> OneshotError:
    return OneshotError(
        f"There is no Ray cluster at {address}: {reason}.",
        "Start one with `ray start --head`, or leave --address out.",
    )


def load_ray(address: str | None = None) -> Any:
    """The package, set up for a cluster before it is imported.

    A cluster that is started here listens on the loopback interface alone, and asks for Ray's
    token. A cluster of this machine is given the token where there is one; an address elsewhere is
    not, unless RAY_AUTH_MODE says so: connections are not encrypted.

    Args:
        address: of the cluster; None for one that is started here.

    Raises:
        OneshotError: Ray is not installed, or older than `OLDEST`.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    if address in (None, "local"):
        os.environ.setdefault(LOOPBACK, "0")
    elif MODE not in os.environ and address != "auto" and _is_here(str(address)) and _has_token():
        os.environ[MODE] = "token"
    try:
        installed = version("ray")
        if "ray" not in sys.modules and _numbers(installed) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise OneshotError(
                f"Ray {installed} is installed, which lets in whoever reaches its ports; "
                f"{oldest} or newer is needed.",
                f"Type: pip install 'ray>={oldest}'",
            )
        return import_module("ray")
    except (ImportError, PackageNotFoundError):
        raise OneshotError("Ray is not installed.", INSTALL) from None


def refused(address: str | None, reason: str) -> OneshotError:
    """The error for a cluster that could not be connected to.

    Args:
        address: of the cluster, None where one was to be started here.
        reason: what Ray or the system said.
    """
    if address is None:
        return OneshotError(
            f"Ray could not start a cluster on this machine: {reason}",
            "Type: ray stop --force; or leave --engine ray out and use --workers.",
        )
    if address == "auto":
        return _nobody("this machine", reason)
    if os.environ.get(MODE, "").lower() == "token":
        return OneshotError(
            f"The Ray cluster at {address} did not let this command in: {reason}",
            "Its token must be in ~/.ray/auth_token, RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, and "
            f"equal on all nodes. If the cluster uses no token, type {MODE}=disabled before the "
            "command. See docs/ray.md.",
        )
    return OneshotError(
        f"The Ray cluster at {address} did not let this command in: {reason}",
        f"If it asks for a token, type {MODE}=token before the command, with the token in "
        "~/.ray/auth_token, RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH; see docs/ray.md.",
    )


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:2])


def _has_token() -> bool:
    """Whether Ray would find a token; it is not read."""
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return True
    return (Path.home() / ".ray" / "auth_token").is_file()


def _is_here(address: str) -> bool:
    """Whether the host of HOST:PORT is this machine: a socket can be bound to its address."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    for family, kind, protocol, _, where in found:
        try:
            with socket.socket(family, kind, protocol) as attempt:
                attempt.bind(where)
        except OSError:
            continue
        return True
    return False
