"""Side-by-side measurement: the sides take turns, and the median of several turns counts."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch


@dataclass(frozen=True)
class Side:
    """One contender: `run` does its work once and returns how many units it did.

    A side that times itself returns (units, seconds) instead.
    """

    name: str
    run: Callable[[], float | tuple[float, float]]


@dataclass(frozen=True)
class Aim:
    """What was to be shown, and what was measured; `least` or `most` is the limit."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def reached(self) -> bool:
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )


@dataclass(frozen=True)
class Table:
    """A table of the page: header, rows of cells, and what is said above it."""

    title: str
    text: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass
class Findings:
    """What one script found; `ratios` are (label, our speed over theirs) for the figure."""

    tables: list[Table] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    ratios: list[tuple[str, float]] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


def alternate(
    sides: Sequence[Side], rounds: int, device: str, warm: bool = True
) -> dict[str, float]:
    """Median units per second of each side; with `warm` each runs once before anything counts."""
    speeds: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(0 if warm else 1, rounds + 1):
        gc.collect()
        for side in sides:
            synchronise(device)
            began = time.perf_counter()
            done = side.run()
            synchronise(device)
            seconds = time.perf_counter() - began
            units, seconds = done if isinstance(done, tuple) else (done, seconds)
            if number:
                speeds[side.name].append(units / seconds)
    return {name: statistics.median(values) for name, values in speeds.items()}


def synchronise(device: str) -> None:
    """Waits for what the device still computes."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def missing(*modules: str) -> list[str]:
    """Those of the peers that are not installed here."""
    import importlib.util

    return [name for name in modules if importlib.util.find_spec(name) is None]


def machine(device: str) -> str:
    """The machine in words, without its name, and how busy it is."""
    if device.startswith("cuda"):
        where = torch.cuda.get_device_name()
    else:
        where = f"{processor()}, {torch.get_num_threads()} threads"
    told = f"{where}; PyTorch {torch.__version__}, Python {platform.python_version()}"
    busy = f"; load average {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    return told + busy


def processor() -> str:
    """The processor's model, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0]} ({os.cpu_count()} cores)" if names else platform.processor()


def number(value: float) -> str:
    """Three digits that count, with thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
