"""What this machine has to divide among workers, and how many of them make sense."""

from __future__ import annotations

import os
from collections.abc import Iterable

from benchmark.errors import OneshotError
from benchmark.sweep.plan import PlannedRun


def cores() -> int:
    """Processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cards(device: str) -> tuple[str, ...]:
    """Names for CUDA_VISIBLE_DEVICES that workers are dealt; none where there is no choice.

    "cuda" means all cards that are visible; "cuda:1" was chosen and stays.
    """
    if device != "cuda":
        return ()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(name.strip() for name in chosen.split(",") if name.strip())
    import torch

    return tuple(str(number) for number in range(torch.cuda.device_count()))


def worker_count(text: str, planned: Iterable[PlannedRun], device: str) -> int:
    """How many workers "auto" or a number means.

    "auto" is a worker for each card, or on the processor as many as its cores can give the threads
    that the recipes ask for; never more than there are trainings to do.

    Raises:
        OneshotError: for anything else.
    """
    if text != "auto":
        if not text.isdecimal() or not 1 <= int(text) <= 1024:
            raise OneshotError(f"--workers {text} is no number of workers.", "Type 2, or auto.")
        return int(text)
    todo = [each for each in planned if each.missing]
    trainings = len({each.training for each in todo})
    if device.startswith("cuda"):
        most = max(1, len(cards(device)))
    else:
        threads = max((int(each.recipe.get("threads", 1)) for each in todo), default=1)
        most = cores() // max(1, threads)
    return max(1, min(most, trainings))
