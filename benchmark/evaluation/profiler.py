"""Where the time of a training goes: what `oneshot run --profile` shows."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

from benchmark.protocols import PARTS


def _nothing() -> None:
    """There is nothing to wait for."""


class Profiler:
    """Adds up the time between marks by the name of the mark that ends it.

    Args:
        device: where the model computes; work that is still under way there is waited for, so that
            a training takes longer on a graphics processor while it is watched.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._wait: Callable[[], object] = _nothing
        if not device.startswith("cpu"):
            import torch

            self._wait = torch.get_device_module(torch.device(device)).synchronize
        self.start()

    def start(self) -> None:
        """Forgets everything; the time begins to run now."""
        self.seconds: dict[str, float] = defaultdict(float)
        self.counts: dict[str, int] = defaultdict(int)
        self._last = time.perf_counter()

    def mark(self, part: str) -> None:
        """The time since the last mark was spent on `part`; see `TrainingRun.mark`."""
        self._wait()
        now = time.perf_counter()
        self.seconds[part] += now - self._last
        self.counts[part] += 1
        self._last = now

    def lines(self) -> list[str]:
        """A line for each part of a step, then for what comes between the steps."""
        steps = self.counts.get("forward", 0)
        if not steps:
            return ["Nothing was trained: the weights were there, or the model does not tell."]
        total = sum(self.seconds.values())
        order = [*PARTS, *sorted(set(self.seconds) - set(PARTS))]
        told = [f"{'part':<14}{'seconds':>9}{'share':>8}{'ms a step':>11}"]
        for part in order:
            seconds = self.seconds.get(part, 0.0)
            share, each = 100 * seconds / total, 1000 * seconds / steps
            told.append(f"{part:<14}{seconds:>9.2f}{share:>6.1f} %{each:>11.2f}")
        told.append(f"{'together':<14}{total:>9.2f}{100:>6.1f} %{1000 * total / steps:>11.2f}")
        return [*told, f"{steps:,} steps."]
